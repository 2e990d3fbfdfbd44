"""ThreadWork of several sessions at once, each in a thread that is left where it hangs."""

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from icestream.facility.answering import Disks

__all__ = ["Apart", "ThreadWork"]

T = TypeVar("T")

_LOOK = 2.0
"""Seconds of waiting after which it is asked whether disks still answer."""
_LONGEST = 900.0
"""Seconds after which nobody waits any longer."""
_ENDS = 30.0
"""Seconds in which work ends when it is told to."""


@dataclass(frozen=True, slots=True)
class ThreadWork(Generic[T]):
    """Something that is done for one session."""

    act: Callable[[], T]
    paths: Sequence[Path | None]
    """What it reads and writes; None for what other machines have."""


@dataclass(slots=True)
class _Done(Generic[T]):
    thread: threading.Thread | None = None
    outcome: list[T] = field(default_factory=list)
    error: Exception | None = None
    why: str = ""
    """Why it was left."""


class Apart(Generic[T]):
    """Threads of several sessions, by the names that they are given.

    Parameters
    ----------
    left
        Is called with the thread of work that is left.
    """

    def __init__(self, left: Callable[[int], None] = lambda _: None) -> None:
        self._left = left
        self._hanging: dict[str, _Done[T]] = {}

    def hanging(self) -> dict[str, str]:
        """What was left and has not come back, and why."""
        for name, one in list(self._hanging.items()):
            if one.thread is None or not one.thread.is_alive():
                del self._hanging[name]
        return {name: one.why for name, one in self._hanging.items()}

    def run(
        self, works: Mapping[str, ThreadWork[T]], disks: Disks, stop: threading.Event
    ) -> dict[str, T]:
        """Do work of several names, and wait for all that can end; what each came to.

        What is on a disk that does not answer is left: it is among `hanging` from then on.
        """
        begun = {name: _begun(name, work) for name, work in works.items()}
        began, ends = time.monotonic(), 0.0
        while waits := [name for name, one in begun.items() if _is_at_it(one)]:
            ends = ends or (time.monotonic() + _ENDS if stop.is_set() else 0.0)
            self._wait(begun, waits)
            for name in waits:
                late = time.monotonic() - began > _LONGEST or 0.0 < ends < time.monotonic()
                why = "it has not come back" if late else _silent(works[name].paths, disks)
                if why and _is_at_it(begun[name]):
                    self._leave(name, begun.pop(name), why)
        for one in begun.values():
            if one.error is not None:
                raise one.error
        return {name: one.outcome[0] for name, one in begun.items()}

    def _wait(self, begun: Mapping[str, _Done[T]], waits: Collection[str]) -> None:
        """Wait for a while, or until all have ended."""
        until = time.monotonic() + _LOOK
        for name in waits:
            thread = begun[name].thread
            assert thread is not None
            thread.join(max(0.0, until - time.monotonic()))

    def _leave(self, name: str, one: _Done[T], why: str) -> None:
        one.why = why
        self._hanging[name] = one
        assert one.thread is not None
        self._left(one.thread.ident or 0)


def _is_at_it(one: _Done[T]) -> bool:
    return one.thread is not None and one.thread.is_alive()


def _silent(paths: Sequence[Path | None], disks: Disks) -> str:
    """What does not answer of some paths, in words; empty where all do."""
    try:
        disks.require(*paths)
    except OSError as error:
        return str(error)
    return ""


def _begun(name: str, work: ThreadWork[T]) -> _Done[T]:
    done: _Done[T] = _Done()

    def act() -> None:
        try:
            done.outcome.append(work.act())
        except Exception as error:
            done.error = error

    done.thread = threading.Thread(target=act, name=name, daemon=True)
    done.thread.start()
    return done
