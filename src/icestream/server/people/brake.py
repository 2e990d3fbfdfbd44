"""Brakes on guessing and on flooding: after some tries one has to wait, longer each time."""

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Brake", "Bucket", "TooMany", "network_of"]

_MOST_KEYS = 20_000
"""Names and addresses that are remembered; an attacker may not fill the memory with new ones."""


class TooMany(PermissionError):
    """Too many tries; says for how long to wait.

    Attributes
    ----------
    seconds
        Until the next try is looked at, rounded up.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = max(1, math.ceil(seconds))
        super().__init__(f"too many tries; wait {_words(self.seconds)} before the next one")


def _words(seconds: int) -> str:
    if seconds < 90:
        return f"{seconds} s"
    return f"{math.ceil(seconds / 60)} minutes"


def network_of(address: str) -> str:
    """Whom an address belongs to: itself, or the /64 that one customer of IPv6 has."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


@dataclass(slots=True)
class _Failures:
    count: int = 0
    last: float = 0.0


class Brake:
    """Failures of each key; after `free` of them the wait doubles with each, up to `longest`.

    Parameters
    ----------
    free
        Failures without any wait.
    first, longest
        Seconds of the first and the longest wait.
    forget
        Seconds after the last failure of a key when all its failures are forgotten.
    clock
        Time in seconds; for tests.
    """

    def __init__(
        self,
        free: int,
        *,
        first: float = 1.0,
        longest: float = 900.0,
        forget: float = 86400.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._free = free
        self._first = first
        self._longest = longest
        self._forget = forget
        self._clock = clock
        self._keys: OrderedDict[str, _Failures] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, key: str) -> float:
        """Seconds that are left until the next try of `key` is looked at."""
        with self._lock:
            return self._left(key)

    def begin(self, key: str) -> None:
        """Begin a try of `key`; it counts as a failure until it is said to be none.

        So tries that are made at the same moment are counted before any of them has ended.

        Raises
        ------
        TooMany
            If one has to wait.
        """
        with self._lock:
            left = self._left(key)
            if left > 0:
                raise TooMany(left)
            found, now = self._keys.pop(key, None), self._clock()
            if found is None or now - found.last > self._forget:
                found = _Failures()
            found.count += 1
            found.last = now
            self._keys[key] = found
            while len(self._keys) > _MOST_KEYS:
                self._keys.popitem(last=False)

    def take_back(self, key: str) -> None:
        """Count the last try of `key` no more: it was no failure."""
        with self._lock:
            found = self._keys.get(key)
            if found is not None:
                found.count = max(0, found.count - 1)

    def forget(self, key: str) -> None:
        """Forget all failures of `key`."""
        with self._lock:
            self._keys.pop(key, None)

    def _left(self, key: str) -> float:
        found, now = self._keys.get(key), self._clock()
        if found is None or now - found.last > self._forget or found.count < self._free:
            return 0.0
        steps = min(found.count - self._free, 40)
        pause = min(self._first * 2.0**steps, self._longest)
        return max(0.0, found.last + pause - now)


class Bucket:
    """So many things at once, and so many a second in the long run, for each key.

    Parameters
    ----------
    at_once
        Things that may be done in one moment.
    per_second
        Rate at which they are given back.
    clock
        Time in seconds; for tests.
    """

    def __init__(
        self, at_once: int, per_second: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = float(at_once)
        self._rate = per_second
        self._clock = clock
        self._keys: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str) -> None:
        """Take one for `key`.

        Raises
        ------
        TooMany
            If none is left.
        """
        with self._lock:
            now = self._clock()
            left, when = self._keys.pop(key, (self._most, now))
            left = min(self._most, left + (now - when) * self._rate)
            spent = left < 1.0
            self._keys[key] = (left if spent else left - 1.0, now)
            while len(self._keys) > _MOST_KEYS:
                self._keys.popitem(last=False)
        if spent:
            raise TooMany((1.0 - left) / self._rate)
