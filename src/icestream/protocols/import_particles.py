"""Take particles over that another program has cut out of the same micrographs."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt

from icestream.formats.imaged import IMAGED_ENDINGS, ListedParticles, read_particles
from icestream.formats.mrc import read_stack, write_mrc
from icestream.model import Micrograph, Optics, Particles, Stack, column
from icestream.processing.particles import normalize_particles
from icestream.protocol import (
    Advanced,
    DecidesIfSet,
    Figure,
    ItemFailed,
    ItemProtocol,
    Parameters,
    Resources,
    Work,
)
from icestream.protocols.other_lists import (
    lacking_list,
    list_of,
    read_lists,
    unmatched_words,
)
from icestream.units import Angstrom, Usual

__all__ = ["ImportParticles", "ImportParticlesParameters"]


class ImportParticlesParameters(Parameters):
    """Where the particles are, and what is known of them."""

    particles: Path | None = None
    """particles.star of RELION 3.1 or later, a group (.csg) or table (.cs) of CryoSPARC, or a
    folder of such tables. Their stacks are looked for from its folder upwards."""

    diameter: Annotated[Angstrom, Gt(10), Usual(30.0, 3000.0)] | None = None
    """Diameter of the particle; when empty it is not known, and taken to leave room in the box."""

    pixel_size: Annotated[Angstrom, Ge(0), Usual(0.2, 20.0, also=(0.0,)), Advanced] = 0.0
    """Of the micrographs that the coordinates of STAR files count; 0 where they are those of this
    session. Fractions, as CryoSPARC has them, need none."""

    bright: Annotated[bool, Advanced] = True
    """Particles of STAR files are bright, as RELION's inverted ones; of CryoSPARC's tables it is
    read, whatever is said here."""

    mirror_y: Annotated[bool, DecidesIfSet, Advanced] = False
    """Their micrographs were aligned by a program that stores the rows the other way round, as
    CryoSPARC's of TIFF movies: images, places and the angle of the defocus are mirrored back."""


