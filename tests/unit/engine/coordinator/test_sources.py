"""Sources: a thread asks what is new, and is never the reason that a session ends."""

import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import toys
from icestream.engine.coordinator.sources import SourceThread, plain_reason
from icestream.engine.machine.watched import ThreadDied
from icestream.engine.messages import Discovered, SourceFailed
from icestream.engine.record.alerts import ABSENT
from icestream.formats.within import may_be_read
from icestream.model import Alert
from icestream.protocol import Cursor, Discovery, ProtocolError, SourceProtocol, TryAgain


class Scripted(SourceProtocol[toys.Counting]):
    """Says what it was told to, once each; then that there is nothing new."""

    name = "toy.scripted"
    title = "Scripted"
    item = toys.Number

    def __init__(self, *said: Discovery | BaseException | None) -> None:
        super().__init__(toys.Counting())
        self.said = list(said)
        self.cursors: queue.Queue[Any] = queue.Queue()

    def discover(self, cursor: Cursor) -> Discovery:
        self.cursors.put(cursor.state)
        said = self.said.pop(0) if self.said else Discovery(state=cursor.state)
        if isinstance(said, BaseException):
            raise said
        return said

    def interval(self) -> float:
        return 0.001


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Starts a source's thread; what it tells comes out of the queue."""
    threads: list[SourceThread] = []

    def start(source: Scripted, state: Any = None, *, held: bool = False) -> Any:
        told: queue.Queue[Any] = queue.Queue()
        threads.append(SourceThread(3, source, state, told.put))
        threads[-1].hold(held)
        threads[-1].start()
        return told, threads[-1]

    yield start
    for thread in threads:
        thread.stop()
        thread.join(60.0)
        assert not thread.is_alive()


ITEM = toys.Number(exposure="e1", value=1.0)


def test_what_is_new_is_told_with_the_step_that_found_it(run: Any) -> None:
    found = Discovery([ITEM], state=1)
    told, _ = run(Scripted(found))
    assert told.get(timeout=60.0) == Discovered(3, found)


def test_the_next_call_goes_on_from_the_state_of_the_last(run: Any) -> None:
    source = Scripted(Discovery([ITEM], state=1), Discovery([ITEM], state=2))
    run(source, "where it stood")
    assert [source.cursors.get(timeout=60.0) for _ in range(4)] == ["where it stood", 1, 2, 2]


def test_a_source_reads_below_its_folders_only(tmp_path: Path) -> None:
    seen: queue.Queue[bool] = queue.Queue()

    class Looking(Scripted):
        def discover(self, cursor: Cursor) -> Discovery:
            for path in (tmp_path / "root" / "movie", tmp_path / "movie"):
                seen.put(may_be_read(path))
            return Discovery(closed=True)

    for within, read in (([str(tmp_path / "root")], [True, False]), (None, [True, True])):
        thread = SourceThread(3, Looking(), None, lambda _: None, within=within)
        thread.start()
        thread.join(60.0)
        assert [seen.get(timeout=60.0) for _ in range(2)] == read


def test_nothing_new_is_not_told(run: Any) -> None:
    told, _ = run(Scripted(*[Discovery()] * 5, Discovery([ITEM])))
    assert told.get(timeout=60.0).found.items == [ITEM]
    assert told.empty()


def test_files_that_are_not_whole_are_told_when_their_number_changes(run: Any) -> None:
    waiting = [Discovery(waiting=n) for n in (2, 2, 2, 1, 0)]
    told, _ = run(Scripted(*waiting, Discovery([ITEM])))
    assert [told.get(timeout=60.0).found.waiting for _ in range(4)] == [2, 1, 0, 0]


def test_a_condition_that_is_over_is_told(run: Any) -> None:
    quiet = Discovery(alerts=[Alert(key="quiet", level="warning", message="no new movie")])
    told, _ = run(Scripted(quiet, quiet, Discovery(), Discovery([ITEM])))
    assert [len(told.get(timeout=60.0).found.alerts) for _ in range(3)] == [1, 0, 0]


def test_an_end_is_told_until_the_alert_is_cleared(run: Any) -> None:
    quiet = Discovery(alerts=[Alert(key="quiet", level="warning", message="no new movie")])
    told, _ = run(Scripted(quiet, *[Discovery()] * 5, Discovery([ITEM])))
    found = [told.get(timeout=60.0).found for _ in range(2 + ABSENT)]
    assert [len(one.alerts) for one in found] == [1, *[0] * ABSENT, 0]
    assert found[-1].items == [ITEM]


