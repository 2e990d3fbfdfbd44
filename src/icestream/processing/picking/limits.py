"""Which peaks are particles: high enough over the noise, and neither debris nor contamination."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Limits", "within_limits"]


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


def within_limits(
    height: NDArray[np.float64], relative_height: NDArray[np.float64], limits: Limits
) -> NDArray[np.bool_]:
    """Peaks that are high enough, and not too high.

    Parameters
    ----------
    height
        ``(n,)`` standard deviations of the noise.
    relative_height
        ``(n,)`` the same over what is expected of the particle at that place, in the unit of
        `limits.typical`; `height` itself where nothing is expected.
    limits
        Where particles end.

    Notes
    -----
    Without `limits.typical` the limit adapts: where particles stand far out of the noise, peaks
    below `limits.relative` of the median of those kept are debris, and the limit is raised until
    this holds. Where they hardly stand out, `limits.threshold` decides alone.
    """
    keep = height >= limits.threshold
    if limits.typical is not None:
        low, high = limits.relative * limits.typical, limits.outliers * limits.typical
        return keep & (relative_height >= low) & (relative_height <= high)
    least = 0.0
    while keep.any():
        raised = limits.relative * float(np.median(relative_height[keep]))
        if raised <= least:
            break
        least = raised
        keep &= relative_height >= least
    if keep.any():
        keep &= relative_height <= limits.outliers * np.median(relative_height[keep])
    return keep
