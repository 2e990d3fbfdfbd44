"""A large image as a pyramid of tiles, as Deep Zoom has it: viewers ask for what is on the screen.

Level n is the image at half the size of level n + 1; the last is the image itself, and level 0 one
pixel. Every level has greys of its own, told from all of it, so that its tiles fit together and
particles are seen at any zoom: an image that is averaged down has less noise.
"""

import io
import math
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
from numpy.typing import NDArray

from icestream.formats.arrays import map_array
from icestream.report.views.grey import Look, draw_grey
from icestream.report.views.images import LargePicture, as_png

__all__ = ["TILE", "Pyramid", "cut_tile", "level_bytes"]

TILE = 512
"""Pixels along a side of a tile."""


@dataclass(frozen=True, slots=True)
class Pyramid:
    """How large an image is at each level."""

    shape: tuple[int, int]
    """(y, x) pixels of the whole image."""

    @property
    def last(self) -> int:
        """The level of the whole image."""
        return math.ceil(math.log2(max(self.shape)))

    def factor(self, level: int) -> int:
        """By how much smaller a level is than the image. LookupError: there is no such level."""
        if not 0 <= level <= self.last:
            raise LookupError(f"no level {level}: the picture has levels 0 to {self.last}")
        return int(2 ** (self.last - level))

    def size(self, level: int) -> tuple[int, int]:
        """(y, x) pixels of a level."""
        factor = self.factor(level)
        return -(-self.shape[0] // factor), -(-self.shape[1] // factor)

    def check(self, level: int, column: int, row: int) -> None:
        """LookupError where there is no such tile."""
        height, width = self.size(level)
        columns, rows = -(-width // TILE), -(-height // TILE)
        if not (0 <= column < columns and 0 <= row < rows):
            raise LookupError(
                f"no tile {column}_{row} at level {level}: it has {columns} columns and {rows} rows"
            )

    def document(self) -> str:
        """The description that viewers read (.dzi)."""
        size = f"<Size Width={quoteattr(str(self.shape[1]))} Height={quoteattr(str(self.shape[0]))}"
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" Format="png" Overlap="0" '
            f'TileSize="{TILE}">{size}/></Image>\n'
        )


def level_bytes(large: LargePicture, look: Look, level: int) -> bytes:
    """The greys of a whole level, as a file of numpy, to cut tiles from."""
    pyramid = Pyramid(large.shape)
    factor, size = pyramid.factor(level), pyramid.size(level)
    factor = min(factor, *large.shape)
    grey = draw_grey(large.values, large.pixel_size, look, factor)
    missing = [(0, max(0, wanted - found)) for wanted, found in zip(size, grey.shape, strict=True)]
    if any(after for _, after in missing):
        grey = np.pad(grey, missing, mode="edge")
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(grey[: size[0], : size[1]]))
    return buffer.getvalue()


def cut_tile(level: Path, column: int, row: int) -> bytes:
    """One tile of a level that `level_bytes` wrote, as PNG."""
    greys: NDArray[np.uint8] = map_array(level)
    rows, columns = (slice(place * TILE, (place + 1) * TILE) for place in (row, column))
    return as_png(greys[rows, columns])
