"""Volumes in Fourier space: central slices out of them, and slices back into them.

A `Cube` holds the half ``kx >= 0`` of the transform of a real volume up to some frequency, in
steps of one Fourier pixel of the box (or a part of it), origin in the middle of z and y. The
transforms are matrix products: only the frequencies that are wanted are computed, at any spacing.
Values are in the scale of `PolarGrid.spectra` of the projections.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from icestream.compiled import njit
from icestream.processing.classify2d.polar import Complex, Float
from icestream.processing.volume.rotations import Rotations

__all__ = ["Map", "SliceSums", "central_slices", "cube_of", "footprint", "soft_sphere", "volume_of"]

Map = NDArray[np.float32]
"""Density ``(z, y, x)``."""

_OVERSAMPLING = 2
"""Samples per Fourier pixel from which slices are interpolated."""


@lru_cache(maxsize=16)
def _waves(box: int, reach: int, oversampling: int) -> tuple[Complex, Complex]:
    """Fourier matrices ``(2 reach + 1, box)`` for all and ``(reach + 1, box)`` for kx >= 0."""
    place = (np.arange(box) - box // 2) / (box * oversampling)
    waves = np.exp(-2j * np.pi * np.arange(-reach, reach + 1)[:, None] * place)
    full, half = waves.astype(np.complex64), waves[reach:].astype(np.complex64)
    full.setflags(write=False)
    half.setflags(write=False)
    return full, half


def cube_of(volume: Map, reach: int, image_box: int, oversampling: int = 1) -> Complex:
    """Transform ``(2 reach + 1, 2 reach + 1, reach + 1)`` of a volume.

    Parameters
    ----------
    volume
        ``(m, m, m)``; its extent in Å is that of the images, its voxels may be larger.
    reach
        Highest frequency along each axis, in samples.
    image_box
        Side of the images, pixels: sets the scale.
    oversampling
        Samples per Fourier pixel.
    """
    box = len(volume)
    full, half = _waves(box, reach, oversampling)
    # Each product contracts the last axis and brings the next one to the end.
    first = np.tensordot(half, volume.astype(np.complex64), axes=(1, 2))
    second = np.tensordot(full, first, axes=(1, 2))
    third = np.tensordot(full, second, axes=(1, 2))
    scale = np.float32(image_box**2 / box**3)
    return np.ascontiguousarray(third) * scale


def volume_of(cube: Complex, box: int, image_box: int) -> Map:
    """The volume ``(box, box, box)`` of a cube without oversampling: the inverse of `cube_of`."""
    reach = cube.shape[2] - 1
    full, half = _waves(box, reach, 1)
    twice = np.full(reach + 1, 2.0, dtype=np.float32)
    twice[0] = 1.0
    first = np.tensordot(full.conj(), cube, axes=(0, 0))
    second = np.tensordot(full.conj(), first, axes=(0, 1))
    last = second.transpose(1, 0, 2) * twice
    volume = last.real @ half.real + last.imag @ half.imag
    return np.asarray(volume / np.float32(image_box**2), dtype=np.float32)


def footprint(box: int, oversampling: int) -> Map:
    """What trilinear interpolation between the samples of a cube multiplies the volume with."""
    axis = np.sinc((np.arange(box) - box // 2) / (box * oversampling)) ** 2
    return np.asarray(axis[:, None, None] * axis[:, None] * axis, dtype=np.float32)


def soft_sphere(box: int, radius: float, edge: float) -> Map:
    """A sphere of `radius` voxels around voxel ``box // 2`` with a cosine edge outside it."""
    axis = np.arange(box, dtype=np.float32) - box // 2
    squared = axis**2
    distance = np.sqrt(squared[:, None, None] + squared[:, None] + squared)
    slope = np.clip((distance - radius) / max(edge, 1e-3), 0.0, 1.0)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * slope), dtype=np.float32)


