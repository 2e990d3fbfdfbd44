"""What the microscope and the dose do to each spatial frequency."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icestream.model.optics import Optics

__all__ = ["Aberrations", "critical_exposure", "frequency_grid", "phase_per_volt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aberrations:
    """Defocus and astigmatism of one exposure, and its envelope."""

    defocus_u: float
    """Larger defocus, Å, underfocus positive."""
    defocus_v: float
    """Smaller defocus, Å."""
    angle: float = 0.0
    """Direction of `defocus_u`, degrees from +x towards +y of the array."""
    phase_shift: float = 0.0
    """Of a phase plate, degrees."""
    b_factor: float = 80.0
    """Envelope ``exp(-B k²/4)``, Å²."""

    @property
    def defocus(self) -> float:
        """Mean defocus, Å."""
        return 0.5 * (self.defocus_u + self.defocus_v)

    def coefficients(self, optics: Optics, offset: float = 0.0) -> tuple[float, ...]:
        """Numbers `(a, b, c, d, e)` of `chi` as a polynomial of the frequency.

        ``chi = (a·k² + b·(kx²-ky²) + c·2·kx·ky) - d·k⁴ + e`` with k in 1/Å; `offset` is added to
        the defocus, Å.
        """
        wave = math.pi * optics.wavelength
        half = 0.5 * (self.defocus_u - self.defocus_v)
        twice = math.radians(2.0 * self.angle)
        amplitude = optics.amplitude_contrast
        return (
            wave * (self.defocus + offset),
            wave * half * math.cos(twice),
            wave * half * math.sin(twice),
            0.5 * wave * optics.wavelength**2 * optics.spherical_aberration * 1e7,
            math.radians(self.phase_shift) + math.atan2(amplitude, math.sqrt(1 - amplitude**2)),
        )

    def ctf(
        self, ky: NDArray[np.floating], kx: NDArray[np.floating], optics: Optics, offset: float = 0
    ) -> NDArray[np.float64]:
        """``-sin(chi)`` at the frequencies, 1/Å: protein is dark at underfocus.

        References
        ----------
        .. [1] Rohou & Grigorieff, J. Struct. Biol. 192 (2015), doi:10.1016/j.jsb.2015.08.008
        """
        a, b, c, d, e = self.coefficients(optics, offset)
        x, y = np.asarray(kx, dtype=np.float64), np.asarray(ky, dtype=np.float64)
        k2 = x * x + y * y
        chi = a * k2 + b * (x * x - y * y) + c * 2 * x * y - d * k2 * k2 + e
        return -np.sin(chi)


def phase_per_volt(optics: Optics) -> float:
    """Interaction constant: phase in radians of 1 V·Å of projected potential."""
    rest = 510998.95
    volts = optics.voltage * 1e3
    return 2.0 * math.pi / (optics.wavelength * volts) * (rest + volts) / (2.0 * rest + volts)


def critical_exposure(k: NDArray[np.floating], voltage: float) -> NDArray[np.float64]:
    """Exposure that takes 1/e of the power of a frequency, e/Å².

    Parameters
    ----------
    k
        Spatial frequency, 1/Å; infinite at 0.
    voltage
        kV. Measured at 300 kV; 0.8 times that at 200 kV, in proportion between and beyond.

    References
    ----------
    .. [1] Grant & Grigorieff, eLife 4 (2015), doi:10.7554/eLife.06980
    """
    scale = 1.0 + 0.2 * (voltage - 300.0) / 100.0
    with np.errstate(divide="ignore"):
        exposure = 0.24499 * np.asarray(k, dtype=np.float64) ** -1.6649 + 2.8141
    return np.asarray(exposure * scale)


def frequency_grid(
    shape: tuple[int, int], pixel_size: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frequencies (ky ``(ny, 1)``, kx ``(1, nx//2+1)``) of a half transform, 1/Å."""
    ky = np.asarray(np.fft.fftfreq(shape[0], pixel_size), dtype=np.float64)
    kx = np.asarray(np.fft.rfftfreq(shape[1], pixel_size), dtype=np.float64)
    return ky[:, None], kx[None, :]
