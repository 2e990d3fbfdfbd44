"""Means: how many cores the session has and its steps need, told to whoever forecasts."""

import time
from collections.abc import Mapping

from icestream.engine.record import observations
from icestream.engine.record.record import Record
from icestream.protocol import Sample
from icestream.store.workload import CORES, OTHERS

__all__ = ["Means"]

_EVERY = 60.0
"""Seconds between looks whether something is other than before."""
_AGAIN = 600.0
"""Seconds after which it is told again: readers look at the newest samples only."""


class Means:
    """Tells the cores of a session by samples; `most` is what it may use when it is alone."""

    def __init__(self, most: Mapping[str, int]) -> None:
        self._most = most.get("cores", 0)
        self._granted = 0
        self._told: dict[str, float] = {}
        self._told_at = self._looked_at = float("-inf")

    def granted(self, amounts: Mapping[str, int]) -> None:
        """The session has another share of the machine; one that is idle gives its share back."""
        if amounts.get("cores"):
            self._granted = amounts["cores"]
            self._looked_at = float("-inf")

    def look(self, record: Record) -> None:
        """Tell them when they are other than before, and once in a while."""
        now = time.monotonic()
        if now - self._looked_at < _EVERY or not self._granted:
            return
        self._looked_at = now
        needs = {step.name: step.need.cores for step in record.plan.by_depth() if step.adopted}
        means = {
            CORES: float(self._granted),
            OTHERS: float(max(0, self._most - self._granted)),
            **{f"{CORES}.{name}": float(cores) for name, cores in needs.items() if cores != 1},
        }
        if means == self._told and now - self._told_at < _AGAIN:
            return
        observations.sampled(record, [Sample(name, value) for name, value in means.items()])
        self._told, self._told_at = means, now
