"""One bandwidth and one number of streams for all sessions that are copied at once."""

import contextlib
import threading
from collections.abc import Iterator

__all__ = ["BandwidthShare"]

_WAIT = 0.5


class BandwidthShare:
    """Gives out streams: each gets its part of the bandwidth for the time of one batch.

    Parameters
    ----------
    streams
        Copies that may run at once.
    bandwidth
        Bytes per second that all of them may take together; 0 for no limit.
    """

    def __init__(self, streams: int, bandwidth: float = 0.0) -> None:
        self._streams = streams
        self._bandwidth = bandwidth
        self._given: dict[int, float] = {}
        self._whose: dict[int, int] = {}
        """The threads that have what is given."""
        self._waiting: list[int] = []
        self._next = 0
        self._changed = threading.Condition()  # which one thread may hold twice

    @contextlib.contextmanager
    def stream(self, stopped: threading.Event | None = None) -> Iterator[float | None]:
        """Wait for a stream; gives its bytes per second (0 for no limit), None when told to stop.

        Who has waited longest comes first, so that no session is left behind.
        """
        with self._changed:
            me, self._next = self._next, self._next + 1
            self._waiting.append(me)
            try:
                while (limit := self._part(me)) is None:
                    if stopped is not None and stopped.is_set():
                        break
                    self._changed.wait(_WAIT)
            finally:
                self._waiting.remove(me)
                self._changed.notify_all()
            if limit is not None:
                self._given[me] = limit
                self._whose[me] = threading.get_ident()
        try:
            yield limit
        finally:
            self._take_back(me)

    def give_up(self, thread: int) -> None:
        """Take back what a thread has that hangs."""
        with self._changed:
            for one in [one for one, whose in self._whose.items() if whose == thread]:
                self._take_back(one)

    def _take_back(self, one: int) -> None:
        with self._changed:
            self._given.pop(one, None)
            self._whose.pop(one, None)
            self._changed.notify_all()

    def _part(self, me: int) -> float | None:
        """The part of one that waits; None while it has to wait on."""
        free = self._streams - len(self._given)
        if me not in self._waiting[:free]:
            return None
        if not self._bandwidth:
            return 0.0
        left = self._bandwidth - sum(self._given.values())
        fair = self._bandwidth / min(self._streams, len(self._given) + len(self._waiting))
        # Those that run keep what they have until their batch is over: less than half of what is
        # fair is not worth beginning with.
        return min(fair, left) if left >= fair / 2 else None
