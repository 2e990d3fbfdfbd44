"""How the cost of reading grows with what is read: a figure that does not depend on the machine."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import Pool

__all__ = ["DatabaseWork", "database_work", "grows_as_its_input"]

_EACH = 100
"""Instructions of SQLite's machine that are counted at once."""


@dataclass(slots=True)
class DatabaseWork:
    """What SQLite did: the same on every machine, however busy it is."""

    steps: int = 0
    """Instructions of its virtual machine, in hundreds: some ten for each row that is looked at."""


@contextmanager
def database_work() -> Iterator[DatabaseWork]:
    """Count what all of this process's SQLite connections do within the block."""
    done, watched = DatabaseWork(), []

    def count() -> None:
        done.steps += 1

    def watch(connection: Any, *_: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.set_progress_handler(count, _EACH)
            watched.append(connection)

    event.listen(Pool, "connect", watch)
    event.listen(Pool, "checkout", watch)
    try:
        yield done
    finally:
        event.remove(Pool, "connect", watch)
        event.remove(Pool, "checkout", watch)
        for connection in watched:
            try:
                connection.set_progress_handler(None, 0)
            except sqlite3.ProgrammingError:
                continue  # it is closed, or of another thread


def _cost(action: Callable[[], Any]) -> float:
    """CPU seconds of the fastest of three runs."""
    costs = []
    for _ in range(3):
        start = time.process_time()
        action()
        costs.append(time.process_time() - start)
    return min(costs)


def grows_as_its_input(prepare: Callable[[int], Callable[[], Any]], size: int) -> bool:
    """Whether eight times as much costs about eight times as much, not sixty-four times.

    Parameters
    ----------
    prepare
        Makes an input of a size, and gives what reads it.
    size
        Of the smaller one. What takes less than 2 ms cannot be told from nothing, and counts so.
    """
    small, large = _cost(prepare(size)), _cost(prepare(8 * size))
    return large < 24.0 * max(small, 0.002)
