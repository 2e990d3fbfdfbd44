"""Defects of the camera: pixels, rows and columns that count nothing or nonsense.

Three kinds of file are known: MotionCor2's list (lines of ``x y width height``), SerialEM's
``defects*.txt`` (lines such as ``BadColumns 12 13``), and a map image, MRC or TIFF, in which
everything but 0 is bad.

Row 0 of MotionCor2's list is row 0 of the array that `icestream.formats.open_movie` gives, as in
RELION; SerialEM counts rows from the top of the picture, so its lists are turned, as in IMOD.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.formats.errors import FormatError
from icestream.formats.gain import read_detector_image
from icestream.formats.numbers import shortened
from icestream.formats.text import METADATA, read_lines

__all__ = ["read_defects"]

_TEXT = frozenset({".txt", ".defects", ".dat", ".list"})


def read_defects(path: Path | str, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Read a list or a map of defects as a mask ``(y, x)``, True where a pixel is bad.

    Parameters
    ----------
    shape
        (y, x) of the frames. A map of half this size has each pixel repeated; in one of twice this
        size a pixel is bad where any of its four is. SerialEM's list says its own binning.

    Raises
    ------
    FormatError
        If the size of a map does not fit, or a line cannot be understood.
    """
    path = Path(path)
    if path.suffix.lower() not in _TEXT:
        return _fit(path, read_detector_image(path) != 0, shape)
    lines = [line.partition("#")[0].split() for line in read_lines(path, METADATA)]
    if any(words and words[0][0].isalpha() for words in lines):
        return _read_serialem(path, lines, shape)
    return _read_rectangles(path, lines, shape)


def _read_rectangles(
    path: Path, lines: list[list[str]], shape: tuple[int, int]
) -> NDArray[np.bool_]:
    rectangles = []
    for line, words in enumerate(lines, start=1):
        if not words:
            continue
        values = _whole_numbers(path, line, words)
        if len(values) != 4:
            raise FormatError(
                path,
                expected=f"'x y width height' in line {line}",
                found=shortened(" ".join(words)),
                advice="give a list as MotionCor2's -DefectFile reads it",
            )
        x, y, width, height = values
        rectangles.append((y, y + height, x, x + width))
    return _painted(rectangles, shape)


def _read_serialem(path: Path, lines: list[list[str]], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """SerialEM's entries, for a camera whose size the list says."""
    size = list(shape)
    block = 1
    entries = []
    for line, words in enumerate(lines, start=1):
        if not words:
            continue
        key, values = words[0], words[1:]
        if key in ("CameraSizeX", "CameraSizeY"):
            size[key == "CameraSizeX"] = _whole_numbers(path, line, values)[0]
        elif key == "WasScaled":
            # A list made for counting frames and scaled up to super-resolution.
            block = 2 if _whole_numbers(path, line, values)[0] > 0 else 1
        elif key in _MARKS:
            fewest = 4 if key.startswith("Partial") else 0
            entries.append((_MARKS[key], _whole_numbers(path, line, values, fewest)))
    _check_fit(path, (size[0], size[1]), shape)
    rectangles = [rectangle for mark, numbers in entries for rectangle in mark(numbers, block)]
    return _fit(path, _painted(rectangles, (size[0], size[1]))[::-1], shape)


_Rectangle = tuple[int, int, int, int]
"""First row, row behind the last, first column, column behind the last."""
_ALL = 2**40


def _columns(values: list[int], _block: int) -> Iterator[_Rectangle]:
    yield from ((0, _ALL, x, x + 1) for x in values)


def _rows(values: list[int], _block: int) -> Iterator[_Rectangle]:
    yield from ((y, y + 1, 0, _ALL) for y in values)


def _pixels(values: list[int], block: int) -> Iterator[_Rectangle]:
    for x, y in zip(values[0::2], values[1::2], strict=False):
        if x >= 0 and y >= 0:
            yield y, y + block, x, x + block


def _partial_columns(values: list[int], _block: int) -> Iterator[_Rectangle]:
    """First column, number of columns, first row, last row."""
    first, count, top, bottom = (max(value, 0) for value in values[:4])
    yield top, bottom + 1, first, first + count


def _partial_rows(values: list[int], _block: int) -> Iterator[_Rectangle]:
    """First row, number of rows, first column, last column."""
    first, count, left, right = (max(value, 0) for value in values[:4])
    yield first, first + count, left, right + 1


_MARKS: dict[str, Callable[[list[int], int], Iterator[_Rectangle]]] = {
    "BadColumns": _columns,
    "BadRows": _rows,
    "BadPixels": _pixels,
    "PartialBadColumn": _partial_columns,
    "PartialBadRow": _partial_rows,
}


def _painted(rectangles: list[_Rectangle], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """True in all rectangles; what lies outside is left out.

    Only their corners are marked, and then summed up: a list of many large ones costs no more than
    its lines and the image.
    """
    height, width = shape
    corners = np.zeros((height + 1, width + 1), dtype=np.int32)
    for top, bottom, left, right in rectangles:
        y0, y1 = (min(max(y, 0), height) for y in (top, bottom))
        x0, x1 = (min(max(x, 0), width) for x in (left, right))
        if y0 < y1 and x0 < x1:
            corners[y0, x0] += 1
            corners[y1, x1] += 1
            corners[y0, x1] -= 1
            corners[y1, x0] -= 1
    np.cumsum(corners, axis=0, out=corners)
    np.cumsum(corners, axis=1, out=corners)
    return np.asarray(corners[:height, :width] > 0)


def _whole_numbers(path: Path, number: int, words: list[str], fewest: int = 1) -> list[int]:
    try:
        values = [int(word) for word in words]
    except ValueError:
        values = []
    if len(values) < fewest or (words and not values):
        raise FormatError(
            path,
            expected=f"{fewest or 'some'} whole numbers or more in line {number}",
            found=shortened(" ".join(words)) or "none",
            advice="give a list of MotionCor2 or SerialEM",
        )
    return values


def _check_fit(path: Path, size: tuple[int, int], shape: tuple[int, int]) -> None:
    """Refuse the defects of another camera, before anything of its size is made."""
    if any(size == (shape[0] * by, shape[1] * by) for by in (1, 2)):
        return
    if (2 * size[0], 2 * size[1]) == shape:
        return
    raise FormatError(
        path,
        expected=f"defects of {shape[0]} x {shape[1]} pixels (y, x), or half or twice that",
        found=f"{size[0]} x {size[1]}",
        advice="give the defects of this camera and mode",
    )


def _fit(path: Path, bad: NDArray[np.bool_], shape: tuple[int, int]) -> NDArray[np.bool_]:
    height, width = bad.shape
    _check_fit(path, (height, width), shape)
    if (height, width) == shape:
        return np.ascontiguousarray(bad)
    if (2 * height, 2 * width) == shape:
        return bad.repeat(2, axis=0).repeat(2, axis=1)
    return np.asarray(bad.reshape(shape[0], 2, shape[1], 2).any(axis=(1, 3)))
