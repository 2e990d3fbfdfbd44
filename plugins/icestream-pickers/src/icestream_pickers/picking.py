"""What all pickers have in common: the micrograph that they read, and the picks that they leave."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from icestream.formats import read_image, read_mrc_header, write_mrc
from icestream.model import Micrograph, Picks, column
from icestream.protocol import BadOutput, Failure, Figure, Work

__all__ = [
    "MICROGRAPH",
    "NEEDS_CUDA",
    "NO_LIBRARY",
    "NO_PLACE",
    "Floats",
    "lay_out",
    "make_picks",
    "output_text",
    "plot_picks",
    "summarize_picks",
]

MICROGRAPH = "mic.mrc"
"""The micrograph in the folder of a task, whatever it is called: a plain name, without blanks."""

Floats = NDArray[np.float64]

NEEDS_CUDA = Failure(
    code="no-gpu",
    when=r"no CUDA-capable device|driver version is insufficient|CUDA_ERROR_NO_DEVICE|"
    r"no valid (?:CUDA )?device|[Nn]o GPU (?:was )?found",
    advice="see nvidia-smi: this machine has no GPU, or a driver older than the program's CUDA",
)
NO_LIBRARY = Failure(
    code="no-cuda-library",
    when=r"error while loading shared libraries: (\S+)",
    advice="install the CUDA that the program was built with, or put it into LD_LIBRARY_PATH",
)
NO_PLACE = Failure(
    code="no-place",
    when=r"No space left on device|Disk quota exceeded",
    advice="make room on the disk of the session",
)


def lay_out(micrograph: Micrograph, work: Work) -> Path:
    """Put the micrograph into the folder of the task, as an MRC file of one image.

    A file that says of itself that it is a volume is written anew: crYOLO turns the one upside down
    and not the other, and counts its coordinates from there.
    """
    target = work.path(MICROGRAPH)
    source = micrograph.path
    if source.suffix.lower() == ".mrc" and read_mrc_header(source).space_group == 0:
        target.unlink(missing_ok=True)
        target.symlink_to(source.absolute())
        return target
    return write_mrc(target, read_image(source), micrograph.optics.pixel_size)


def output_text(path: Path) -> str:
    """What a program wrote into a table.

    Raises
    ------
    BadOutput
        If there is no such file, or nothing in it.
    """
    if not path.is_file():
        raise BadOutput(f"{path.name} was not written", code="no-output")
    text = path.read_text(encoding="utf-8", errors="replace")
    if not text:
        raise BadOutput(f"{path.name} was written empty; the disk may be full", code="half-output")
    return text


def make_picks(micrograph: Micrograph, rows: Floats, diameter: float) -> Picks:
    """The picks of a micrograph.

    Parameters
    ----------
    micrograph
        In which they are.
    rows
        ``(n, 3)`` x and y, pixels from the middle of the first pixel, y along the rows as they are
        in the file; and the score, the higher the better. ``(n, 2)`` where the program tells no
        score, which is then not known.
    diameter
        Å.

    Raises
    ------
    BadOutput
        If a place is not in the micrograph, or a score is no number.
    """
    x, y, *told = np.asarray(rows, np.float64).T
    score = told[0] if told else np.full(len(x), np.nan)
    height, width = micrograph.shape
    inside = (x > -1) & (y > -1) & (x < width) & (y < height)
    if told:
        inside &= np.isfinite(score)
    if not inside.all():
        bad = int(np.argmin(inside))
        raise BadOutput(
            f"pick {bad + 1} of {len(x)} is at x {x[bad]:g}, y {y[bad]:g}"
            + (f" with a score of {score[bad]:g}" if told else "")
            + f", in a micrograph of {width} x {height} pixels",
            code="garbage-output",
        )
    best = np.argsort(-score, kind="stable")
    return Picks(
        exposure=micrograph.exposure,
        x=column(x[best]),
        y=column(y[best]),
        score=column(score[best]),
        diameter=diameter,
        pixel_size=micrograph.optics.pixel_size,
    )


def summarize_picks(items: Sequence[Picks], by: str) -> str:
    """How many particles were picked, and by what."""
    if not items:
        return ""
    counts = [len(item) for item in items]
    return (
        f"{sum(counts)} particles were picked in {len(items)} micrographs "
        f"(median {median(counts):g} in each) by {by}"
    )


def plot_picks(items: Sequence[Picks]) -> Iterator[Figure]:
    """Picks over time and as a histogram."""
    counts = [float(len(item)) for item in items]
    yield Figure("Particles picked", "series", counts, "particles per micrograph")
    yield Figure("Particles picked", "histogram", counts, "particles per micrograph")
