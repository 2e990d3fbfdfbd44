"""One shot of the microscope, and where on the grid it was taken."""

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Exposure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """One shot: a movie, then its micrograph.

    Whatever the metadata did not say is ``None``.
    """

    name: str
    """Unique in the session and safe as a file name; every item of the exposure carries it."""
    acquired: datetime | None = None
    grid_square: str | None = None
    foil_hole: str | None = None
    group: int = 1
    """Exposure group (RELION's optics group), from 1."""
    beam_shift: tuple[float, float] | None = None
    """(x, y) in the microscope's own units; only relative values mean something."""
    stage: tuple[float, float, float] | None = None
    """Stage position (x, y, z), µm."""
    tilt: float | None = None
    """Stage tilt, degrees."""
    nominal_defocus: float | None = None
    """Defocus asked of the microscope, Å, underfocus positive."""
