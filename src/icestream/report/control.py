"""Control limits: beyond what a quality of this session is not like the rest of it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from icestream.report.trends import rounded

__all__ = ["Control", "color_range", "control_of"]

_FEWEST = 20
"""Values from which limits are told."""
_MOST = 4096
"""Values that are looked at, evenly spread over the session."""
_CLIPPED = 2.0
"""Percent of the values that lie beyond each end of the colours."""
_SIGMAS = 3.0
_MAD_TO_SD = 1.4826


class Control(NamedTuple):
    """Centre and limits, in the unit of the values."""

    center: float
    low: float | None
    """None where no value can be so low."""
    high: float
    outside: int
    """Values beyond them."""
    known: int
    """All values."""

    def document(self, scale: float) -> dict[str, Any]:
        """For the page, in its unit; with the rule in words."""
        return {
            "center": rounded(self.center * scale),
            "low": None if self.low is None else rounded(self.low * scale),
            "high": rounded(self.high * scale),
            "outside": self.outside,
            "count": self.known,
            "rule": f"median ± {_SIGMAS:g} robust σ, told for each side by itself",
        }


def control_of(values: Sequence[float]) -> Control | None:
    """The session's own limits of a quality.

    Parameters
    ----------
    values
        One for each exposure; NaN where it was not measured.

    Returns
    -------
    Control or None
        Median ± 3 robust standard deviations, which for a normal distribution leave out 0.3 %; of
        at most 4096 exposures, evenly spread. The deviation is told from the values of each side
        alone, since motion, resolution and counts are skewed. None of fewer than 20 values, or
        where half of them are equal. The limits know of no cause: a fault that lasts for half of
        the session moves them.
    """
    whole = np.asarray(values, dtype=np.float64)
    known = _some(whole)
    if len(known) < _FEWEST:
        return None
    center = float(np.median(known))
    below, above = (
        _SIGMAS * _MAD_TO_SD * float(np.median(np.abs(side - center)))
        for side in (known[known <= center], known[known >= center])
    )
    if below + above <= 1e-9 * max(1.0, abs(center)):
        return None
    low, high = center - below, center + above
    outside = int(np.count_nonzero((whole < low) | (whole > high)))
    positive = bool(known.min() >= 0.0)
    return Control(
        center=center,
        low=None if positive and low <= 0.0 else low,
        high=high,
        outside=outside,
        known=int(np.count_nonzero(np.isfinite(whole))),
    )


def color_range(values: Sequence[float]) -> tuple[float, float] | None:
    """Values between which colours change: the 2nd and the 98th percentile; None without values."""
    known = _some(np.asarray(values, dtype=np.float64))
    if len(known) == 0:
        return None
    low, high = np.percentile(known, [_CLIPPED, 100.0 - _CLIPPED])
    return float(low), float(high)


def _some(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Those that are known, evenly spread over the session."""
    some = values[:: max(1, -(-len(values) // _MOST))]
    return some[np.isfinite(some)]
