"""What was measured on one exposure, with when and where it was taken."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["MeasuredExposure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredExposure:
    """Qualities of one exposure, of whichever steps report them."""

    exposure: str
    """Its name."""
    taken: float
    """When it was taken, as well as is known, seconds since the epoch."""
    grid_square: str | None = None
    foil_hole: str | None = None
    group: int = 1
    """Exposure group."""
    nominal_defocus: float | None = None
    """Defocus asked of the microscope, Å, underfocus positive."""
    since_last: float | None = None
    """Seconds since the exposure before it was taken, measured or not; None: unknown."""
    qualities: Mapping[str, float] = field(default_factory=dict)
    """Values by the names in `icestream.model.quality`; what is not known is missing."""
