"""The coordinator's threads: started, held and stopped together, and the one that keeps house."""

import contextlib
import errno
import queue
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from icestream.engine.coordinator import threads
from icestream.engine.coordinator.threads import Threads
from icestream.engine.machine.watched import ThreadDied
from icestream.engine.messages import Compacted, Discovered, Inspected, Rung
from icestream.engine.progress import Progress
from icestream.engine.requests import doorbell
from icestream.store import queries
from icestream.store.open import Store
from toy_record import Desk
from toy_session import Session

SEGMENT = Compacted(1, 1, "extract/particles_00000001.parquet", 10, (1,))


@pytest.fixture
def told() -> "queue.SimpleQueue[object]":
    """What the threads have told the coordinator."""
    return queue.SimpleQueue()


@pytest.fixture
def open_crew(
    desk: Callable[..., Desk], told: "queue.SimpleQueue[object]"
) -> Iterator[Callable[..., Threads]]:
    """Makes the threads of a session with these steps; it is stopped at the end."""
    made: list[Threads] = []

    def make(*steps: Any, cursors: bool = True, held: tuple[str, ...] = ()) -> Threads:
        opened = desk(*steps)
        made.append(Threads(opened.store, opened.record, told.put, NAME))
        numbers = [opened.step(name).id for name in held]
        made[-1].start(opened.record.cursors() if cursors else {}, numbers)
        return made[-1]

    yield make
    for one in made:
        one.stop()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("source")]


def next_of(told: "queue.SimpleQueue[object]", kind: type) -> Any:
    """The next message of this kind."""
    while True:
        message = told.get(timeout=60.0)
        if isinstance(message, kind):
            return message


def nothing_of(told: "queue.SimpleQueue[object]", kind: type, seconds: float = 0.15) -> bool:
    """Whether nothing of this kind is told for a while."""
    with contextlib.suppress(queue.Empty):
        while True:
            if isinstance(told.get(timeout=seconds), kind):
                return False
    return True


NAME = uuid.uuid4().hex[:24]
OPEN = ("src", "toy.count", {"count": 3, "close": False}, {})


def test_sources_look_and_the_bell_rings(
    open_crew: Callable[..., Threads], told: "queue.SimpleQueue[object]"
) -> None:
    made = open_crew(OPEN)
    found = next_of(told, Discovered)
    assert (len(made.sources()), found.step) == (1, made.sources()[0])
    assert [item.value for item in found.found.items] == [0, 1, 2]
    assert doorbell.wake(NAME)
    next_of(told, Rung)


def test_after_the_crew_has_stopped_nobody_hears_the_bell(
    open_crew: Callable[..., Threads],
) -> None:
    open_crew(OPEN).stop()
    assert not doorbell.wake(NAME)


def test_a_held_source_does_not_look_until_it_goes_on(
    open_crew: Callable[..., Threads], told: "queue.SimpleQueue[object]", tmp_path: Path
) -> None:
    files = tmp_path / "files"
    files.mkdir()
    made = open_crew(("src", "toy.count", {"folder": str(files)}, {}))
    (source,) = made.sources()
    made.hold_source(source, True)
    time.sleep(0.05)  # a look that had begun
    (files / "x1").write_text("1")
    assert nothing_of(told, Discovered)
    made.hold_source(source, False)
    assert [item.exposure for item in next_of(told, Discovered).found.items] == ["x1"]


def test_a_source_that_is_started_anew_replaces_the_earlier(
    open_crew: Callable[..., Threads], told: "queue.SimpleQueue[object]"
) -> None:
    made = open_crew(OPEN)
    next_of(told, Discovered)
    made.start_source(made.sources()[0], None)
    assert len(next_of(told, Discovered).found.items) == 3
    looking = [one for one in threading.enumerate() if one.name == "source src"]
    assert len([one for one in looking if not one._stopped.is_set()]) == 1


def test_only_sources_are_started_as_sources(open_crew: Callable[..., Threads]) -> None:
    made = open_crew(OPEN, ("a", "toy.add", {}, {"number": "src"}))
    with pytest.raises(TypeError, match="step 'a' is no source"):
        made.start_source(2, None)


def test_monitors_look_when_their_steps_have_news_and_not_before(
    open_crew: Callable[..., Threads], told: "queue.SimpleQueue[object]"
) -> None:
    made = open_crew(OPEN, ("watch", "toy.watch", {}, {"number": "src"}), cursors=False)
    assert nothing_of(told, Inspected)
    made.news([1])
    assert next_of(told, Inspected).step == 2


