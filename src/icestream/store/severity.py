"""The order in which alerts are shown."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

__all__ = ["LEVELS", "told_once", "worst_first"]

LEVELS = ("critical", "warning", "notice")
"""Of alerts, the worst first."""


class _Raised(Protocol):
    @property
    def level(self) -> str: ...

    @property
    def raised(self) -> float: ...


class _Told(_Raised, Protocol):
    @property
    def message(self) -> str: ...


A = TypeVar("A", bound=_Raised)
B = TypeVar("B", bound=_Told)


def worst_first(alerts: Iterable[A]) -> list[A]:
    """The most severe first; of the same level, the newest first."""
    return sorted(alerts, key=lambda alert: (_rank(alert.level), -alert.raised))


def told_once(alerts: Iterable[B]) -> list[B]:
    """Those that hold, the worst first; of some that say the same, the newest."""
    told: dict[str, B] = {}
    for alert in worst_first(alerts):
        told.setdefault(alert.message, alert)
    return list(told.values())


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else len(LEVELS)
