"""The microscope's clock: what time it was at the acquisition when something happened here."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from icestream.report.table import ExposureTable
from icestream.store.records import AlertRecord

__all__ = ["AcquisitionClock"]

Floats = NDArray[np.float64]


class AcquisitionClock:
    """Tells the time of the acquisition, for alerts and times of a session on one axis.

    Of a moment at which something happened in the session, that is when the exposure was taken that
    was found then; between two of them, before the first and after the last, time goes on. Where
    no exposure says when it was taken, it is the time of the session.

    Parameters
    ----------
    found, taken
        When each exposure was found and when it was taken, seconds since the epoch; of one of which
        that is not known, twice when it was found.
    orders
        Of the exposures, by their names.
    """

    def __init__(
        self, found: Sequence[float], taken: Sequence[float], orders: Mapping[str, int]
    ) -> None:
        here, there = np.array(found, dtype=np.float64), np.array(taken, dtype=np.float64)
        known = here != there
        self.known = bool(known.any())
        """Whether any exposure says when it was taken."""
        self._taken, self._orders = there, orders
        order = np.argsort(here[known], kind="stable")
        here, there = here[known][order], np.maximum.accumulate(there[known][order])
        # Of those that were found at once, the last says what time it was.
        last = np.diff(here, append=np.inf) > 0
        self._here, self._there = here[last], there[last]

    @classmethod
    def of(cls, table: ExposureTable) -> "AcquisitionClock":
        """That of the exposures in a table."""
        return cls(table.found, table.time, table.order)

    def at(self, times: ArrayLike) -> Floats:
        """When it was at the acquisition, of moments in the session."""
        moments: Floats = np.asarray(times, dtype=np.float64)
        if not self.known:
            return moments
        first = np.minimum(0.0, moments - self._here[0])
        after = np.maximum(0.0, moments - self._here[-1])
        between: Floats = np.interp(moments, self._here, self._there) + first + after
        return between

    def now(self, moment: float) -> float:
        """The same of one moment."""
        return float(self.at(moment))

    def span(self, alert: AlertRecord) -> tuple[float, float | None]:
        """From when to when an alert held; without an end of one that holds.

        That is when the exposures were taken that show it, where it says which.
        """
        since = alert.began
        if since is None:
            shows = [self._taken[order] for order in self._shown(alert)]
            since = float(min([self.now(alert.raised), *shows]))
        if alert.cleared is None:
            return since, None
        until = self.now(alert.cleared) if alert.ended is None else alert.ended
        return since, max(since, until)

    def _shown(self, alert: AlertRecord) -> list[int]:
        names = [(alert.extent or {}).get("first", ""), alert.exposure]
        return [self._orders[name] for name in names if name in self._orders]
