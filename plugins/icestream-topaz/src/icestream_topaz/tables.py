"""Tables of coordinates, as Topaz writes and reads them.

Coordinates are pixels of the small micrograph from the middle of its first pixel, x along the rows
and y in their order in the file: what they are here, but for the size of the pixels.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.model import Column, column
from icestream.protocol import BadOutput
from icestream_topaz.images import small_shape

__all__ = ["Found", "read_picks", "write_images", "write_targets"]

_HEADER = ["image_name", "x_coord", "y_coord", "score"]

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Found:
    """Picks of one micrograph, the best first."""

    x: Column
    """``(n,)`` pixels of the micrograph."""
    y: Column
    score: Column


def read_picks(path: Path, shape: tuple[int, int], factor: int) -> Found:
    """Read what `topaz extract` wrote of one micrograph that was made `factor` times smaller.

    Parameters
    ----------
    path
        Its table.
    shape
        (y, x) pixels of the micrograph as it was.
    factor
        See `icestream_topaz.images.small_shape`.

    Raises
    ------
    BadOutput
        If it is no such table, is cut off, or has a place that is not in the micrograph.
    """
    text = path.read_text(encoding="utf-8", errors="replace")
    head, *lines = text.split("\n")
    if head.split("\t") != _HEADER:
        raise BadOutput(
            f"{path.name} should begin with {' '.join(_HEADER)}, and begins with {head[:80]!r}",
            code="garbage-output" if head else "half-output",
        )
    if lines and lines[-1]:
        raise BadOutput(
            f"the last line of {path.name} does not end: {lines[-1][:80]!r}", code="half-output"
        )
    small = small_shape(shape, factor)
    rows = np.array([_row(path, line, small) for line in lines if line]).reshape(-1, 3)
    # The sides need not be multiples of the factor.
    scale = np.array([shape[1] / small[1], shape[0] / small[0]])
    places = rows[:, :2] * scale
    return Found(column(places[:, 0]), column(places[:, 1]), column(rows[:, 2]))


def _row(path: Path, line: str, small: tuple[int, int]) -> tuple[float, float, float]:
    """(x, y, score) of a line."""
    try:
        _, x, y, score = line.split("\t")
        values = (float(x), float(y), float(score))
    except ValueError:
        values = (np.nan, np.nan, np.nan)
    inside = 0 <= values[0] < small[1] and 0 <= values[1] < small[0]
    if not (inside and np.isfinite(values[2])):
        raise BadOutput(
            f"a line of {path.name} is no place in an image of {small[1]} x {small[0]} pixels "
            f"with a score: {line[:80]!r}",
            code="garbage-output",
        )
    return values


def write_images(path: Path, images: Mapping[str, Path]) -> None:
    """List images by their names, which `topaz train` reads; no name or path may hold a blank."""
    rows = [f"{name}\t{image}" for name, image in images.items()]
    path.write_text("\n".join(["image_name\tpath", *rows]) + "\n", encoding="utf-8")


def write_targets(path: Path, targets: Mapping[str, Points]) -> None:
    """List the particles of images, ``(n, 2)`` (x, y), in whole pixels of the small ones."""
    rows = [
        f"{name}\t{round(float(x))}\t{round(float(y))}"
        for name, places in targets.items()
        for x, y in places
    ]
    path.write_text("\n".join(["image_name\tx_coord\ty_coord", *rows]) + "\n", encoding="utf-8")
