"""Images of any format we know, and small pictures for people."""

from pathlib import Path

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from icestream.formats.errors import FormatError
from icestream.formats.gain import read_detector_image
from icestream.formats.kinds import open_file
from icestream.model import Image
from icestream.whole import written_whole

__all__ = ["read_image", "write_picture"]


def read_image(path: Path | str) -> Image:
    """Read one image as float32 ``(y, x)`` from MRC, TIFF, PNG or JPEG; the first of several.

    Rows are in the order in which RELION reads the file: those of TIFF are turned. A picture
    (PNG, JPEG) keeps its order, top row first.

    Raises
    ------
    FormatError
        If the file is cut off or holds no image.
    """
    path = Path(path)
    if path.suffix.lower() in (".png", ".jpg", ".jpeg"):
        return _read_picture(path)
    return np.ascontiguousarray(read_detector_image(path), dtype=np.float32)


def _read_picture(path: Path) -> Image:
    try:
        with open_file(path) as file, PIL.Image.open(file) as picture:
            grey = picture if picture.mode in ("L", "I;16", "I", "F") else picture.convert("L")
            return np.asarray(grey, dtype=np.float32)
    except FormatError:
        raise
    except (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError) as error:
        raise FormatError(
            path,
            expected="a PNG or JPEG picture",
            found=f"what cannot be decoded ({error})",
            advice="copy the file again",
        ) from error


def write_picture(path: Path | str, picture: NDArray[np.uint8]) -> Path:
    """Write a picture, ``(y, x)`` grey or ``(y, x, 3)`` colour, as PNG or JPEG by its suffix.

    Row 0 becomes the top row. The file gets its name when it is whole; `path` is returned.
    """
    path = Path(path)
    if picture.dtype != np.uint8:
        raise TypeError(f"{path}: a picture must be uint8, not {picture.dtype}")
    kind = "PNG" if path.suffix.lower() == ".png" else "JPEG"
    with written_whole(path) as unfinished:
        PIL.Image.fromarray(np.ascontiguousarray(picture)).save(unfinished, kind, quality=85)
    return path
