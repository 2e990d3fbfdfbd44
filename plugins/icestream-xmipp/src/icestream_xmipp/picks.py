"""What becomes of the places that Xmipp writes."""

from collections.abc import Iterator, Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

from icestream.model import Micrograph, Picks, column
from icestream.protocol import BadOutput, Figure

__all__ = ["make_picks", "plot_picks", "summarize_picks"]


def make_picks(micrograph: Micrograph, rows: NDArray[np.float64], diameter: float) -> Picks:
    """The picks of a micrograph, the best ones first.

    Parameters
    ----------
    micrograph
        In which they are.
    rows
        ``(n, 3)`` x and y, pixels from the first one, y along the rows as they are in the file; and
        the score, the higher the better.
    diameter
        Å.

    Raises
    ------
    BadOutput
        If a place is not in the micrograph.
    """
    x, y, score = rows.T
    height, width = micrograph.shape
    inside = (x > -1) & (y > -1) & (x < width) & (y < height)
    if not inside.all():
        bad = int(np.argmin(inside))
        raise BadOutput(
            f"pick {bad + 1} of {len(x)} is at x {x[bad]:g}, y {y[bad]:g}, in a micrograph of "
            f"{width} x {height} pixels",
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
