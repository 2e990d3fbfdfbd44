"""The order in which alerts are shown."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

__all__ = ["LEVELS", "worst_first"]

LEVELS = ("critical", "warning", "notice")
"""Of alerts, the worst first."""


class _Raised(Protocol):
    @property
    def level(self) -> str: ...

    @property
    def raised(self) -> float: ...


A = TypeVar("A", bound=_Raised)


def worst_first(alerts: Iterable[A]) -> list[A]:
    """The most severe first; of the same level, the newest first."""
    return sorted(alerts, key=lambda alert: (_rank(alert.level), -alert.raised))


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else len(LEVELS)
