"""Cut particles again: where classes put their centers, in another box, or only some of them."""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from icestream.model import Column, Ctf, Micrograph, Particles, SelectedParticles
from icestream.protocol import InputFile, ItemFailed, ItemProtocol, Resources, Work
from icestream.protocols.assigned_particles import (
    IN_TABLE,
    classes_words,
    left_out_words,
    read_assigned,
)
from icestream.protocols.extract_particles import Centers, ExtractParticlesParameters, extract

__all__ = ["ReextractParticles", "ReextractParticlesParameters"]


class ReextractParticlesParameters(ExtractParticlesParameters):
    """Which particles, where, and in what box."""

    assignments: InputFile | None = None
    """Table (.parquet) of a 2D classification of these particles: their centers move to where it
    found them, and those that it did not classify are left out. It may be older than the picks:
    particles are known by where they lie. Empty: they stay."""

    classes: tuple[Annotated[int, Ge(1)], ...] = ()
    """Numbers of the classes, as screens show them, whose particles are kept; all when empty."""


class ReextractParticles(ItemProtocol[ReextractParticlesParameters]):
    """Cut particles that were extracted before from their micrograph again."""

    name = "particles.reextract"
    title = "Particle re-extraction"
    version = 2
    resources = Resources(memory=1024 * 2**20)

    def process(
        self, micrograph: Micrograph, ctf: Ctf, particles: Particles, work: Work
    ) -> Particles:
        wanted = self.parameters
        if wanted.assignments is not None:
            return self._assigned(micrograph, ctf, particles, wanted.assignments, work)
        if wanted.classes:
            raise ItemFailed(
                "classes were chosen, but not the table that says which particles they hold",
                advice="set assignments to the table of the 2D classification",
                code="no-assignments",
            )
        as_they_are = np.zeros((len(particles), 2), dtype=np.float32)
        centers = _centers(particles, np.arange(len(particles)), as_they_are, micrograph)
        return extract(micrograph, ctf, centers, wanted, work)

    def _assigned(
        self, micrograph: Micrograph, ctf: Ctf, particles: Particles, table: Path, work: Work
    ) -> SelectedParticles:
        """Cut those that were classified, or are in the chosen classes, where they were found."""
        wanted = self.parameters
        found = read_assigned(table, particles)
        known, chosen = found.in_classes(), found.in_classes(wanted.classes)
        kept = np.flatnonzero(chosen)
        centers = _centers(particles, kept, found.shift[kept], micrograph)
        cut = extract(micrograph, ctf, centers, wanted, work)
        limits = {IN_TABLE: len(known) - int(known.sum())}
        if wanted.classes:
            limits[classes_words(wanted.classes)] = int(known.sum()) - len(kept)
        limits["a box within the micrograph"] = len(kept) - len(cut)
        return SelectedParticles(
            **{field.name: getattr(cut, field.name) for field in fields(Particles)},
            found=len(particles),
            limits=tuple(limits),
            left_out=tuple(limits.values()),
            gone=found.gone,
        )

    def summarize(self, items: Sequence[Particles]) -> str:
        """Count the particles and say how they were cut."""
        if not items:
            return ""
        last = items[-1]
        return (
            f"{sum(len(item) for item in items)} particles were extracted again in boxes of "
            f"{last.box} pixels of {last.optics.pixel_size:.3g} Å"
            + left_out_words(item for item in items if isinstance(item, SelectedParticles))
        )


def _centers(
    particles: Particles, kept: NDArray[np.intp], shift: Column, micrograph: Micrograph
) -> Centers:
    """Where those that are kept lie; a shift moves an image's particle into its middle."""
    pixel_size = micrograph.optics.pixel_size
    scale = particles.micrograph_pixel_size / pixel_size
    x, y = np.asarray(particles.x)[kept] * scale, np.asarray(particles.y)[kept] * scale
    return Centers(
        x=(x - shift[:, 1] / pixel_size).astype(np.float32),
        y=(y - shift[:, 0] / pixel_size).astype(np.float32),
        score=np.asarray(particles.score)[kept],
        diameter=particles.diameter,
        diameter_known=particles.diameter_known,
    )
