"""Pictures of a session as PNG, whatever file they are in: PNG, JPEG, WebP, MRC or TIFF."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from icestream.formats import FormatError
from icestream.formats.image import read_image
from icestream.formats.mrc import map_mrc
from icestream.report.views.grey import Look, draw_grey

__all__ = ["MRC", "LargePicture", "as_png", "draw_picture", "is_plain", "open_large"]

MRC = (".mrc", ".mrcs", ".map", ".rec")
"""Suffixes of files that hold numbers and no picture."""
_TIFF = (".tif", ".tiff")
_DRAWING = ".svg"
_MOST_DRAWING = 2_000_000
"""Bytes of a drawing that is shown."""
_FAST = 1
"""Level of compression: noise hardly gets smaller however long one tries."""
_BROKEN = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)


@dataclass(frozen=True, slots=True)
class LargePicture:
    """An image of the microscope, mapped from its file."""

    values: NDArray[Any]
    """``(y, x)``."""
    pixel_size: float
    """Å per pixel; 1 where it is not known, and then it cannot be low-passed."""
    known: bool
    """Whether `pixel_size` is."""

    @property
    def shape(self) -> tuple[int, int]:
        """(y, x) pixels."""
        return self.values.shape[0], self.values.shape[1]


def is_plain(path: Path) -> bool:
    """Whether a file is a picture already, which is shown as it is."""
    return path.suffix.lower() not in (*MRC, *_TIFF)


def draw_picture(path: Path, size: int, look: Look | None, width: float = 0.0) -> bytes:
    """A picture as PNG; a drawing in SVG stays what it is.

    Parameters
    ----------
    path
        The file.
    size
        Most pixels along the longer side; a picture that is smaller stays as large as it is.
    look
        How an image of the microscope is shown. None: one that is a picture already is not
        changed.
    width
        Å from its left edge to its right one; 0 where that is not known.

    Raises
    ------
    FormatError
        If it holds no picture, or it is to be low-passed and nobody knows how large its pixels
        are.
    FileNotFoundError
        If it is gone.
    """
    if path.suffix.lower() == _DRAWING:
        return _drawing(path)
    small = _smaller(path, size) if look is None and is_plain(path) else None
    if small is not None:
        return small
    look = look or Look()
    large = open_large(path, width)
    if look.lowpass > 0 and not large.known:
        raise FormatError(
            path,
            expected="an image whose pixels have a known size",
            found="a picture that does not say it",
            advice="ask for it without lowpass",
        )
    factor = max(1, -(-max(large.shape) // size))
    factor = min(factor, *large.shape)
    return as_png(draw_grey(large.values, large.pixel_size, look, factor))


def open_large(path: Path, width: float = 0.0) -> LargePicture:
    """An image as numbers: mapped from MRC, read from TIFF and pictures; the middle of several.

    `width` is that of the field in Å, 0 where it is not known.

    Raises
    ------
    FormatError
        If the file holds no image.
    FileNotFoundError
        If it is gone.
    """
    if path.suffix.lower() in MRC:
        sections = map_mrc(path)
        values: NDArray[Any] = sections[len(sections) // 2]
    else:
        values = read_image(path)
    known = width > 0
    return LargePicture(values, width / values.shape[1] if known else 1.0, known)


def as_png(grey: NDArray[np.uint8]) -> bytes:
    """Greys ``(y, x)`` or colours ``(y, x, 3)`` as PNG; row 0 is the top row."""
    return _encoded(Image.fromarray(np.ascontiguousarray(grey)))


def _encoded(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=_FAST)
    return buffer.getvalue()


def _smaller(path: Path, size: int) -> bytes | None:
    """A picture as it is, but no larger; None of one that has more than 256 greys.

    What is transparent stays so.
    """
    with path.open("rb") as file:  # that it is gone is said as of any file
        try:
            with Image.open(file) as picture:
                if picture.mode.startswith(("I", "F")):
                    return None
                better = "RGBA" if picture.has_transparency_data else "RGB"
                plain = picture if picture.mode in ("L", better) else picture.convert(better)
                plain.thumbnail((size, size), Image.Resampling.LANCZOS)
                return _encoded(plain)
        except _BROKEN as error:
            raise _no_picture(path, error) from error


def _drawing(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(_MOST_DRAWING + 1)
    if len(content) > _MOST_DRAWING or b"<svg" not in content:
        raise _no_picture(path, "no drawing in SVG, or one of more than 2 MB")
    return content


def _no_picture(path: Path, why: object) -> FormatError:
    return FormatError(
        path,
        expected="a picture",
        found=f"what cannot be shown ({why})",
        advice="look at the file itself",
    )
