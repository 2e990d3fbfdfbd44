"""Vitreous water as a random phase object that the beam keeps stirring."""

import numpy as np
from numpy.typing import NDArray

from icestream.model.optics import Optics
from icestream.processing.ctf.transfer import aberration_2d
from icestream.processing.fourier import frequency_grid
from icestream.processing.simulate.transfer import Aberrations, phase_per_volt

__all__ = ["diffusion_memory", "ice_amplitude", "ring_power", "structure_factor"]

VOLT_SQUARE_ANGSTROM = 47.878
"""Projected potential of a scattering length of 1 Å, V·Å³."""

WATER_LENGTH = 3.04
"""Scattering factor of a water molecule at zero angle, Å."""

WATER_DENSITY = 0.0314
"""Molecules in 1 Å³ of vitreous ice."""


def structure_factor(k: NDArray[np.floating]) -> NDArray[np.float64]:
    """Power of the density of vitreous water over that of a gas, at k in 1/Å.

    0.06 at low frequency (its compressibility), rising near 1/5 Å to a peak at 1/3.7 Å.
    """
    k = np.asarray(k, dtype=np.float64)
    rise = 0.94 / (1.0 + np.exp(-(k - 0.225) / 0.018))
    peak = 0.75 * np.exp(-0.5 * ((k - 1 / 3.7) / 0.025) ** 2)
    return np.asarray(0.06 + rise + peak)


def ring_power(
    chi_mean: NDArray[np.floating], k2: NDArray[np.floating], wavelength: float, thickness: float
) -> NDArray[np.float64]:
    """Mean of ``sin²(chi)`` over the depth of a slab, `thickness` in Å.

    References
    ----------
    .. [1] Elferich et al., eLife 13 (2024), doi:10.7554/eLife.97227
    """
    blur = np.sinc(wavelength * thickness * np.asarray(k2))
    return np.asarray(0.5 * (1.0 - blur * np.cos(2.0 * chi_mean)))


def ice_amplitude(
    shape: tuple[int, int],
    optics: Optics,
    aberrations: Aberrations,
    thickness: float,
) -> NDArray[np.float32]:
    """Standard deviation of the image of ice, per Fourier component of a white unit-variance image.

    Parameters
    ----------
    shape
        ``(y, x)`` pixels of the image.
    optics, aberrations
        Of the exposure.
    thickness
        Å.

    Returns
    -------
    numpy.ndarray
        ``(y, x // 2 + 1)``: multiply with the transform of white noise of variance 1 for the
        relative intensity of the ice, CTF and envelope included.
    """
    k2 = np.square(frequency_grid(shape, optics.pixel_size))
    molecules = WATER_DENSITY * thickness * optics.pixel_size**2
    deviation = (
        phase_per_volt(optics)
        * VOLT_SQUARE_ANGSTROM
        * WATER_LENGTH
        * np.sqrt(molecules)
        / optics.pixel_size**2
    )
    chi = aberration_2d(shape, aberrations.at(), optics, half=True)
    power = structure_factor(np.sqrt(k2)) * ring_power(chi, k2, optics.wavelength, thickness)
    envelope = np.exp(-0.25 * aberrations.b_factor * k2)
    return np.asarray(2.0 * deviation * np.sqrt(power) * envelope, dtype=np.float32)


def diffusion_memory(k2: NDArray[np.floating], dose: float) -> NDArray[np.float32]:
    """What is left of each component of the ice after `dose` e/Å² (1 Å² of diffusion each)."""
    left = np.exp(-0.5 * (2.0 * np.pi) ** 2 * np.asarray(k2) * dose)
    return np.asarray(left, dtype=np.float32)
