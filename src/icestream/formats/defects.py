"""Defects of the camera: pixels, rows and columns that count nothing or nonsense.

Three kinds of file are known: MotionCor2's list (lines of ``x y width height``), SerialEM's
``defects*.txt`` (lines such as ``BadColumns 12 13``), and a map image, MRC or TIFF, in which
everything but 0 is bad.

Row 0 of MotionCor2's list is row 0 of the array that `icestream.formats.open_movie` gives, as in
RELION; SerialEM counts rows from the top of the picture, so its lists are turned, as in IMOD.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icestream.formats.errors import FormatError
from icestream.formats.gain import read_detector_image

__all__ = ["read_defects"]

_TEXT = frozenset({".txt", ".defects", ".dat", ".list"})
_LARGEST = 2**16


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
    text = path.read_text(encoding="utf-8", errors="replace")
    lines = [line.split("#")[0].split() for line in text.splitlines()]
    if any(words and words[0][0].isalpha() for words in lines):
        return _read_serialem(path, lines, shape)
    return _read_rectangles(path, lines, shape)


def _read_rectangles(
    path: Path, lines: list[list[str]], shape: tuple[int, int]
) -> NDArray[np.bool_]:
    bad = np.zeros(shape, dtype=np.bool_)
    for number, words in enumerate(lines, start=1):
        if not words:
            continue
        values = _whole_numbers(path, number, words)
        if len(values) != 4:
            raise FormatError(
                path,
                expected=f"'x y width height' in line {number}",
                found=" ".join(words),
                advice="give a list as MotionCor2's -DefectFile reads it",
            )
        x, y, width, height = values
        bad[max(y, 0) : max(y + height, 0), max(x, 0) : max(x + width, 0)] = True
    return bad


def _read_serialem(path: Path, lines: list[list[str]], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """SerialEM's entries, for a camera whose size the list says."""
    size = list(shape)
    block = 1
    entries = []
    for number, words in enumerate(lines, start=1):
        if not words:
            continue
        key, values = words[0], words[1:]
        if key in ("CameraSizeX", "CameraSizeY"):
            size[key == "CameraSizeX"] = _whole_numbers(path, number, values)[0]
        elif key == "WasScaled":
            # A list made for counting frames and scaled up to super-resolution.
            block = 2 if _whole_numbers(path, number, values)[0] > 0 else 1
        elif key in _MARKS:
            fewest = 4 if key.startswith("Partial") else 0
            entries.append((_MARKS[key], _whole_numbers(path, number, values, fewest)))
    if not 0 < max(size) <= _LARGEST or min(size) < 1:
        raise FormatError(
            path,
            expected="a camera of up to 65536 pixels a side",
            found=f"{size[0]} x {size[1]}",
            advice="give the defect list of this camera",
        )
    bad = np.zeros((size[0], size[1]), dtype=np.bool_)
    for mark, numbers in entries:
        mark(bad, numbers, block)
    return _fit(path, bad[::-1], shape)


def _columns(bad: NDArray[np.bool_], values: list[int], _block: int) -> None:
    bad[:, [x for x in values if 0 <= x < bad.shape[1]]] = True


def _rows(bad: NDArray[np.bool_], values: list[int], _block: int) -> None:
    bad[[y for y in values if 0 <= y < bad.shape[0]], :] = True


def _pixels(bad: NDArray[np.bool_], values: list[int], block: int) -> None:
    for x, y in zip(values[0::2], values[1::2], strict=False):
        if x >= 0 and y >= 0:
            bad[y : y + block, x : x + block] = True


def _partial_columns(bad: NDArray[np.bool_], values: list[int], _block: int) -> None:
    """First column, number of columns, first row, last row."""
    first, count, top, bottom = (max(value, 0) for value in values[:4])
    bad[top : bottom + 1, first : first + count] = True


def _partial_rows(bad: NDArray[np.bool_], values: list[int], _block: int) -> None:
    """First row, number of rows, first column, last column."""
    first, count, left, right = (max(value, 0) for value in values[:4])
    bad[first : first + count, left : right + 1] = True


_MARKS: dict[str, Callable[[NDArray[np.bool_], list[int], int], None]] = {
    "BadColumns": _columns,
    "BadRows": _rows,
    "BadPixels": _pixels,
    "PartialBadColumn": _partial_columns,
    "PartialBadRow": _partial_rows,
}


def _whole_numbers(path: Path, number: int, words: list[str], fewest: int = 1) -> list[int]:
    try:
        values = [int(word) for word in words]
    except ValueError:
        values = []
    if len(values) < fewest or (words and not values):
        raise FormatError(
            path,
            expected=f"{fewest or 'some'} whole numbers or more in line {number}",
            found=" ".join(words)[:60] or "none",
            advice="give a list of MotionCor2 or SerialEM",
        )
    return values


def _fit(path: Path, bad: NDArray[np.bool_], shape: tuple[int, int]) -> NDArray[np.bool_]:
    height, width = bad.shape
    if (height, width) == shape:
        return np.ascontiguousarray(bad)
    if (2 * height, 2 * width) == shape:
        return bad.repeat(2, axis=0).repeat(2, axis=1)
    if (height, width) == (2 * shape[0], 2 * shape[1]):
        return np.asarray(bad.reshape(shape[0], 2, shape[1], 2).any(axis=(1, 3)))
    raise FormatError(
        path,
        expected=f"defects of {shape[0]} x {shape[1]} pixels (y, x), or half or twice that",
        found=f"{height} x {width}",
        advice="give the defects of this camera and mode",
    )
