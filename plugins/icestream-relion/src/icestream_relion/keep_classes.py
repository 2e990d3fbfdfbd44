"""Keep the particles of chosen 2D classes, whoever made the classes and chose among them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.formats import Block, FormatError, write_star
from icestream.formats.parquet import read_columns
from icestream.formats.relion import RELION_VERSION
from icestream.model import Classes
from icestream.processing.same_places import SAME_PLACE, are_others, match_places
from icestream.protocol import ItemFailed, ItemProtocol, Parameters, Resources, Work
from icestream_relion.items import RelionParticles
from icestream_relion.results import places_of, read_table

__all__ = ["KeepClasses"]

_NEEDED = ("exposure", "class", "x", "y")


class KeepClasses(ItemProtocol[Parameters]):
    """Keep the particles of a table that are in the chosen ones of the 2D classes.

    Of RELION's classes: connect it to `classes2d.relion`, and to what chooses among its classes,
    `classes2d.select`. Of icestream's: connect it to `particles.relion_last` and to
    `classes2d.last`, with `classes2d.select` before it; the particles are found by where they lie
    in their micrographs, and those that the classification does not have are left out.
    """

    name = "particles.relion_classes"
    title = "Particles of chosen classes"
    resources = Resources(memory=2 * 2**30)

    def process(self, particles: RelionParticles, classes: Classes, work: Work) -> RelionParticles:
        if classes.selected is None:
            raise ItemFailed(
                "nobody has chosen among the classes",
                advice="connect the classes by way of classes2d.select",
                code="no-choice",
            )
        table = read_table(particles.table, "particles")
        optics = read_table(particles.table, "optics")
        chosen = np.asarray(classes.selected) > 0
        if "rlnClassNumber" in table:
            inside = _of_relion(table, chosen)
        else:
            inside = _of_icestream(table, optics, particles, classes, chosen)
        kept = np.flatnonzero(inside)
        path = work.path(f"kept_{particles.iteration:04d}.star")
        rows = {label: np.asarray(values)[kept] for label, values in table.columns.items()}
        write_star(path, [optics, Block("particles", rows)], RELION_VERSION)
        return replace(particles, table=path, particles=len(kept))

    def summarize(self, items: Sequence[RelionParticles]) -> str:
        return f"{items[-1].particles} particles are in chosen classes" if items else ""


def _of_relion(table: Block, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """``(n,)`` which particles are in chosen classes, by the numbers that RELION gave them."""
    numbers = table.integers("rlnClassNumber")
    strange = numbers[(numbers < 1) | (numbers > len(chosen))]
    if len(strange):
        raise ItemFailed(
            f"there is a particle of class {strange[0]}, and {len(chosen)} classes, from 1",
            advice="connect particles and classes of one and the same classification",
            code="no-choice",
        )
    return np.asarray(chosen[numbers - 1])


def _of_icestream(
    table: Block,
    optics: Block,
    particles: RelionParticles,
    classes: Classes,
    chosen: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """``(n,)`` which particles are in chosen classes, by the classification's own table."""
    inside = np.zeros(len(table), dtype=bool)
    if not len(table):
        return inside
    assigned = _read_assigned(classes)
    good = np.isin(assigned["class"], np.flatnonzero(chosen) + 1)
    sizes = optics.floats("rlnMicrographPixelSize")[table.integers("rlnOpticsGroup") - 1]
    pixels = [table.floats("rlnCoordinateX"), table.floats("rlnCoordinateY")]
    here = np.column_stack(pixels) * sizes[:, None]
    there = np.column_stack([assigned["x"], assigned["y"]])
    rows = _by_exposure(np.asarray(particles.exposures)[places_of(table)[0]])
    listed = _by_exposure(assigned["exposure"])
    matched = 0
    for exposure, ours in rows.items():
        theirs = listed.get(exposure)
        if theirs is not None:
            old, new = match_places(there[theirs], here[ours]).T
            inside[ours[new]] = good[theirs[old]]
            matched += len(old)
    if not matched or are_others(matched, len(there), len(here)):
        raise ItemFailed(
            f"of the {len(here)} particles of the table, {matched or 'none'} lie where one of the "
            f"{len(there)} of the classification does, within {SAME_PLACE:g} Å",
            advice="connect the table and the classes of the same particles",
            code="other-particles",
        )
    return inside


def _read_assigned(classes: Classes) -> dict[str, NDArray[Any]]:
    """Of each particle of a classification: its exposure, class and place."""
    try:
        columns = read_columns(classes.assignments)
    except (OSError, FormatError) as error:
        raise ItemFailed(
            f"the table that says which particles are in which class cannot be read: {error}",
            advice="connect classes of classes2d.online or classes2d.relion",
            code="no-choice",
        ) from error
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise ItemFailed(
            f"{classes.assignments} does not say which particles are in which class: it has no "
            f"column {', '.join(missing)}",
            advice="classify the particles anew: an older icestream wrote this table",
            code="no-choice",
        )
    return columns


def _by_exposure(names: NDArray[Any]) -> dict[str, NDArray[np.intp]]:
    """Rows by the exposure that they are of."""
    known, place = np.unique(np.asarray(names, dtype=str), return_inverse=True)
    order = np.argsort(place, kind="stable")
    ends = np.cumsum(np.bincount(place, minlength=len(known)))
    return dict(zip(known.tolist(), np.split(order, ends[:-1]), strict=True))
