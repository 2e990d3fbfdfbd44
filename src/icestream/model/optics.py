"""The optics that made an image."""

import math
from dataclasses import dataclass, replace

__all__ = ["Optics"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Optics:
    """What the contrast transfer function of an image depends on, besides its defocus."""

    pixel_size: float
    """Å on the specimen, of the image that these optics describe (after any binning)."""
    voltage: float
    """Acceleration voltage, kV."""
    spherical_aberration: float = 2.7
    """Cs, mm."""
    amplitude_contrast: float = 0.1
    """Fraction of the contrast that is amplitude contrast, 0 to 1."""

    @property
    def wavelength(self) -> float:
        """Relativistic wavelength of the electrons, Å."""
        volts = self.voltage * 1e3
        return 12.2643247 / math.sqrt(volts * (1.0 + 0.978466e-6 * volts))

    def binned(self, factor: float) -> "Optics":
        """The same optics after an image has been made smaller by `factor`."""
        return replace(self, pixel_size=self.pixel_size * factor)
