"""Averages of 2D classes as pictures: one of them, or all on one sheet."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from icestream.formats import FormatError
from icestream.formats.mrc import map_mrc
from icestream.processing.grey import stretch
from icestream.report.pictures import class_sprite
from icestream.report.views.images import as_png

__all__ = ["SPRITE_TILE", "average_png", "averages_sheet", "sheet_columns"]

SPRITE_TILE = 128
"""Pixels along a side of an average on the sheet."""


def average_png(path: Path, place: int, size: int) -> bytes:
    """One average of a stack as PNG, enlarged or made smaller to `size` pixels.

    Raises
    ------
    FormatError
        If the file is no stack, or has no average at that place (from 0).
    """
    averages = _averages(path)
    if place >= len(averages):
        raise FormatError(
            path,
            expected=f"an average at place {place} (from 0)",
            found=f"{len(averages)} averages",
            advice="bring the file back from a copy",
        )
    grey = stretch(np.nan_to_num(np.asarray(averages[place], dtype=np.float32)))
    tile = Image.fromarray(grey).resize((size, size), Image.Resampling.BICUBIC)
    return as_png(np.asarray(tile))


def averages_sheet(path: Path, places: Sequence[int]) -> bytes:
    """Averages side by side in the order of their places, as `sheet_columns` columns; PNG.

    Raises
    ------
    FormatError
        If the file is no stack, or too short.
    """
    averages = _averages(path)
    if places and max(places) >= len(averages):
        raise FormatError(
            path,
            expected=f"{max(places) + 1} averages",
            found=str(len(averages)),
            advice="bring the file back from a copy",
        )
    return class_sprite(averages, places)[0]


def sheet_columns(count: int) -> int:
    """Columns of a sheet with so many averages."""
    return max(1, math.ceil(math.sqrt(count)))


def _averages(path: Path) -> NDArray[Any]:
    averages = map_mrc(path)
    return averages.reshape(-1, *averages.shape[-2:])