def test_a_closed_source_is_not_asked_again(run: Any) -> None:
    source = Scripted(Discovery(closed=True))
    told, thread = run(source)
    assert told.get(timeout=60.0).found.closed
    thread.join(60.0)
    assert not thread.is_alive()
    assert source.cursors.qsize() == 1


def test_a_source_that_raises_is_asked_again_later_and_later(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(threading.Event, "wait", lambda self, t=None: waits.append(t) or True)
    told, _ = run(Scripted(*[OSError("no mount")] * 8, Discovery([ITEM], closed=True)))
    failed = [told.get(timeout=60.0) for _ in range(8)]
    assert all(isinstance(one, SourceFailed) for one in failed)
    assert failed[0].reason == "no mount"
    assert "Traceback" in failed[0].details
    assert told.get(timeout=60.0).found.items == [ITEM]
    seconds = [wait for wait in waits if wait is not None]
    assert seconds[:8] == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]


@pytest.mark.parametrize(
    ("errors", "tries"),
    [
        ([ProtocolError("no pattern")], 1),
        ([TryAgain("not yet")] * 3, 3),
        ([OSError("no mount"), KeyError("x"), OSError(2, "No such file", "/m")], 3),
    ],
)
def test_a_source_that_does_not_wait_is_given_up(
    run: Any, monkeypatch: pytest.MonkeyPatch, errors: list[Exception], tries: int
) -> None:
    monkeypatch.setattr(threading.Event, "wait", lambda self, t=None: True)
    monkeypatch.setattr(Scripted, "waits", lambda self: False)
    told, thread = run(Scripted(*errors, Discovery([ITEM])))
    failed = [told.get(timeout=60.0) for _ in range(tries)]
    thread.join(60.0)
    assert [one.final for one in failed] == [False] * (tries - 1) + [True]
    assert told.empty()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ProtocolError("no pattern", advice="give one"), "no pattern: give one"),
        (OSError(13, "Permission denied", "/m"), "/m: Permission denied"),
        (OSError("no mount"), "no mount"),
        (KeyError("x"), "a defect (KeyError: 'x')"),
    ],
)
def test_reasons_are_plain(error: Exception, said: str) -> None:
    assert plain_reason(error) == said


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (None, "a defect (AttributeError: 'NoneType' object has no attribute 'alerts')"),
        (SystemExit(3), "a defect (SystemExit: 3)"),
    ],
)
def test_whatever_an_author_does_the_source_goes_on(
    run: Any, monkeypatch: pytest.MonkeyPatch, said: Any, reason: str
) -> None:
    monkeypatch.setattr(threading.Event, "wait", lambda self, t=None: True)
    told, _ = run(Scripted(said, Discovery([ITEM], closed=True)))
    assert told.get(timeout=60.0).reason == reason
    assert told.get(timeout=60.0).found.items == [ITEM]


def test_a_source_whose_thread_dies_says_so_and_goes_on_from_where_it_stood(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("icestream.engine.machine.watched._FIRST", 0.01)
    answers = [ZeroDivisionError("in waits"), True]

    def waits(self: object) -> bool:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(Scripted, "waits", waits)
    source = Scripted(Discovery([ITEM], state=1), OSError("no mount"), Discovery(closed=True))
    told, thread = run(source)
    assert told.get(timeout=60.0).found.items == [ITEM]
    died = told.get(timeout=60.0)
    assert isinstance(died, ThreadDied)
    assert (died.name, str(died.error), died.again) == (thread.name, "in waits", True)
    assert told.get(timeout=60.0).found.closed
    assert [source.cursors.get(timeout=60.0) for _ in range(3)] == [None, 1, 1]


def test_a_recovery_is_told_even_when_nothing_is_new(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the alert of the failure can be cleared."""
    monkeypatch.setattr(threading.Event, "wait", lambda self, t=None: True)
    told, _ = run(Scripted(OSError("no mount"), Discovery(state=1), Discovery(closed=True)))
    assert isinstance(told.get(timeout=60.0), SourceFailed)
    assert told.get(timeout=60.0) == Discovered(3, Discovery(state=1))


def test_a_held_source_is_not_asked_until_it_is_let_go(run: Any) -> None:
    source = Scripted(Discovery([ITEM]))
    told, thread = run(source, held=True)
    assert source.cursors.empty()
    thread.hold(False)
    assert told.get(timeout=60.0).found.items == [ITEM]


def test_a_held_source_can_be_stopped(run: Any) -> None:
    source = Scripted(Discovery([ITEM]))
    told, thread = run(source, held=True)
    thread.stop()
    thread.join(60.0)
    assert not thread.is_alive()
    assert source.cursors.empty()
    assert told.empty()
