"""Which peaks are particles: high enough over the noise, and neither debris nor contamination."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Kept", "Limits", "within_limits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How strict to be."""

    threshold: float = 4.5
    """Least height of a peak, in standard deviations of the noise."""
    relative: float = 0.5
    """Least height as a fraction of a typical particle's; 0 switches it off."""
    outliers: float = 2.5
    """Peaks higher than this many times a typical particle's are contamination."""
    typical: float | None = None
    """Height of a typical particle, where it is known; None: the median of those kept."""


class Kept(NamedTuple):
    """What peaks are, each ``(n,)``."""

    particles: NDArray[np.bool_]
    contamination: NDArray[np.bool_]
    """Higher than any particle."""


def within_limits(
    height: NDArray[np.float64],
    relative_height: NDArray[np.float64],
    limits: Limits,
    *,
    strongest: NDArray[np.float64] | None = None,
) -> Kept:
    """Tell particles, and contamination, from peaks of noise and debris.

    Parameters
    ----------
    height
        ``(n,)`` standard deviations of the noise.
    relative_height
        ``(n,)`` the same over what is expected of the particle at that place, in the unit of
        `limits.typical`; `height` itself where nothing is expected.
    limits
        Where particles end.
    strongest
        ``(n,)`` height over what is expected of the strongest particle of all, which contamination
        exceeds: a particle may fit a faint template best. `relative_height` when None.

    Notes
    -----
    Without `limits.typical` the limit adapts: where particles stand far out of the noise, peaks
    below `limits.relative` of the median of those kept are debris, and the limit is raised until
    this holds. Where they hardly stand out, `limits.threshold` decides alone.
    """
    keep = height >= limits.threshold
    typical = limits.typical
    least = 0.0
    while typical is None and keep.any():
        raised = limits.relative * float(np.median(relative_height[keep]))
        if raised <= least:
            typical = float(np.median(relative_height[keep]))
            break
        least = raised
        keep &= relative_height >= least
    if typical is None:
        return Kept(keep, np.zeros_like(keep))
    above = relative_height if strongest is None else strongest
    too_high = keep & (above > limits.outliers * typical)
    return Kept(keep & (relative_height >= limits.relative * typical) & ~too_high, too_high)
