"""Whether two images show the same, and where in a field an image is from.

Images of one micrograph have its noise in common, which tells them from all others: a place is
found to the pixel, and what is mirrored, inverted or moved shows at once.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from icestream.model import Image

__all__ = ["Likeness", "Place", "compare_images", "find_image", "turned", "turns"]

_WAVES = 4
"""Waves across the image below which a field is flattened: ice and charge, which lie everywhere."""


class Likeness(NamedTuple):
    """How an image compares with the one that was expected."""

    correlation: float
    """As they lie, -1 to 1."""
    offset: tuple[float, float]
    """(y, x) pixels by which its content lies farther along the axes than expected."""
    contrast: float
    """Times by which it is stronger than the expected one, when moved onto it; negative where it
    is inverted."""


class Place(NamedTuple):
    """Where in a field an image was found."""

    y: float
    """Of the image's pixel ``box // 2``, pixels of the field."""
    x: float
    strength: float
    """Correlation there in standard deviations of that of all places; negative where inverted."""


def compare_images(expected: Image, shown: Image) -> Likeness:
    """Compare two images ``(y, x)`` of one size."""
    ours, theirs = _flat(expected), _flat(shown)
    norms = float(np.linalg.norm(ours)), float(np.linalg.norm(theirs))
    if not norms[0] or not norms[1]:
        return Likeness(0.0, (math.nan, math.nan), 0.0)
    product = np.conj(fft.rfft2(ours)) * fft.rfft2(theirs)
    overlap = fft.irfft2(product, ours.shape) / (norms[0] * norms[1])
    row, column, peak = _peak(overlap)
    offset = (
        (row + ours.shape[0] / 2) % ours.shape[0] - ours.shape[0] / 2,
        (column + ours.shape[1] / 2) % ours.shape[1] - ours.shape[1] / 2,
    )
    return Likeness(float(overlap[0, 0]), offset, peak * norms[1] / norms[0])


def find_image(field: Image, image: Image) -> Place:
    """Find where in a field ``(y, x)`` an image of the same pixel size is from, whatever its sign.

    Parameters
    ----------
    field
        Larger than the image.
    image
        Of which the field has the very noise.
    """
    shape = field.shape
    spectrum = fft.rfft2(_flat(field))
    ky = fft.fftfreq(shape[0])[:, None]
    kx = fft.rfftfreq(shape[1])[None, :]
    spectrum[np.hypot(ky, kx) < _WAVES / max(image.shape)] = 0
    overlap = fft.irfft2(spectrum * np.conj(fft.rfft2(_flat(image), shape)), shape)
    row, column, peak = _peak(overlap)
    half = image.shape[0] // 2, image.shape[1] // 2
    return Place((row + half[0]) % shape[0], (column + half[1]) % shape[1], peak / overlap.std())


def turns() -> list[tuple[bool, bool, bool]]:
    """The eight ways to lay an image: axes swapped, then mirrored along y, along x; as is first."""
    both = (False, True)
    return [(swap, along_y, along_x) for swap in both for along_y in both for along_x in both]


def turned(image: Image, how: tuple[bool, bool, bool]) -> Image:
    """An image ``(n, n)`` laid in one of the eight ways; its pixel ``n // 2`` stays the middle."""
    swap, along_y, along_x = how
    laid = image.T if swap else image
    for axis in (axis for axis, mirrored in enumerate((along_y, along_x)) if mirrored):
        laid = np.flip(laid, axis)
        if laid.shape[axis] % 2 == 0:
            laid = np.roll(laid, 1, axis)
    return np.ascontiguousarray(laid)


def _flat(image: Image) -> NDArray[np.float32]:
    return np.asarray(image - image.mean(dtype=np.float64), dtype=np.float32)


def _peak(overlap: NDArray[np.float32]) -> tuple[float, float, float]:
    """Row and column of the strongest value, between the pixels, and the value."""
    row, column = np.unravel_index(int(np.argmax(np.abs(overlap))), overlap.shape)
    value = float(overlap[row, column])
    moved = []
    for axis, place in enumerate((int(row), int(column))):
        line = np.take(overlap, [place - 1, place, place + 1], axis=axis, mode="wrap")
        along = line[:, column] if axis == 0 else line[row]
        before, here, after = (float(one) for one in along)
        curved = before - 2 * here + after
        moved.append(place + (0.5 * (before - after) / curved if curved else 0.0))
    return moved[0], moved[1], value
