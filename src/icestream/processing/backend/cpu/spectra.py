"""Half spectra of numpy arrays: moved and summed, averaged over rings, and transfer functions."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icestream.compiled import njit
from icestream.model.arrays import Stack

__all__ = ["ctf_image", "radial_mean", "shift_and_sum"]


@njit(cache=True, nogil=True, fastmath=True)  # pragma: no cover
def _shift_and_sum(
    spectra: NDArray[np.complex64],
    ky: NDArray[np.float64],
    kx: NDArray[np.float64],
    shifts: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> NDArray[np.complex64]:
    frames, height, width = spectra.shape
    total = np.zeros((height, width), dtype=np.complex64)
    turn = 2.0 * np.pi
    row = np.empty(width, dtype=np.complex64)
    for f in range(frames):
        for x in range(width):
            angle = -turn * kx[x] * shifts[f, 1]
            row[x] = weights[f] * complex(math.cos(angle), math.sin(angle))
        for y in range(height):
            angle = -turn * ky[y] * shifts[f, 0]
            phase = np.complex64(complex(math.cos(angle), math.sin(angle)))
            for x in range(width):
                total[y, x] += spectra[f, y, x] * (phase * row[x])
    return total


def shift_and_sum(
    spectra: NDArray[Any],
    frequency: tuple[NDArray[Any], NDArray[Any]],
    shifts: NDArray[Any],
    weights: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Weighted sum of half spectra whose images are moved; see `Operations`."""
    result: NDArray[Any] = _shift_and_sum(
        spectra,
        np.asarray(frequency[0], dtype=np.float64),
        np.asarray(frequency[1], dtype=np.float64),
        np.asarray(shifts, dtype=np.float64),
        np.ones(len(spectra)) if weights is None else np.asarray(weights, dtype=np.float64),
    )
    return result


@njit(cache=True, nogil=True, fastmath=True)  # pragma: no cover
def _ctf_image(
    ky: NDArray[np.float64],
    kx: NDArray[np.float64],
    defoci: NDArray[np.float64],
    lens: tuple[float, float],
    out: NDArray[np.float32],
) -> None:
    wavelength, cs = lens
    for n in range(out.shape[0]):
        mean, along, across = defoci[n, 0], defoci[n, 1], defoci[n, 2]
        constant = defoci[n, 3] / (2 * math.pi)
        for y in range(out.shape[1]):
            for x in range(out.shape[2]):
                yy, xx, yx = ky[y] * ky[y], kx[x] * kx[x], ky[y] * kx[x]
                squared = yy + xx
                bent = mean * squared + along * (xx - yy) + 2 * across * yx
                path = bent - 0.5 * wavelength * wavelength * cs * squared * squared
                # Whole turns are taken off in double precision; what is left is small, and
                # folded to a quarter turn, where a polynomial gives the sine to 1e-7.
                turns = 0.5 * wavelength * path + constant
                rest = turns - math.floor(turns + 0.5)
                rest = min(max(rest, -0.5 - rest), 0.5 - rest)
                u = np.float32(2 * math.pi * rest)
                v = u * u
                sine = np.float32(-1 / 39916800) * v + np.float32(1 / 362880)
                sine = sine * v - np.float32(1 / 5040)
                sine = sine * v + np.float32(1 / 120)
                sine = sine * v - np.float32(1 / 6)
                out[n, y, x] = -(u + u * v * sine)


def ctf_image(
    shape: tuple[int, int], pixel_size: float, defoci: NDArray[Any], lens: tuple[float, float]
) -> Stack:
    """Contrast transfer functions on the half spectrum; see `Operations`."""
    out = np.empty((len(defoci), shape[0], shape[1] // 2 + 1), dtype=np.float32)
    _ctf_image(
        np.fft.fftfreq(shape[0], pixel_size).astype(np.float64),
        np.fft.rfftfreq(shape[1], pixel_size).astype(np.float64),
        np.asarray(defoci, dtype=np.float64),
        (float(lens[0]), float(lens[1])),
        out,
    )
    return out


def radial_mean(images: NDArray[Any], ring: NDArray[Any], count: int) -> NDArray[Any]:
    """Mean of images over rings; see `Operations`."""
    inside = (ring >= 0) & (ring < count)
    places = ring[inside]
    counts = np.bincount(places, minlength=count)
    flat = images.reshape(-1, *images.shape[-2:])
    result = np.full((len(flat), count), np.nan)
    for mean, image in zip(result, flat, strict=True):
        total = np.bincount(places, weights=image[inside], minlength=count)
        np.divide(total, counts, out=mean, where=counts > 0)
    return result.reshape(*images.shape[:-2], count)
