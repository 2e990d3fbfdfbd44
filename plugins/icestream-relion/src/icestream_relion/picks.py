"""The coordinates that RELION's picker writes."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

import numpy as np

from icestream.formats import FormatError, read_star
from icestream.model import Micrograph, Picks, column
from icestream.protocol import BadOutput, Figure

__all__ = ["plot_picks", "read_picks", "summarize_picks"]


def read_picks(folder: Path, micrograph: Micrograph, diameter: float) -> Picks:
    """The picks of a micrograph, of the one file ``mic_picks.star`` in `folder` or below.

    Where nothing was found there is a table without rows, or no file at all.

    Raises
    ------
    BadOutput
        If the file cannot be read, or a coordinate is no number or lies outside the micrograph.
    """
    path = next(folder.rglob("mic_picks.star"), None)
    try:
        blocks = read_star(path) if path is not None else {}
        table = next((block for block in blocks.values() if len(block)), None)
        if table is None:
            x = y = score = np.zeros(0)
        else:
            x, y = table.floats("rlnCoordinateX"), table.floats("rlnCoordinateY")
            score = table.floats("rlnAutopickFigureOfMerit")
    except (FormatError, KeyError, ValueError) as error:
        raise BadOutput(f"the picks cannot be read: {error}", code="garbage-output") from error
    height, width = micrograph.shape
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height) & np.isfinite(score)
    if not inside.all():
        bad = int(np.argmin(inside))
        raise BadOutput(
            f"pick {bad + 1} of {len(x)} is at x {x[bad]:g}, y {y[bad]:g} with a score of "
            f"{score[bad]:g}, in a micrograph of {width} x {height} pixels",
            advice="see whether the micrograph's pixel size is right",
            code="garbage-output",
        )
    return Picks(
        exposure=micrograph.exposure,
        x=column(x),
        y=column(y),
        score=column(score),
        diameter=diameter,
        pixel_size=micrograph.optics.pixel_size,
    )


def summarize_picks(items: Sequence[Picks]) -> str:
    """How many particles were picked."""
    if not items:
        return ""
    counts = [len(item) for item in items]
    return (
        f"{sum(counts)} particles were picked in {len(items)} micrographs "
        f"(median {median(counts):g} in each)"
    )


def plot_picks(items: Sequence[Picks]) -> Iterator[Figure]:
    """Picks over time and as a histogram."""
    counts = [float(len(item)) for item in items]
    yield Figure("Particles picked", "series", counts, "particles per micrograph")
    yield Figure("Particles picked", "histogram", counts, "particles per micrograph")
