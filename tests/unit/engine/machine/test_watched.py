"""Watched threads: a death is told, whatever it is, and followed by another life after a pause."""

import threading

import pytest

from icestream.engine.machine import watched
from icestream.engine.machine.watched import ThreadDied, keep_running, run_once


class Run:
    """Ends with each of these errors in turn, and then well."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.lives = 0

    def __call__(self) -> None:
        self.lives += 1
        if self.errors:
            raise self.errors.pop(0)


class Pauses(threading.Event):
    """Remembers how long it was to wait, and does not."""

    def __init__(self, most: int = 100) -> None:
        super().__init__()
        self.waited: list[float | None] = []
        self.most = most

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout)
        return len(self.waited) >= self.most


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(1), MemoryError()])
def test_a_death_is_told(error: BaseException) -> None:
    told: list[ThreadDied] = []
    run_once("one", Run(error), told.append)
    assert told == [ThreadDied("one", error, again=False)]


def test_a_thread_that_comes_to_its_end_tells_nothing() -> None:
    told: list[ThreadDied] = []
    run_once("one", Run(), told.append)
    keep_running("two", Run(), told.append, Pauses())
    assert told == []


def test_what_died_is_run_again_until_it_ends_well() -> None:
    run, told, pauses = Run(ValueError("x"), SystemExit()), list[ThreadDied](), Pauses()
    keep_running("one", run, told.append, pauses)
    assert run.lives == 3
    assert [(one.name, one.again) for one in told] == [("one", True)] * 2


def test_pauses_grow_up_to_a_minute() -> None:
    pauses = Pauses()
    keep_running("one", Run(*[OSError("x") for _ in range(9)]), lambda _: None, pauses)
    assert pauses.waited == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]


def test_a_thread_that_lived_for_long_is_run_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.1, 0.2, 0.3, 10.0, 100.0, 100.0])
    monkeypatch.setattr(watched.time, "monotonic", lambda: next(clock))
    pauses = Pauses()
    keep_running("one", Run(*[OSError("x") for _ in range(3)]), lambda _: None, pauses)
    assert pauses.waited == [1.0, 2.0, 1.0]


def test_a_thread_that_is_stopped_is_not_run_again() -> None:
    run = Run(*[OSError("x") for _ in range(9)])
    keep_running("one", run, lambda _: None, Pauses(most=2))
    assert run.lives == 2
