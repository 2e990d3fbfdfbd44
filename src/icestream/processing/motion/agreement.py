"""How well the frames of each patch agree, and how that changes when they are moved."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icestream.compiled import njit
from icestream.processing.motion.patches import Patches
from icestream.threads import in_threads

__all__ = ["Agreement", "measure_agreement"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Agreement:
    """What the frames of all patches say at given shifts."""

    value: NDArray[np.float64]
    """``(patches, n)`` agreement of each frame with the sum of the others."""
    slope: NDArray[np.float64]
    """``(patches, n, 2)`` its derivatives by dy and dx, 1/Å."""
    bend: NDArray[np.float64]
    """``(patches, n)`` minus its second derivative, mean over dy dy and dx dx, 1/Å²."""
    power: NDArray[np.float64]
    """``(ky, kx)`` power of the aligned sums, summed over the patches."""


@njit(cache=True, nogil=True, fastmath=True)  # pragma: no cover
def _powers(turns: NDArray[np.float64], out: NDArray[np.float32]) -> None:
    """``exp(-2 pi i k turn)`` for k = 0, 1, ...: real parts in out[0], imaginary in out[1]."""
    for f in range(turns.size):
        angle = -2.0 * np.pi * turns[f]
        c, s = np.cos(angle), np.sin(angle)
        re, im = 1.0, 0.0
        for k in range(out.shape[2]):
            out[0, f, k] = re
            out[1, f, k] = im
            re, im = re * c - im * s, re * s + im * c


@njit(cache=True, nogil=True, fastmath=True)  # pragma: no cover
def _agree(  # noqa: PLR0913, PLR0917 - a kernel takes plain values
    real: NDArray[np.float32],
    imaginary: NDArray[np.float32],
    weight: NDArray[np.float32],
    reach: NDArray[np.int64],
    turns: NDArray[np.float64],
    found: NDArray[np.float64],
    power: NDArray[np.float32],
) -> None:
    """Fill `found` ``(n, 5)`` and `power` ``(ky, kx)`` of one patch.

    `turns` ``(n, 2)`` are shifts as parts of the extent of the patch. `found` is agreement, its
    derivatives by y and x, and minus its second derivatives, by angles ``2 pi turns``.
    """
    height, frames, width = real.shape
    turn_y = np.empty((2, frames, height // 2 + 1), dtype=np.float32)
    turn_x = np.empty((2, frames, width), dtype=np.float32)
    _powers(turns[:, 0], turn_y)
    _powers(turns[:, 1], turn_x)
    cos_x, sin_x = turn_x[0], turn_x[1]
    moved_re = np.empty((frames, width), dtype=np.float32)
    moved_im = np.empty((frames, width), dtype=np.float32)
    sum_re = np.empty(width, dtype=np.float32)
    sum_im = np.empty(width, dtype=np.float32)
    place = np.arange(width).astype(np.float32)
    found[:] = 0
    for y in range(height):
        end = reach[y]
        if end == 0:
            continue
        number = y if y <= height // 2 else y - height
        sum_re[:] = 0
        sum_im[:] = 0
        for f in range(frames):
            c = turn_y[0, f, abs(number)]
            s = turn_y[1, f, abs(number)] if number >= 0 else -turn_y[1, f, abs(number)]
            for x in range(end):
                p = c * cos_x[f, x] - s * sin_x[f, x]
                q = c * sin_x[f, x] + s * cos_x[f, x]
                a = real[y, f, x] * p - imaginary[y, f, x] * q
                b = real[y, f, x] * q + imaginary[y, f, x] * p
                moved_re[f, x] = a
                moved_im[f, x] = b
                sum_re[x] += a
                sum_im[x] += b
        for x in range(end):
            power[y, x] += sum_re[x] * sum_re[x] + sum_im[x] * sum_im[x]
        for f in range(frames):
            value = np.float32(0)
            odd = np.float32(0)
            odd_x = np.float32(0)
            even_xx = np.float32(0)
            for x in range(end):
                a, b = moved_re[f, x], moved_im[f, x]
                u, v = weight[y, x] * (sum_re[x] - a), weight[y, x] * (sum_im[x] - b)
                even = a * u + b * v
                slope = b * u - a * v
                value += even
                even_xx += even * place[x] * place[x]
                odd += slope
                odd_x += slope * place[x]
            found[f, 0] += 2 * value
            found[f, 1] += 2 * number * odd
            found[f, 2] += 2 * odd_x
            found[f, 3] += 2 * number * number * value
            found[f, 4] += 2 * even_xx


def measure_agreement(
    patches: Patches, weight: NDArray[np.float32], shifts: NDArray[np.float64], *, cores: int = 1
) -> Agreement:
    """Agreement of each moved frame with the sum of the others, patch by patch.

    With A the spectrum of a frame moved by its shift and L the sum of the other moved frames of
    the patch, the agreement is ``sum 2 weight Re(A conj L)`` over the half spectrum.

    Parameters
    ----------
    weight
        ``(ky, kx)`` on the band of the patches; zero where nothing is used.
    shifts
        ``(patches, n, 2)`` (dy, dx), Å: added to the coordinates of a frame to align it.
    """
    band = patches.band
    count, frames = shifts.shape[:2]
    used = weight != 0
    reach = np.where(used.any(axis=1), used.shape[1] - used[:, ::-1].argmax(axis=1), 0)
    turns = (shifts - patches.offsets) / band.extent
    agreement = np.empty((count, frames, 5))
    powers = np.zeros((count, *weight.shape), dtype=np.float32)

    def work(i: int) -> None:
        real, imaginary = patches.real[i], patches.imaginary[i]
        _agree(real, imaginary, weight, reach, turns[i], agreement[i], powers[i])

    in_threads(work, range(count), cores)
    scale = 2 * np.pi / np.array(band.extent)
    agreement[..., 1:3] *= scale
    agreement[..., 3:5] *= scale**2
    return Agreement(
        value=agreement[..., 0],
        slope=agreement[..., 1:3],
        bend=0.5 * (agreement[..., 3] + agreement[..., 4]),
        power=powers.sum(axis=0, dtype=np.float64),
    )
