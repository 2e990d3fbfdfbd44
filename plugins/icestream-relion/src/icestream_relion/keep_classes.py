"""Keep the particles of chosen 2D classes, whoever chose them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from icestream.formats import Block, write_star
from icestream.formats.relion import RELION_VERSION
from icestream.model import Classes
from icestream.protocol import ItemFailed, ItemProtocol, Parameters, Resources, Work
from icestream_relion.items import RelionParticles
from icestream_relion.results import read_table

__all__ = ["KeepClasses"]


class KeepClasses(ItemProtocol[Parameters]):
    """Keep the particles of a table that are in the chosen ones of RELION's 2D classes.

    Connect it to `classes2d.relion`, and to what chooses among its classes: `classes2d.select`.
    """

    name = "particles.relion_classes"
    title = "Particles of chosen RELION classes"
    resources = Resources(memory=2 * 2**30)

    def process(self, particles: RelionParticles, classes: Classes, work: Work) -> RelionParticles:
        if classes.selected is None:
            raise ItemFailed(
                "nobody has chosen among the classes",
                advice="connect the classes by way of classes2d.select",
                code="no-choice",
            )
        table = read_table(particles.table, "particles")
        if "rlnClassNumber" not in table:
            raise ItemFailed(
                f"{particles.table.name} does not say in which class each particle is",
                advice="connect the particles of classes2d.relion",
                code="no-choice",
            )
        chosen = np.asarray(classes.selected) > 0
        numbers = table.integers("rlnClassNumber")
        strange = numbers[(numbers < 1) | (numbers > len(chosen))]
        if len(strange):
            raise ItemFailed(
                f"there is a particle of class {strange[0]}, and {len(chosen)} classes, from 1",
                advice="connect particles and classes of one and the same classification",
                code="no-choice",
            )
        kept = np.flatnonzero(chosen[numbers - 1])
        path = work.path(f"kept_{particles.iteration:04d}.star")
        rows = {label: np.asarray(values)[kept] for label, values in table.columns.items()}
        optics = read_table(particles.table, "optics")
        write_star(path, [optics, Block("particles", rows)], RELION_VERSION)
        return replace(particles, table=path, particles=len(kept))

    def summarize(self, items: Sequence[RelionParticles]) -> str:
        return f"{items[-1].particles} particles are in chosen classes" if items else ""
