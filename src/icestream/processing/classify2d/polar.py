"""Images as rings in Fourier space, where a rotation is a shift and nothing is interpolated.

The transform of a real image at frequency ``-k`` is the complex conjugate of that at ``k``, so
the real numbers ``Re F + Im F`` on a whole circle (the Hartley transform) hold everything, turn
with the image, and have the same inner products. Their Fourier series along each ring are the
polar harmonics.
"""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from icestream.model import Stack
from icestream.processing.backend import operations

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
        """
        ops = operations(images)
        return np.asarray(ops.polar_transform(images, self.rings, self.angles))

    def images(self, circles: Float) -> Stack:
        """Real images ``(n, box, box)`` whose Hartley rings are ``(n, rings, angles)``.

        Quadrature over the area of Fourier space: the inverse of `spectra` for images that are
        band-limited to the rings and have no mean.
        """
        return np.asarray(operations(circles).polar_images(circles, self.box))

    def harmonics(self, images: Stack) -> Complex:
        """Polar harmonics ``(n, rings, orders)`` of real images."""
        return to_harmonics(self.spectra(images))

    def circles(self, harmonics: Complex) -> Float:
        """Hartley rings ``(n, rings, angles)`` from their harmonics."""
        return np.asarray(scipy.fft.irfft(harmonics, self.angles, axis=-1), dtype=np.float32)

    def masking(self, mask: Float) -> Float:
        """Matrices ``(orders, rings, rings)`` that multiply images by a round `mask`.

        For each order, the matrix times the harmonics on all rings gives those of the masked
        image: `images`, the product and `harmonics` in one. A mask that is round about the
        center mixes rings, but not orders.
        """
        axis = np.arange(self.box) - self.box // 2
        frequency = np.linspace(0.0, 2.0 * self.rings, 40 * self.rings + 1)
        waves = np.cos(2.0 * np.pi / self.box * frequency[:, None] * axis)
        profile = waves @ mask.sum(axis=0, dtype=np.float64) / self.box**2
        radius = np.arange(1, self.rings + 1, dtype=np.float64)
        turn = 2.0 * np.pi * np.arange(self.angles) / self.angles
        squared = np.square(radius)[:, None, None] + np.square(radius)[None, :, None]
        squared = squared - 2.0 * radius[:, None, None] * radius[None, :, None] * np.cos(turn)
        kernel = np.interp(np.sqrt(np.maximum(squared, 0.0)), frequency, profile)
        kernel *= 2.0 * np.pi / self.angles * radius[None, :, None]
        return np.asarray(scipy.fft.rfft(kernel, axis=-1).real.transpose(2, 0, 1), dtype=np.float32)

    def ramps(self, shifts: Float) -> Complex:
        """Phases ``(s, rings, angles // 2)`` that move images by ``-shifts``, ``(s, 2)`` (y, x).

        Multiply the spectra of an image whose content lies at ``shifts`` from the center: the
        product is that of the centered image.
        """
        ky, kx = _frequencies(self.rings, self.angles)
        turns = shifts[:, 0, None, None] * ky + shifts[:, 1, None, None] * kx
        return np.asarray(np.exp(2j * np.pi / self.box * turns), dtype=np.complex64)


def to_harmonics(spectra: Complex) -> Complex:
    """Harmonics ``(..., orders)`` of the Hartley rings of half-circle spectra."""
    half = spectra.shape[-1]
    circles = np.empty((*spectra.shape[:-1], 2 * half), dtype=np.float32)
    np.add(spectra.real, spectra.imag, out=circles[..., :half])
    np.subtract(spectra.real, spectra.imag, out=circles[..., half:])
    return np.asarray(scipy.fft.rfft(circles, axis=-1), dtype=np.complex64)


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


def _frequencies(rings: int, angles: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(ky, kx) in Fourier pixels on the half circles, ``(rings, angles // 2)``."""
    radius = np.arange(1, rings + 1, dtype=np.float64)[:, None]
    theta = 2.0 * np.pi * np.arange(angles // 2)[None, :] / angles
    return radius * np.sin(theta), radius * np.cos(theta)