class ImportParticles(ItemProtocol[ImportParticlesParameters]):
    """Take over particles of RELION or CryoSPARC, with their CTF and their places.

    Images are made bright, and their background is brought to mean 0 and standard deviation 1. A
    micrograph that is in no table has no particles; the summary says which these are, and which
    are of none of the session's micrographs.
    """

    name = "particles.import"
    title = "Import particles"
    version = 2
    resources = Resources(memory=1024 * 2**20)

    def lacking(self) -> Sequence[str]:
        """A table that is not there."""
        return lacking_list("particles", self.parameters.particles)

    def methods(self) -> str:
        """From where the particles are."""
        source = self.parameters.particles
        return f"Particles were cut out elsewhere, and taken from {source.name if source else '-'}."

    def process(self, micrograph: Micrograph, work: Work) -> Particles:
        source = self.parameters.particles
        lists = read_lists("particles", source, IMAGED_ENDINGS[:-1], read_particles)
        listed: ListedParticles | None = list_of(lists, micrograph.exposure, source)
        if listed is None:
            return self._none(micrograph, work)
        pixel_size, box, voltage, aberration, contrast = _only(micrograph, listed)
        optics = Optics(
            pixel_size=pixel_size,
            voltage=voltage,
            spherical_aberration=aberration,
            amplitude_contrast=contrast,
        )
        diameter = self.parameters.diameter or box * pixel_size / 1.5
        images = self._images(micrograph, listed, int(box))
        radius = min(0.55 * diameter / pixel_size, 0.48 * box)
        stack = work.path(f"{micrograph.exposure}.mrcs")
        write_mrc(stack, normalize_particles(images, radius), pixel_size)
        scale = _scale(micrograph, listed, self.parameters.pixel_size)
        u, v, angle, phase = listed.defocus.T
        y = listed.y * scale
        if self.parameters.mirror_y:
            y, angle = micrograph.shape[0] - 1 - y, -angle % 180.0
        return Particles(
            exposure=micrograph.exposure,
            stack=stack,
            box=int(box),
            optics=optics,
            micrograph=micrograph.path,
            micrograph_pixel_size=micrograph.optics.pixel_size,
            x=column(listed.x * scale),
            y=column(y),
            score=column(listed.score),
            defocus_u=column(u),
            defocus_v=column(v),
            defocus_angle=column(angle),
            phase_shift=float(np.median(phase)),
            group=micrograph.group,
            diameter=diameter,
            diameter_known=self.parameters.diameter is not None,
        )

    def _images(self, micrograph: Micrograph, listed: ListedParticles, box: int) -> Stack:
        images = np.empty((len(listed), box, box), np.float32)
        for number, path in enumerate(listed.stacks):
            rows = np.flatnonzero(listed.stack == number)
            try:
                read = read_stack(path, listed.index[rows])
            except (OSError, ValueError) as error:
                raise ItemFailed(
                    f"the images of {micrograph.exposure} cannot be read: {error}",
                    code="images-not-read",
                ) from error
            if read.shape[1:] != (box, box):
                raise ItemFailed(
                    f"the images in {path} have {read.shape[2]} x {read.shape[1]} pixels, and the "
                    f"table says {box}",
                    advice="give the table of these images",
                    code="another-box",
                )
            images[rows] = read
        otherwise = 1.0 if self.parameters.bright else -1.0
        sign = np.where(np.isnan(listed.sign), otherwise, listed.sign)
        images *= sign.astype(np.float32)[:, None, None]
        return _mirrored(images) if self.parameters.mirror_y else images

    def _none(self, micrograph: Micrograph, work: Work) -> Particles:
        """No particles: their stack is one blank image, as the MRC format cannot hold none."""
        stack, side = work.path(f"{micrograph.exposure}.mrcs"), 8
        write_mrc(stack, np.zeros((1, side, side), np.float32), micrograph.optics.pixel_size)
        empty = column([])
        return Particles(
            exposure=micrograph.exposure,
            stack=stack,
            box=side,
            optics=micrograph.optics,
            micrograph=micrograph.path,
            micrograph_pixel_size=micrograph.optics.pixel_size,
            x=empty,
            y=empty,
            score=empty,
            defocus_u=empty,
            defocus_v=empty,
            defocus_angle=empty,
            group=micrograph.group,
            diameter=self.parameters.diameter or 0.0,
            diameter_known=self.parameters.diameter is not None,
        )

    def summarize(self, items: Sequence[Particles]) -> str:
        """Count the particles, and say what has none."""
        if not items:
            return ""
        source = self.parameters.particles
        lists = read_lists("particles", source, IMAGED_ENDINGS[:-1], read_particles)
        without = unmatched_words(lists, (item.exposure for item in items))
        found = sum(len(item) for item in items)
        return f"{found} particles of {len(items)} micrographs were taken over{without}"

    def plot(self, items: Sequence[Particles]) -> Iterator[Figure]:
        """Particles over time."""
        counts = [float(len(item)) for item in items]
        yield Figure("Particles taken over", "series", counts, "particles per micrograph")


def _mirrored(images: Stack) -> Stack:
    """The images with their rows the other way round, about the pixel that is their middle.

    Of an even box one row has nothing that it could come from: it is as the one beside it was.
    """
    mirrored = images[:, ::-1]
    if images.shape[1] % 2:
        return np.ascontiguousarray(mirrored)
    return np.concatenate([mirrored[:, :1], mirrored[:, :-1]], axis=1)


def _only(micrograph: Micrograph, listed: ListedParticles) -> list[float]:
    """The optics of all particles of a micrograph, which are the same."""
    optics = np.unique(listed.optics, axis=0)
    if len(optics) > 1:
        raise ItemFailed(
            f"the particles of {micrograph.exposure} have {len(optics)} different pixel sizes, "
            "boxes or optics",
            advice="give a table in which those of one micrograph are alike",
            code="different-optics",
        )
    values: list[float] = optics[0].tolist()
    return values


def _scale(micrograph: Micrograph, listed: ListedParticles, pixel_size: float) -> float:
    """Pixels of the session's micrograph in one of the table's, of `pixel_size` if it is known."""
    rows, columns = micrograph.shape
    own = micrograph.optics.pixel_size
    scale = (pixel_size or own) / own if listed.shape is None else columns / listed.shape[1]
    tall = rows if listed.shape is None else listed.shape[0] * scale
    outside = (listed.x * scale > columns) | (listed.y * scale > rows)
    if abs(tall - rows) > 0.02 * rows or outside.any() or np.any((listed.x < 0) | (listed.y < 0)):
        raise ItemFailed(
            f"particles of {micrograph.exposure} lie outside its {rows} x {columns} pixels, or are "
            "of a micrograph of another shape",
            advice="set the parameter pixel_size to that of the micrographs that they were cut out "
            "of, or import these (micrographs.import)",
            code="another-micrograph",
        )
    return scale