def central_slices(
    volume: Map, rotations: Rotations, rings: int, angles: int, image_box: int
) -> Complex:
    """Spectra ``(n, rings, angles // 2)`` of the projections of a volume, as of `PolarGrid`.

    Parameters
    ----------
    volume
        ``(m, m, m)``, what it shows within the middle 3/4 of the box.
    rotations
        ``(n, 3, 3)``.
    rings, angles
        Of the polar grid.
    image_box
        Side of the images, pixels.

    Notes
    -----
    The central slice theorem, with trilinear interpolation on a grid twice as fine as the box
    asks for, whose footprint is divided out of the volume beforehand
    (https://doi.org/10.1109/TMI.1985.4307723).
    """
    sharp = volume / footprint(len(volume), _OVERSAMPLING)
    cube = cube_of(sharp, _OVERSAMPLING * rings + 1, image_box, _OVERSAMPLING)
    slices = np.empty((len(rotations), rings, angles // 2), dtype=np.complex64)
    _extract(cube, rotations, float(_OVERSAMPLING), slices)
    return slices


@dataclass(slots=True)
class SliceSums:
    """What the images say about the volume: two halves of them, summed in Fourier space."""

    numerator: Complex
    """``(2, 2 reach + 1, 2 reach + 1, reach + 1)`` sums of CTF x image."""
    denominator: Float
    """Sums of CTF²."""

    @classmethod
    def empty(cls, rings: int) -> "SliceSums":
        """Nothing yet."""
        reach = rings + 1
        shape = (2, 2 * reach + 1, 2 * reach + 1, reach + 1)
        return cls(np.zeros(shape, np.complex64), np.zeros(shape, np.float32))

    def fade(self, keep: float) -> None:
        """Forget all but the fraction `keep`."""
        self.numerator *= np.float32(keep)
        self.denominator *= np.float32(keep)

    def add(
        self, half: int, spectra: Complex, power: Float, rotations: Rotations, group: Rotations
    ) -> None:
        """Put slices into one half, once for each rotation of the point group.

        Parameters
        ----------
        half
            0 or 1.
        spectra
            ``(n, rings, angles // 2)`` sums of CTF x image for each view.
        power
            ``(n, rings)`` sums of CTF².
        rotations
            ``(n, 3, 3)`` of the views.
        group
            ``(g, 3, 3)``.
        """
        for element in group:
            _insert(
                self.numerator[half], self.denominator[half], rotations @ element, spectra, power
            )

    def hermitian(self) -> "SliceSums":
        """A copy in which the plane kx = 0 is completed by its mirror image."""
        numerator, denominator = self.numerator.copy(), self.denominator.copy()
        numerator[..., 0] += self.numerator[:, ::-1, ::-1, 0].conj()
        denominator[..., 0] += self.denominator[:, ::-1, ::-1, 0]
        return SliceSums(numerator, denominator)


@njit(cache=True, nogil=True, fastmath=True)
def _extract(cube, rotations, oversampling, slices):  # type: ignore[no-untyped-def]
    reach = cube.shape[2] - 1
    count, rings, half = slices.shape
    for d in range(count):
        m = rotations[d]
        for t in range(half):
            angle = np.pi * t / half
            ux, uy = np.cos(angle), np.sin(angle)
            ax = (m[0, 0] * ux + m[1, 0] * uy) * oversampling
            ay = (m[0, 1] * ux + m[1, 1] * uy) * oversampling
            az = (m[0, 2] * ux + m[1, 2] * uy) * oversampling
            mirrored = ax < 0.0
            if mirrored:
                ax, ay, az = -ax, -ay, -az
            for r in range(rings):
                x, y, z = ax * (r + 1), ay * (r + 1) + reach, az * (r + 1) + reach
                i, j, k = int(x), int(y), int(z)
                fx, fy, fz = np.float32(x - i), np.float32(y - j), np.float32(z - k)
                gx, gy, gz = np.float32(1) - fx, np.float32(1) - fy, np.float32(1) - fz
                value = gz * (
                    gy * (gx * cube[k, j, i] + fx * cube[k, j, i + 1])
                    + fy * (gx * cube[k, j + 1, i] + fx * cube[k, j + 1, i + 1])
                ) + fz * (
                    gy * (gx * cube[k + 1, j, i] + fx * cube[k + 1, j, i + 1])
                    + fy * (gx * cube[k + 1, j + 1, i] + fx * cube[k + 1, j + 1, i + 1])
                )
                slices[d, r, t] = value.conjugate() if mirrored else value


@njit(cache=True, nogil=True, fastmath=True)
def _insert(numerator, denominator, rotations, spectra, power):  # type: ignore[no-untyped-def]
    reach = numerator.shape[2] - 1
    count, rings, half = spectra.shape
    for d in range(count):
        m = rotations[d]
        for t in range(half):
            angle = np.pi * t / half
            ux, uy = np.cos(angle), np.sin(angle)
            ax = m[0, 0] * ux + m[1, 0] * uy
            ay = m[0, 1] * ux + m[1, 1] * uy
            az = m[0, 2] * ux + m[1, 2] * uy
            mirrored = ax < 0.0
            if mirrored:
                ax, ay, az = -ax, -ay, -az
            for r in range(rings):
                # Samples of a ring stand for an area that grows with its radius.
                area = np.float32((r + 1) * np.pi / half)
                value = spectra[d, r, t] * area
                if mirrored:
                    value = value.conjugate()
                weight = power[d, r] * area
                x, y, z = ax * (r + 1), ay * (r + 1) + reach, az * (r + 1) + reach
                i, j, k = int(x), int(y), int(z)
                fx, fy, fz = np.float32(x - i), np.float32(y - j), np.float32(z - k)
                for dz in range(2):
                    wz = fz if dz else np.float32(1) - fz
                    for dy in range(2):
                        wy = wz * (fy if dy else np.float32(1) - fy)
                        for dx in range(2):
                            w = wy * (fx if dx else np.float32(1) - fx)
                            numerator[k + dz, j + dy, i + dx] += w * value
                            denominator[k + dz, j + dy, i + dx] += w * weight
