"""The newest events of a session, as they are sent, for all who listen to it."""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from pydantic import TypeAdapter

from icestream.store.records import EventRecord

__all__ = ["ALERTS", "EventBatch", "Ring", "SentEvent", "sent"]

ALERTS = "alert."
"""How the kinds of events begin that are about alerts."""
_MOST = 5000
"""Events that are kept; twice as many before the oldest go."""

_encode = TypeAdapter(EventRecord).dump_json


@dataclass(frozen=True, slots=True)
class SentEvent:
    """One event as it is sent."""

    seq: int
    kind: str
    text: str
    """Its record, as JSON."""

    @property
    def alerting(self) -> bool:
        """Whether it is about an alert."""
        return self.kind.startswith(ALERTS)


def sent(event: EventRecord) -> SentEvent:
    """An event as it is sent."""
    return SentEvent(event.seq, event.kind, _encode(event).decode())


@dataclass(frozen=True)
class EventBatch:
    """Events that follow each other; made once for all who have the same place."""

    seq: int
    """Number of the last event that was looked at: the place from which to go on."""
    events: tuple[SentEvent, ...]

    @cached_property
    def text(self) -> str:
        """The events as a JSON array."""
        return f"[{','.join(event.text for event in self.events)}]"

    @cached_property
    def alerts(self) -> "EventBatch":
        """Those about alerts."""
        return EventBatch(self.seq, tuple(event for event in self.events if event.alerting))


class Ring:
    """The newest events of a session, without a gap.

    Parameters
    ----------
    start
        Number of the last event before those that are kept.
    most
        Events that are kept, at least, when there are so many.
    """

    def __init__(self, start: int, most: int = _MOST) -> None:
        self.start = start
        """Every event with a higher number, up to `last`, is here."""
        self.last = start
        self._most = most
        self._events: list[SentEvent] = []
        self._batches: dict[int, EventBatch] = {}

    def add(self, events: Iterable[SentEvent]) -> None:
        """Take in what has happened since."""
        self._events += events
        if not self._events:
            return
        self.last = self._events[-1].seq
        self._batches.clear()
        if len(self._events) > 2 * self._most:
            self.start = self._events[-self._most - 1].seq
            del self._events[: -self._most]

    def after(self, place: int, limit: int) -> EventBatch:
        """The next events after a place that is not before `start`, at most `limit`."""
        batch = self._batches.get(place)
        if batch is None:
            first = bisect_right(self._events, place, key=_seq)
            events = tuple(self._events[first : first + limit])
            whole = first + limit >= len(self._events)
            batch = EventBatch(max(place, self.last) if whole else events[-1].seq, events)
            self._batches[place] = batch
        return batch


_seq: Callable[[SentEvent], int] = lambda event: event.seq  # noqa: E731 - a key, not a function
