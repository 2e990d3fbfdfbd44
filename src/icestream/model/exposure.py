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
    """Unique in the session, as people know it; every item of the exposure carries it. Files are
    called after it by `safe_file_name`."""
    acquired: datetime | None = None
    """When it was taken, by its own metadata."""
    written: datetime | None = None
    """When its movie was last changed, by the file system."""
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
    phase_plate: bool | None = None
    """Whether a phase plate was in."""
