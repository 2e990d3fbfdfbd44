"""What is followed over few updates of one result, and which of it has lastingly become worse."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from icestream.model import Alert
from icestream.processing.changes.detect import LastingChange
from icestream.processing.changes.updates import worse_since
from icestream.protocols.causes import Cause

__all__ = ["Followed", "Worse", "worse_alert", "worse_of"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed(Generic[T]):
    """A value of every update, larger is worse, and what is expected of it."""

    name: str
    value: Callable[[T], float | None]
    """None where an update has none."""
    noise: float
    smallest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Worse(Generic[T]):
    """A value that has become worse, and the updates between which it did."""

    change: LastingChange
    before: T
    """The last update of before."""
    first: T
    """The first that shows it."""


def worse_of(followed: Sequence[Followed[T]], updates: Sequence[T]) -> dict[str, Worse[T]]:
    """What has lastingly become worse after the last of some updates, the surest first."""
    found: list[tuple[str, Worse[T]]] = []
    for one in followed:
        known = [(update, value) for update in updates if (value := one.value(update)) is not None]
        values = np.array([value for _, value in known], dtype=np.float64)
        change = worse_since(values, one.noise, one.smallest)
        if change is not None:
            before, first = known[change.first - 1][0], known[change.first][0]
            found.append((one.name, Worse(change=change, before=before, first=first)))
    return dict(sorted(found, key=lambda each: -each[1].change.score))


def worse_alert(
    key: str,
    found: Mapping[str, Worse[T]],
    cause: Cause,
    words: Callable[[str, LastingChange], str],
    update: str,
) -> Alert:
    """What people are told of what `worse_of` found: the surest first, what is with it, the cause.

    Parameters
    ----------
    words
        Of one change, by the name of what is followed.
    update
        The first one that shows it: ``update 6``.
    """
    lead, *others = (words(name, worse.change) for name, worse in found.items())
    also = f" (with it: {', '.join(others)})" if others else ""
    return Alert(
        key=key,
        level="warning",
        message=f"{lead} at {update}: {cause.words}{also}. What to do: {cause.advice}",
        cause=cause.words,
    )
