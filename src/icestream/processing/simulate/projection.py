"""From atoms to the wave behind the specimen, one slice of the ice at a time."""

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from icestream.compiled import njit
from icestream.model.optics import Optics
from icestream.processing.ctf.transfer import ctf_2d
from icestream.processing.fourier import frequency_grid
from icestream.processing.simulate.ice import VOLT_SQUARE_ANGSTROM
from icestream.processing.simulate.specimen import Specimen
from icestream.processing.simulate.transfer import Aberrations, phase_per_volt

__all__ = ["image_transform", "project"]

DISPLACED_WATER = 16.5 * 4.57
"""Potential of the water that a heavy atom displaces, V·Å³ (16.5 Å³ at 4.57 V)."""

WATER_SPREAD = 1.8
"""Standard deviation of the displaced water around its atom, Å."""


@njit(cache=True, nogil=True, fastmath=True)
def _splat(positions, lengths, displaced, rotation, center_y, center_x, scale, atoms, water):  # type: ignore[no-untyped-def]  # noqa: PLR0913, PLR0917
    ny, nx = atoms.shape
    for i in range(positions.shape[0]):
        px, py, pz = positions[i, 0], positions[i, 1], positions[i, 2]
        x = center_x + (rotation[0, 0] * px + rotation[0, 1] * py + rotation[0, 2] * pz) * scale
        y = center_y + (rotation[1, 0] * px + rotation[1, 1] * py + rotation[1, 2] * pz) * scale
        x0 = int(np.floor(x))
        y0 = int(np.floor(y))
        if x0 < 0 or y0 < 0 or x0 >= nx - 1 or y0 >= ny - 1:
            continue
        fx = np.float32(x - x0)
        fy = np.float32(y - y0)
        w00 = (np.float32(1) - fy) * (np.float32(1) - fx)
        w01 = (np.float32(1) - fy) * fx
        w10 = fy * (np.float32(1) - fx)
        w11 = fy * fx
        f, d = lengths[i], displaced[i]
        atoms[y0, x0] += w00 * f
        atoms[y0, x0 + 1] += w01 * f
        atoms[y0 + 1, x0] += w10 * f
        atoms[y0 + 1, x0 + 1] += w11 * f
        water[y0, x0] += w00 * d
        water[y0, x0 + 1] += w01 * d
        water[y0 + 1, x0] += w10 * d
        water[y0 + 1, x0 + 1] += w11 * d


def project(
    specimen: Specimen,
    rotations: NDArray[np.float32],
    centers: NDArray[np.float64],
    shape: tuple[int, int],
    pixel_size: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Project many copies of a specimen onto one image, bilinearly.

    Parameters
    ----------
    specimen
        Point scatterers.
    rotations
        ``(n, 3, 3)``; applied to (x, y, z).
    centers
        ``(n, 2)`` as (y, x), pixels. What falls outside the image is lost.
    shape
        ``(y, x)`` pixels.
    pixel_size
        Å.

    Returns
    -------
    tuple of numpy.ndarray
        Projected potential of the atoms and of the water that they displace (not yet spread by
        `WATER_SPREAD`), V·Å. Their sums times the pixel's area are the integrals over the atoms.
    """
    atoms = np.zeros(shape, dtype=np.float32)
    water = np.zeros(shape, dtype=np.float32)
    area = pixel_size * pixel_size
    lengths = specimen.lengths * np.float32(VOLT_SQUARE_ANGSTROM / area)
    displaced = specimen.displaced * np.float32(DISPLACED_WATER / area)
    for rotation, (y, x) in zip(rotations, centers, strict=True):
        _splat(
            specimen.positions, lengths, displaced, rotation, y, x, 1.0 / pixel_size, atoms, water
        )
    return atoms, water


def image_transform(
    slices: list[tuple[float, NDArray[np.float32], NDArray[np.float32]]],
    optics: Optics,
    aberrations: Aberrations,
) -> NDArray[np.complex64]:
    """Half transform of the relative intensity that the particles make, before any damage.

    Parameters
    ----------
    slices
        ``(defocus offset Å, atoms, water)``, as `project` gives them, for each depth of the ice.
    optics, aberrations
        Of the exposure.

    Notes
    -----
    Weak phase object: intensity = 1 + 2·F⁻¹[CTF·F(phase)]. The bilinear footprint of the
    projection is undone (division by sinc²), so that only `b_factor` damps high frequencies.
    """
    shape = (slices[0][1].shape[0], slices[0][1].shape[1])
    k2 = np.square(frequency_grid(shape, optics.pixel_size))
    total = np.zeros(k2.shape, dtype=np.complex64)
    blur = np.exp(np.float32(-2.0 * (np.pi * WATER_SPREAD) ** 2) * k2)
    for offset, atoms, water in slices:
        displaced = fft.rfft2(water)
        displaced *= blur
        potential = fft.rfft2(atoms)
        potential -= displaced
        potential *= ctf_2d(shape, aberrations.at(offset), optics, half=True)
        total += potential
    total *= np.exp(np.float32(-0.25 * aberrations.b_factor) * k2)
    total *= np.float32(2.0 * phase_per_volt(optics))
    rows, columns = np.sinc(np.fft.fftfreq(shape[0])), np.sinc(np.fft.rfftfreq(shape[1]))
    total /= np.square(rows[:, None] * columns).astype(np.float32)
    return total
