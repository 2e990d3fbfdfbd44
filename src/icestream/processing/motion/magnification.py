"""Magnification that differs between directions, undone in the aligned sum."""

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from icestream.compiled import njit
from icestream.model.arrays import Image
from icestream.processing.backend import operations
from icestream.processing.backend.cpu import spline_taps

__all__ = ["Distortion", "undo_distortion"]

_AROUND = 12
"""Pixels beyond the border that the spline is fitted to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distortion:
    """How an image is stretched: by `major` along one direction and by `minor` across it."""

    angle: float = 0.0
    """Degrees from the x axis towards the y axis of the array, of the direction of `major`."""
    major: float = 1.0
    """Magnification along it, over the nominal one."""
    minor: float = 1.0
    """Magnification across it."""

    def __post_init__(self) -> None:
        if not (0.5 <= self.major <= 2 and 0.5 <= self.minor <= 2):
            raise ValueError(
                f"magnifications of {self.major} and {self.minor} were given; what is meant are "
                "factors near 1, such as 1.02"
            )

    @property
    def matrix(self) -> NDArray[np.float64]:
        """``(2, 2)`` on (y, x): where in the distorted image a place of the true one lies."""
        c, s = math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle))
        across_y, along_y = np.array([c, -s]), np.array([s, c])
        return self.major * np.outer(along_y, along_y) + self.minor * np.outer(across_y, across_y)


def undo_distortion(image: Image, distortion: Distortion, *, threads: int = 1) -> Image:
    """Undo the distortion of an image about its centre (pixel ``n // 2``).

    The image is interpolated once more, by quintic B-splines whose response is divided out before:
    unlike the shifts of frames, a stretch moves each pixel differently. The mean grey value
    stays, and with it the noise power: a count is not divided by the area.

    Parameters
    ----------
    image
        ``(y, x)``, mirrored beyond its borders.
    distortion
        What the microscope does, as ``mag_distortion_estimate`` finds it.

    References
    ----------
    .. [1] Grant, Grigorieff (2015), 10.1016/j.jsb.2015.08.006.
    """
    ops = operations(image)
    shape = (image.shape[0], image.shape[1])
    # The spline's coefficients hang together over a few pixels: these are mirrored around.
    high, wide = (scipy.fft.next_fast_len(side + 2 * _AROUND, real=True) for side in shape)
    around = [(_AROUND, high - shape[0] - _AROUND), (_AROUND, wide - shape[1] - _AROUND)]
    padded = np.pad(np.asarray(image, dtype=np.float32), around, mode="symmetric")
    spectrum = ops.rfft2(padded, threads=threads)
    rows, columns = _response(np.fft.fftfreq(high)), _response(np.fft.rfftfreq(wide))
    spectrum /= (rows[:, None] * columns).astype(np.float32)
    coefficients = ops.irfft2(spectrum, (high, wide), threads=threads)
    inside = coefficients[_AROUND : _AROUND + shape[0], _AROUND : _AROUND + shape[1]]
    result = np.empty(shape, dtype=np.float32)
    _sample(np.ascontiguousarray(inside), distortion.matrix, result)
    return result


def _response(frequency: NDArray[np.floating]) -> NDArray[np.float64]:
    """Transform of the quintic B-spline's values at whole pixels."""
    far, near, middle = (float(spline_taps(0.0)[place]) for place in (0, 1, 2))
    turn = 2 * np.pi * np.asarray(frequency, dtype=np.float64)
    response: NDArray[np.float64] = middle + 2 * near * np.cos(turn) + 2 * far * np.cos(2 * turn)
    return response


@njit(cache=True, nogil=True, fastmath=True)  # pragma: no cover
def _sample(
    coefficients: NDArray[np.float32], matrix: NDArray[np.float64], out: NDArray[np.float32]
) -> None:
    """Value of the spline where the matrix leads from each pixel."""
    height, width = out.shape
    middle_y, middle_x = height // 2, width // 2
    for y in range(height):
        for x in range(width):
            dy, dx = float(y - middle_y), float(x - middle_x)
            py = middle_y + matrix[0, 0] * dy + matrix[0, 1] * dx
            px = middle_x + matrix[1, 0] * dy + matrix[1, 1] * dx
            iy, ix = int(np.floor(py)), int(np.floor(px))
            down, right = spline_taps(py - iy), spline_taps(px - ix)
            value = np.float32(0)
            for j in range(6):
                row = (iy + j - 2) % (2 * height)
                row = row if row < height else 2 * height - 1 - row
                part = np.float32(0)
                for i in range(6):
                    column = (ix + i - 2) % (2 * width)
                    column = column if column < width else 2 * width - 1 - column
                    part += right[i] * coefficients[row, column]
                value += down[j] * part
            out[y, x] = value