def test_what_is_there_is_news_to_monitors_that_are_started_anew(
    desk: Callable[..., Desk], told: "queue.SimpleQueue[object]"
) -> None:
    """Else what holds after the adoption of a branch would be said with the next result only."""
    watch = ("watch", "toy.watch", {"below": 2}, {"number": "src"})
    opened = desk(OPEN, watch)
    made = Threads(opened.store, opened.record, told.put, NAME)
    made.start({}, [])
    try:
        assert nothing_of(told, Inspected)
        opened.find(1, 2, 3)
        assert nothing_of(told, Inspected)
        made.restart_monitors()
        assert [alert.key for alert in next_of(told, Inspected).alerts] == ["toy.large"]
    finally:
        made.stop()


# -- keeping house ---------------------------------------------------------------------------------


def joined(made: Threads) -> None:
    keeper = made._keeper
    assert keeper is not None
    keeper.join(10.0)


def test_house_is_kept_when_many_particles_are_loose(
    open_crew: Callable[..., Threads],
    told: "queue.SimpleQueue[object]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threads, "compact", lambda store, least: [SEGMENT])
    made = open_crew(cursors=False)
    assert not made.keep_house(threads._LOOSE - 1)
    assert made.keep_house(threads._LOOSE)
    assert next_of(told, Compacted) == SEGMENT


def test_house_is_kept_by_one_at_a_time(
    open_crew: Callable[..., Threads], monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def slowly(store: Store, least: int) -> list[Compacted]:
        assert go_on.wait(60.0)
        return []

    monkeypatch.setattr(threads, "compact", slowly)
    made = open_crew(cursors=False)
    assert made.keep_house(10**9)
    assert not made.keep_house(10**9)
    go_on.set()
    joined(made)
    assert made.keep_house(10**9)


def test_a_store_on_a_local_disk_is_copied_now_and_then(
    desk: Callable[..., Desk], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = desk(OPEN).store
    elsewhere = Store(tmp_path / "network", store.engine, file=store.file)
    elsewhere.folder.mkdir()
    made = Threads(elsewhere, desk(OPEN).record, lambda message: None, NAME)
    assert not made.keep_house(0)
    assert made._keeper is None
    monkeypatch.setattr(threads, "_CHECKPOINT", -1.0)
    assert not made.keep_house(0)  # no segments: who asks must not take them for made
    joined(made)
    assert (elsewhere.folder / "icestream.db").exists()


def test_trouble_in_the_house_is_told(
    open_crew: Callable[..., Threads],
    told: "queue.SimpleQueue[object]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(store: Store, least: int) -> list[Compacted]:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(threads, "compact", full)
    open_crew(cursors=False).keep_house(10**9)
    died = next_of(told, ThreadDied)
    assert (died.name, died.error.errno, died.again) == (threads.KEEPER, errno.ENOSPC, True)


def test_a_defect_in_the_house_is_an_alert_and_the_session_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(store: Store, least: int) -> list[Compacted]:
        if least == threads._LOOSE:
            raise ZeroDivisionError("a defect")
        return []

    monkeypatch.setattr(threads, "compact", broken)
    monkeypatch.setattr(threads, "_LOOSE", 0)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with contextlib.closing(Session(tmp_path / "session")) as session:
        outcome = session.start(("src", "toy.count", {"count": 9, "pace": 0.02}, {})).join(30.0)
        assert (outcome.state, outcome.reason) == ("done", "")
        messages = [alert.message for alert in queries.alerts(session.store())]
    structlog.reset_defaults()
    assert messages == [
        "a part of the engine has failed: keeper (ZeroDivisionError: a defect); it is started again"
    ]


def test_trouble_in_the_house_holds_the_session_until_it_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    states: list[str] = []

    def full_at_first(store: Store, least: int) -> list[Compacted]:
        calls.append(least)
        if len(calls) == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return []

    def look(progress: Progress) -> None:
        states.append(progress.state)

    monkeypatch.setattr(threads, "compact", full_at_first)
    monkeypatch.setattr(threads, "_LOOSE", 0)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with contextlib.closing(Session(tmp_path / "session")) as session:
        background = session.start(
            ("src", "toy.count", {"count": 20, "pace": 0.02}, {}), on_progress=look
        )
        outcome = background.join(10.0)
    structlog.reset_defaults()
    assert "held" in states
    assert outcome.exposures["done"] == 20
