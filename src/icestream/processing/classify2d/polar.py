"""Images as rings in Fourier space, where a rotation is a shift and nothing is interpolated.

The transform of a real image at frequency ``-k`` is the complex conjugate of that at ``k``, so
the real numbers ``Re F + Im F`` on a whole circle (the Hartley transform) hold everything, turn
with the image, and have the same inner products. Their Fourier series along each ring are the
polar harmonics.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from icestream.model import Stack

__all__ = ["Complex", "Float", "PolarGrid", "disc_mask", "to_harmonics", "to_spectra"]

Float = NDArray[np.float32]
Complex = NDArray[np.complex64]


@dataclass(frozen=True, slots=True)
class PolarGrid:
    """Rings 1 to `rings` in Fourier pixels of a `box`, each sampled at `angles` directions."""

    box: int
    """Even."""
    rings: int
    angles: int
    """Samples on a whole circle, a multiple of 4; sample 0 is +x, then towards +y."""

    @property
    def orders(self) -> int:
        """Number of harmonics, 0 to ``angles // 2``."""
        return self.angles // 2 + 1

    def spectra(self, images: Stack) -> Complex:
        """Fourier transforms ``(n, rings, angles // 2)`` on the half circle, exactly.

        The origin is pixel ``box // 2``; the transform is unitary on the Cartesian grid, so that
        white noise of variance 1 has ``|F|²`` = 1 on average.

        Images are folded into parts that are even or odd in y and in x, which need only a
        quarter of the pixels and a quarter of the circle each.
        """
        even, odd = _fold(np.asarray(images, dtype=np.float32), axis=1)
        (ee, eo), (oe, oo) = _fold(even, axis=2), _fold(odd, axis=2)
        waves = _waves(self.box, self.rings, self.angles)
        quarters = [
            (part.reshape(len(images), -1) @ wave).reshape(len(images), self.rings, -1)
            for part, wave in zip((ee, eo, oe, oo), waves, strict=True)
        ]
        first, second = slice(0, self.angles // 4 + 1), slice(self.angles // 4 + 1, None)
        spectra = np.empty((len(images), self.rings, self.angles // 2), dtype=np.complex64)
        spectra.real[..., first] = quarters[0] - quarters[3]
        spectra.imag[..., first] = -quarters[1] - quarters[2]
        spectra.real[..., second] = (quarters[0] + quarters[3])[..., -2:0:-1]
        spectra.imag[..., second] = (quarters[1] - quarters[2])[..., -2:0:-1]
        return spectra

    def images(self, circles: Float) -> Stack:
        """Real images ``(n, box, box)`` whose Hartley rings are ``(n, rings, angles)``.

        Quadrature over the area of Fourier space: the inverse of `spectra` for images that are
        band-limited to the rings and have no mean.
        """
        half = self.angles // 2
        area = 2.0 * np.pi * np.arange(1, self.rings + 1, dtype=np.float32) / self.angles
        weighted = (circles * area[None, :, None]).astype(np.float32)
        front, back = weighted[..., :half], weighted[..., half:]
        real, imaginary = _quarter(front + back), _quarter(front - back)
        parts = (
            real[0] + real[1],
            imaginary[1] - imaginary[0],
            -imaginary[0] - imaginary[1],
            real[1] - real[0],
        )
        side = self.box // 2 + 1
        waves = _waves(self.box, self.rings, self.angles)
        ee, eo, oe, oo = (
            (part.reshape(len(circles), -1) @ wave.T).reshape(-1, side, side)
            for part, wave in zip(parts, waves, strict=True)
        )
        return _unfold(_unfold(ee, eo, axis=2), _unfold(oe, oo, axis=2), axis=1)

    def harmonics(self, images: Stack) -> Complex:
        """Polar harmonics ``(n, rings, orders)`` of real images."""
        return to_harmonics(self.spectra(images))

    def circles(self, harmonics: Complex) -> Float:
        """Hartley rings ``(n, rings, angles)`` from their harmonics."""
        return np.asarray(fft.irfft(harmonics, self.angles, axis=-1), dtype=np.float32)

    def ramps(self, shifts: Float) -> Complex:
        """Phases ``(s, rings, angles // 2)`` that move images by ``-shifts``, ``(s, 2)`` (y, x).

        Multiply the spectra of an image whose content lies at ``shifts`` from the center: the
        product is that of the centered image.
        """
        ky, kx = _frequencies(self.rings, self.angles // 2, self.angles)
        turns = shifts[:, 0, None, None] * ky + shifts[:, 1, None, None] * kx
        return np.asarray(np.exp(2j * np.pi / self.box * turns), dtype=np.complex64)


def to_harmonics(spectra: Complex) -> Complex:
    """Harmonics ``(..., orders)`` of the Hartley rings of half-circle spectra."""
    half = spectra.shape[-1]
    circles = np.empty((*spectra.shape[:-1], 2 * half), dtype=np.float32)
    np.add(spectra.real, spectra.imag, out=circles[..., :half])
    np.subtract(spectra.real, spectra.imag, out=circles[..., half:])
    return np.asarray(fft.rfft(circles, axis=-1), dtype=np.complex64)


def to_spectra(circles: Float) -> Complex:
    """Half-circle spectra of Hartley rings ``(..., angles)``."""
    front, back = np.split(np.float32(0.5) * circles, 2, axis=-1)
    return np.asarray(front + back + 1j * (front - back), dtype=np.complex64)


def disc_mask(box: int, radius: float, edge: float = 4.0) -> Float:
    """A disc of `radius` pixels around pixel ``box // 2`` with a cosine edge outside it."""
    axis = np.arange(box, dtype=np.float32) - box // 2
    distance = np.hypot(axis[:, None], axis[None, :])
    slope = np.clip((distance - radius) / max(edge, 1e-3), 0.0, 1.0)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * slope), dtype=np.float32)


def _frequencies(
    rings: int, directions: int, angles: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(ky, kx) in Fourier pixels, ``(rings, directions)``, from +x on."""
    radius = np.arange(1, rings + 1, dtype=np.float64)[:, None]
    theta = 2.0 * np.pi * np.arange(directions)[None, :] / angles
    return radius * np.sin(theta), radius * np.cos(theta)


@lru_cache(maxsize=4)
def _waves(box: int, rings: int, angles: int) -> tuple[Float, Float, Float, Float]:
    """Products of cosines and sines ``(quarter pixels, rings * (angles // 4 + 1))``.

    In this order: cos cos, cos sin, sin cos, sin sin; first of y, then of x.
    """
    ky, kx = _frequencies(rings, angles // 4 + 1, angles)
    axis = 2.0 * np.pi * np.arange(box // 2 + 1)[:, None] / box
    along = [wave(axis * ky.ravel()) / box for wave in (np.cos, np.sin)]
    across = [wave(axis * kx.ravel()) for wave in (np.cos, np.sin)]
    made = []
    for y in along:
        for x in across:
            wave = (y[:, None, :] * x[None, :, :]).reshape((box // 2 + 1) ** 2, -1)
            made.append(wave.astype(np.float32))
            made[-1].setflags(write=False)
    return made[0], made[1], made[2], made[3]


def _fold(images: Stack, axis: int) -> tuple[Stack, Stack]:
    """Even and odd parts along an axis, at 0 to ``box // 2`` pixels from the center, summed."""
    moved = np.moveaxis(images, axis, -1)
    center = moved.shape[-1] // 2
    ahead, behind = moved[..., center:], moved[..., center:0:-1]
    even = np.empty((*moved.shape[:-1], center + 1), dtype=np.float32)
    even[..., :center], even[..., center] = ahead, moved[..., 0]
    odd = even.copy()
    even[..., 1:center] += behind[..., 1:]
    odd[..., 1:center] -= behind[..., 1:]
    odd[..., 0], odd[..., center] = 0.0, -moved[..., 0]
    return np.moveaxis(even, -1, axis), np.moveaxis(odd, -1, axis)


def _unfold(even: NDArray[Any], odd: NDArray[Any], axis: int) -> Stack:
    """The image whose values at +-j from the center along an axis are even(j) +- odd(j)."""
    even, odd = np.moveaxis(even, axis, -1), np.moveaxis(odd, axis, -1)
    center = even.shape[-1] - 1
    joined = np.concatenate([(even - odd)[..., :0:-1], (even + odd)[..., :center]], axis=-1)
    return np.asarray(np.moveaxis(joined, -1, axis), dtype=np.float32)


def _quarter(half: NDArray[Any]) -> tuple[Float, Float]:
    """A half circle as a quarter, and the mirror image of the other quarter.

    The first and the last direction are their own mirror images: zero in the second.
    """
    quarter = half.shape[-1] // 2
    mirrored = np.zeros((*half.shape[:-1], quarter + 1), dtype=np.float32)
    mirrored[..., 1:quarter] = half[..., :quarter:-1]
    return half[..., : quarter + 1], mirrored
