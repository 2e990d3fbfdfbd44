"""Threads that are watched: one that ends with an exception says so, and may be run again."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["ThreadDied", "keep_running", "run_once"]

_FIRST = 1.0
_LONGEST = 60.0
"""Seconds of the first and of the longest pause before a thread is run again."""


@dataclass(frozen=True, slots=True)
class ThreadDied:
    """The main function of a thread ended with an exception."""

    name: str
    error: BaseException
    again: bool = False
    """Whether it is run again."""


def run_once(name: str, run: Callable[[], None], tell: Callable[[ThreadDied], None]) -> None:
    """Run the main function of a thread, and tell of the exception that ends it."""
    try:
        run()
    except BaseException as error:  # SystemExit would end a thread in silence
        tell(ThreadDied(name, error))


def keep_running(
    name: str,
    run: Callable[[], None],
    tell: Callable[[ThreadDied], None],
    stopped: threading.Event,
) -> None:
    """Run the main function of a thread until it returns, or `stopped` is set.

    An exception is told, and the function run again after a pause. Pauses grow while it dies again
    and again.
    """
    pause = _FIRST
    while True:
        began = time.monotonic()
        try:
            run()
        except BaseException as error:
            tell(ThreadDied(name, error, again=True))
        else:
            return
        if time.monotonic() - began > _LONGEST:
            pause = _FIRST
        if stopped.wait(pause):
            return
        pause = min(_LONGEST, 2 * pause)
