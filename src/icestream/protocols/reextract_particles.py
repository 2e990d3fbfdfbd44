"""Cut particles again: where classes put their centers, in another box, or only some of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from icestream.model import Column, Ctf, Micrograph, Particles
from icestream.protocol import InputFile, ItemFailed, ItemProtocol, Resources, Work
from icestream.protocols.extract_particles import Centers, ExtractParticlesParameters, extract

__all__ = ["ReextractParticles", "ReextractParticlesParameters", "read_assigned"]


class ReextractParticlesParameters(ExtractParticlesParameters):
    """Which particles, where, and in what box."""

    assignments: InputFile | None = None
    """Table (.parquet) of a 2D classification of these particles: their centers move to where it
    found them, and those that it did not classify are left out. Empty: they stay."""

    classes: tuple[Annotated[int, Ge(1)], ...] = ()
    """Numbers of the classes, from 1, whose particles are kept; all when empty."""


class ReextractParticles(ItemProtocol[ReextractParticlesParameters]):
    """Cut particles that were extracted before from their micrograph again."""

    name = "particles.reextract"
    title = "Particle re-extraction"
    resources = Resources(memory=1024 * 2**20)

    def process(
        self, micrograph: Micrograph, ctf: Ctf, particles: Particles, work: Work
    ) -> Particles:
        wanted = self.parameters
        scale = particles.micrograph_pixel_size / micrograph.optics.pixel_size
        x, y = np.asarray(particles.x) * scale, np.asarray(particles.y) * scale
        kept = np.arange(len(x))
        if wanted.assignments is not None:
            kept, shift_y, shift_x = read_assigned(wanted.assignments, particles, wanted.classes)
            # A shift is added to the image to bring the particle into the middle of its box.
            x = x[kept] - shift_x / micrograph.optics.pixel_size
            y = y[kept] - shift_y / micrograph.optics.pixel_size
        elif wanted.classes:
            raise ItemFailed(
                "classes were chosen, but not the table that says which particles they hold",
                advice="set assignments to the table of the 2D classification",
                code="no-assignments",
            )
        centers = Centers(
            x=x.astype(np.float32),
            y=y.astype(np.float32),
            score=np.asarray(particles.score)[kept],
            diameter=particles.diameter,
            diameter_known=particles.diameter_known,
        )
        return extract(micrograph, ctf, centers, wanted, work)

    def summarize(self, items: Sequence[Particles]) -> str:
        """Count the particles and say how they were cut."""
        if not items:
            return ""
        last = items[-1]
        return (
            f"{sum(len(item) for item in items)} particles were extracted again in boxes of "
            f"{last.box} pixels of {last.optics.pixel_size:.3g} Å"
        )


def read_assigned(
    path: Path, particles: Particles, classes: Sequence[int]
) -> tuple[NDArray[np.int64], Column, Column]:
    """Places in the stack of the particles that are in `classes`, and their shifts (y, x), Å.

    All that were classified where no classes are given. Raises `ItemFailed` where the table cannot
    be read, or is of other particles.
    """
    kept, shift_y, shift_x = _read_shifts(path, particles.exposure, classes)
    if len(kept) and kept.max() >= len(particles):
        raise ItemFailed(
            f"{path} has a particle {kept.max() + 1} of "
            f"{particles.exposure}, where {len(particles)} were extracted",
            advice="connect the step to the particles that were classified",
            code="other-particles",
        )
    return kept, shift_y, shift_x


def _read_shifts(
    path: Path, exposure: str, classes: Sequence[int]
) -> tuple[NDArray[np.int64], Column, Column]:
    import duckdb  # slow to load

    query = (
        "SELECT index, shift_y, shift_x FROM read_parquet($path) WHERE exposure = $exposure"
        " AND ($all OR list_contains($classes, class)) ORDER BY index"
    )
    values = {
        "path": str(path),
        "exposure": exposure,
        "all": not classes,
        "classes": list(classes) or [0],
    }
    try:
        with duckdb.connect() as connection:
            columns = connection.execute(query, values).fetchnumpy()
    except duckdb.Error as error:
        raise ItemFailed(
            f"the table of assignments {path} cannot be read: {error}",
            advice="give the .parquet table that a 2D classification wrote",
            code="bad-assignments",
        ) from error
    return (
        np.asarray(columns["index"], dtype=np.int64),
        np.asarray(columns["shift_y"], dtype=np.float32),
        np.asarray(columns["shift_x"], dtype=np.float32),
    )
