"""Settings of the lens for one exposure, and how strongly the specimen scatters."""

import math
from dataclasses import dataclass

from icestream.model.optics import Optics
from icestream.processing.ctf.transfer import Defocus

__all__ = ["Aberrations", "phase_per_volt"]


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

    def at(self, offset: float = 0.0) -> Defocus:
        """The defocus in the depth of the ice where it is `offset` Å above the mean."""
        return Defocus(
            u=self.defocus_u + offset,
            v=self.defocus_v + offset,
            angle=self.angle,
            phase_shift=self.phase_shift,
        )


def phase_per_volt(optics: Optics) -> float:
    """Interaction constant: phase in radians of 1 V·Å of projected potential."""
    rest = 510998.95
    volts = optics.voltage * 1e3
    return 2.0 * math.pi / (optics.wavelength * volts) * (rest + volts) / (2.0 * rest + volts)
