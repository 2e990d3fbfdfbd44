"""A limit of bytes per second that several threads keep together."""

import threading
import time

__all__ = ["ByteLimit"]


class ByteLimit:
    """Lets bytes pass as fast as they may.

    Parameters
    ----------
    limit
        Bytes per second; 0 for no limit.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._free = 0.0
        self._lock = threading.Lock()

    def take(self, count: int, stopped: threading.Event) -> None:
        """Wait until so many bytes more may have passed, or until it is told to stop."""
        if not self._limit:
            return
        with self._lock:
            self._free = max(self._free, time.monotonic()) + count / self._limit
            wait = self._free - time.monotonic()
        stopped.wait(max(0.0, wait))
