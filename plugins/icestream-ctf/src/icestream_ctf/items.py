"""What goes into the programs, and what they leave, as far as it is alike for all of them."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from icestream.formats import FormatError, read_image, read_mrc_header, write_mrc, write_picture
from icestream.model import Ctf, Micrograph, column
from icestream.processing.grey import stretch
from icestream.protocol import BadOutput, Figure, ItemFailed, Work, read_output

__all__ = ["IMAGE", "Fit", "draw", "give_image", "make_ctf", "numbers", "summary"]

IMAGE = "micrograph.mrc"
"""What the programs are told to read, in the folder of the task."""

_READ_BY_ALL = (0, 1, 2, 6)
"""Modes of MRC. That of half floats (12) came later than the programs."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """What a program found, in our units."""

    defoci: tuple[float, float]
    """Å, in any order."""
    angle: float
    """Direction of the first of them, degrees from +x towards +y of the stored array."""
    score: float
    resolution: float
    """Å; 0 where no ring was followed."""
    curve: NDArray[np.float64]
    """``(3, n)`` as `Ctf.curve`."""
    phase_shift: float = 0.0
    """Degrees."""
    gradient: tuple[float, float] | None = None
    thickness: float | None = None


def give_image(micrograph: Micrograph, work: Work) -> None:
    """Put the sum of the frames where the program reads it: as it is, or made over to MRC.

    It is the sum without dose weights, where there is one: damaged frames count less in the other,
    and Thon rings with them. A short name without blanks keeps every program content.

    Raises
    ------
    ItemFailed
        If it cannot be read.
    """
    source, target = micrograph.unweighted or micrograph.path, work.path(IMAGE)
    target.unlink(missing_ok=True)
    try:
        if source.suffix.lower() == ".mrc" and read_mrc_header(source).mode in _READ_BY_ALL:
            target.symlink_to(source.absolute())
        else:
            write_mrc(target, read_image(source), micrograph.optics.pixel_size)
    except (FormatError, OSError) as error:
        raise ItemFailed(
            f"{source} cannot be read: {error}",
            advice="look whether the micrograph is whole",
            code="micrograph-not-readable",
        ) from error


def numbers(words: Sequence[str], where: str) -> list[float]:
    """Words of a file as numbers.

    Raises
    ------
    BadOutput
        If one is no number, or not finite.
    """
    try:
        values = [float(word) for word in words]
    except ValueError as error:
        raise BadOutput(f"{where} has what is no number: {error}", code="garbage-output") from error
    if not all(map(math.isfinite, values)):
        raise BadOutput(
            f"{where} has values that are not finite: {' '.join(words[:12])}", code="garbage-output"
        )
    return values


def make_ctf(
    micrograph: Micrograph, fit: Fit, spectrum: Path, limits: tuple[float, float], work: Work
) -> Ctf:
    """The item of a fit, with its spectrum as numbers and as a picture.

    Parameters
    ----------
    micrograph
        What was looked at.
    fit
        What was found.
    spectrum
        The image that the program wrote; it gets the name of the exposure.
    limits
        Largest defocus, and coarsest resolution, that were searched, Å.
    work
        Where files go.

    Raises
    ------
    BadOutput
        If the spectrum is none, or the values make no sense.
    """
    image = read_output(spectrum)
    if image.shape[0] != image.shape[1]:
        raise BadOutput(
            f"{spectrum.name} should be square, and is {image.shape[0]} x {image.shape[1]}",
            code="garbage-output",
        )
    (u, v), angle = fit.defoci, fit.angle
    if v > u:
        u, v, angle = v, u, angle + 90.0
    largest, coarsest = limits
    # A refinement may leave the range of its search, but not by as much again.
    if not 0 < u <= 2 * largest or v < -largest or not abs(fit.score) <= 1e6:
        raise BadOutput(
            f"its defoci are {u:g} and {v:g} Å with a score of {fit.score:g}, and up to "
            f"{largest:g} Å were searched",
            code="garbage-output",
        )
    kept = work.path(f"{micrograph.exposure}_ctf.mrc")
    spectrum.rename(kept)
    lost = fit.resolution <= 0
    return Ctf(
        exposure=micrograph.exposure,
        optics=micrograph.optics,
        defocus_u=u,
        defocus_v=v,
        angle=90.0 - (90.0 - angle) % 180.0,
        phase_shift=fit.phase_shift,
        score=fit.score,
        resolution=coarsest if lost else fit.resolution,
        doubt="the program could follow no ring" if lost else "",
        spectrum=write_picture(work.path(f"{micrograph.exposure}_ctf.png"), stretch(image)),
        spectrum_image=kept,
        curve=column(fit.curve),
        gradient=fit.gradient,
        shape=micrograph.shape,
        thickness=fit.thickness,
    )


def summary(items: Sequence[Ctf]) -> str:
    """Median resolution, the range of defocus, and what is out of the ordinary."""
    if not items:
        return ""
    defoci = [ctf.defocus * 1e-4 for ctf in items]
    text = (
        f"The CTF of {len(items)} micrographs was fitted to a median of "
        f"{median(ctf.resolution for ctf in items):.1f} Å; "
        f"defocus {min(defoci):.2f} to {max(defoci):.2f} µm"
    )
    lost = sum(bool(ctf.doubt) for ctf in items)
    return f"{text}; on {lost} no ring could be followed" if lost else text


def draw(items: Sequence[Ctf]) -> Iterator[Figure]:
    """Defocus, astigmatism, resolution, and tilt and thickness where there are any."""
    defoci = [ctf.defocus * 1e-4 for ctf in items]
    yield Figure("Defocus", "series", defoci, "defocus / µm")
    yield Figure("Defocus", "histogram", defoci, "defocus / µm")
    yield Figure("Astigmatism", "series", [ctf.astigmatism for ctf in items], "astigmatism / Å")
    yield Figure("Fit resolution", "series", [ctf.resolution for ctf in items], "resolution / Å")
    tilts = [ctf.tilt for ctf in items if ctf.tilt is not None]
    if tilts:
        yield Figure("Tilt of the specimen", "series", tilts, "tilt / °")
    thick = [ctf.thickness for ctf in items if ctf.thickness is not None]
    if thick:
        yield Figure("Ice thickness where rings have a node", "histogram", thick, "thickness / Å")
