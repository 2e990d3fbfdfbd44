"""Cut out the picked particles of each micrograph."""

import math
from collections.abc import Iterator, Sequence
from typing import Annotated, NamedTuple

import numpy as np
from annotated_types import Ge, Gt, Le

from icestream.formats.image import read_image
from icestream.formats.mrc import write_mrc
from icestream.model import Column, Ctf, Micrograph, Particles, Picks, column
from icestream.processing.particles import Box, extract_particles, flip_phases, sweep_dust
from icestream.protocol import (
    Advanced,
    Figure,
    ItemFailed,
    ItemProtocol,
    Parameters,
    Resources,
    Work,
)
from icestream.units import Angstrom, Pixel, Usual

__all__ = ["Centers", "ExtractParticles", "ExtractParticlesParameters", "extract"]


class ExtractParticlesParameters(Parameters):
    """Size of the particle images and what is done to them."""

    box: Annotated[Angstrom, Ge(0), Usual(40.0, 5000.0, also=(0.0,))] = 0.0
    """Side of the box; 0 means one and a half diameters."""

    size: Annotated[Pixel, Ge(0), Le(4096), Usual(16.0, 2048.0, also=(0.0,))] = 0
    """Side of the final images: a smaller one than the box makes larger pixels. 0 keeps the
    micrograph's pixels. Odd numbers are raised by one."""

    radius: Annotated[Angstrom, Ge(0), Usual(15.0, 2500.0, also=(0.0,)), Advanced] = 0.0
    """Radius of the particle for the background outside it; 0 means 0.55 diameters."""

    dust: Annotated[float, Ge(0), Advanced] = 5.0
    """Pixels that differ by more than this many standard deviations become noise; 0: none."""

    invert: Annotated[bool, Advanced] = True
    """Reverse the contrast, so that particles are bright; off for negative stain."""

    flip_phases: Annotated[bool, Advanced] = False
    """Give all frequencies the contrast of protein (in RELION then: --ctf_phase_flipped). The
    session's own classification corrects for the CTF, and wants the particles as they are."""

    diameter: Annotated[Angstrom, Gt(0), Usual(30.0, 3000.0), Advanced] | None = None
    """Particle diameter; the picker's when empty."""


class ExtractParticles(ItemProtocol[ExtractParticlesParameters]):
    """Cut, normalize and stack the particles of a micrograph.

    Particles whose box reaches over the edge are left out. A micrograph without particles gives
    an empty table, whose stack is one blank image: the MRC format cannot hold none.
    """

    name = "particles.extract"
    title = "Particle extraction"
    resources = Resources(memory=1024 * 2**20)

    def methods(self) -> str:
        """In what boxes particles were cut out."""
        wanted = self.parameters
        box = f"boxes of {wanted.box:g} Å" if wanted.box else "boxes of one and a half diameters"
        reduced = f", reduced to {wanted.size} pixels" if wanted.size else ""
        return f"Particles were extracted in {box}{reduced}, and normalized."

    def process(self, micrograph: Micrograph, ctf: Ctf, picks: Picks, work: Work) -> Particles:
        scale = np.float32(picks.pixel_size / micrograph.optics.pixel_size)
        centers = Centers(
            x=np.asarray(picks.x) * scale,
            y=np.asarray(picks.y) * scale,
            score=np.asarray(picks.score),
            diameter=picks.diameter,
            diameter_known=picks.diameter_known,
        )
        return extract(micrograph, ctf, centers, self.parameters, work)

    def summarize(self, items: Sequence[Particles]) -> str:
        """Count the particles and say how they were cut."""
        if not items:
            return ""
        last = items[-1]
        return (
            f"{sum(len(item) for item in items)} particles were extracted in boxes of "
            f"{last.box} pixels of {last.optics.pixel_size:.3g} Å"
            + ("" if last.diameter_known else "; how large the particles are is not known yet")
        )

    def plot(self, items: Sequence[Particles]) -> Iterator[Figure]:
        """Particles over time."""
        counts = [float(len(item)) for item in items]
        yield Figure("Particles extracted", "series", counts, "particles per micrograph")


class Centers(NamedTuple):
    """Where to cut."""

    x: Column
    """``(n,)`` pixels of the micrograph."""
    y: Column
    score: Column
    diameter: float
    """Of the particles, Å, unless the parameters say something else."""
    diameter_known: bool = True
    """False: it is a placeholder."""


def extract(
    micrograph: Micrograph,
    ctf: Ctf,
    centers: Centers,
    wanted: ExtractParticlesParameters,
    work: Work,
) -> Particles:
    """Cut the particles out of one micrograph and write their stack."""
    pixel_size = micrograph.optics.pixel_size
    diameter = wanted.diameter or centers.diameter
    box = _box(wanted, diameter, pixel_size)
    image = read_image(micrograph.path)
    if min(image.shape) < box.cut:
        raise ItemFailed(
            f"a box of {box.cut} pixels does not fit into a micrograph of "
            f"{image.shape[0]} x {image.shape[1]} pixels",
            advice="give a smaller box, or check the particle diameter",
            code="box-too-large",
        )
    if wanted.flip_phases and wanted.dust > 0:
        image = sweep_dust(image, wanted.dust, seed=work.seed)
    if wanted.flip_phases:
        image = flip_phases(image, micrograph.optics, ctf)
    cut = extract_particles(image, centers.x, centers.y, box, seed=work.seed)
    stack = work.path(f"{micrograph.exposure}.mrcs")
    optics = micrograph.optics.binned(box.cut / box.size)
    images = cut.images if len(cut.kept) else np.zeros((1, box.size, box.size), np.float32)
    write_mrc(stack, images, optics.pixel_size)
    x, y = column(centers.x[cut.kept]), column(centers.y[cut.kept])
    fitted = pixel_size / ctf.optics.pixel_size
    local = ctf.defocus_at(x * fitted, y * fitted)
    return Particles(
        exposure=micrograph.exposure,
        stack=stack,
        box=box.size,
        optics=optics,
        micrograph=micrograph.path,
        micrograph_pixel_size=pixel_size,
        x=x,
        y=y,
        score=column(centers.score[cut.kept]),
        defocus_u=column(ctf.defocus_u + local),
        defocus_v=column(ctf.defocus_v + local),
        defocus_angle=column(np.full(len(x), ctf.angle)),
        phase_shift=ctf.phase_shift,
        ctf_resolution=ctf.resolution,
        ctf_score=ctf.score,
        group=micrograph.group,
        diameter=diameter,
        diameter_known=wanted.diameter is not None or centers.diameter_known,
        phases_flipped=wanted.flip_phases,
    )


def _box(wanted: ExtractParticlesParameters, diameter: float, pixel_size: float) -> Box:
    """Even sizes in pixels, from the parameters and the diameter."""
    cut = max(8, _even((wanted.box or 1.5 * diameter) / pixel_size))
    size = min(cut, max(8, _even(wanted.size))) if wanted.size else cut
    # At least the corners remain as background when the box is tight.
    radius = min((wanted.radius or 0.55 * diameter) / pixel_size, 0.48 * cut)
    return Box(cut=cut, size=size, radius=radius, dust=wanted.dust, invert=wanted.invert)


def _even(pixels: float) -> int:
    """The smallest even number that is not below `pixels`."""
    return 2 * math.ceil(pixels / 2 - 1e-6)
