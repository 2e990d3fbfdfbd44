"""The coordinator: whole turns, from messages to the end of a session."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import select

import toys
from icestream.engine.coordinator import loop as module
from icestream.engine.coordinator.loop import Coordinator, Options
from icestream.engine.machine.ledger import Ledger
from icestream.engine.messages import Discovered
from icestream.engine.progress import Progress
from icestream.engine.requests.models import Resume, Retry
from icestream.engine.requests.send import answer_of, send
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.places import state_folder
from toy_record import Desk
from toy_session import InlineExecutor, Session, wait_for


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A session on SQLite, its leases in a thread of the test, one core."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with closing(Session(tmp_path / "session", cores=1)) as made:
        yield made
    structlog.reset_defaults()


def add(name: str, after: str, **parameters: Any) -> Any:
    return (name, "toy.add", parameters, {"number": after})


def lines(log: Path) -> list[str]:
    return log.read_text().splitlines()


# -- order -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "expected"), [("oldest", [0, 1, 2, 3, 4]), ("newest", [4, 3, 2, 1, 0])]
)
def test_exposures_are_worked_on_in_the_order_of_the_session(
    session: Session, tmp_path: Path, order: str, expected: list[int]
) -> None:
    log = tmp_path / "log"
    session.run(("src", "toy.count", {"count": 5}, {}), add("a", "src", log=log), order=order)
    assert lines(log) == [f"e{number:06d} 1.0" for number in expected]


def test_an_exposure_is_brought_to_its_end_before_the_next_is_begun(
    session: Session, tmp_path: Path
) -> None:
    """The deepest step first. The tasks are too long to share a lease."""
    log = tmp_path / "log"
    slow = {"log": log, "seconds": 0.021}
    session.run(
        ("src", "toy.count", {"count": 3}, {}),
        add("a", "src", add=1, **slow),
        add("b", "a", add=2, **slow),
        add("c", "b", add=3, **slow),
    )
    assert lines(log) == [f"e{n:06d} {value}" for n in range(3) for value in (1.0, 2.0, 3.0)]


# -- stopping --------------------------------------------------------------------------------------


class Stopping(InlineExecutor):
    """Asks the session to stop when it gets its fifth lease."""

    def __init__(self, session: Session, drain: bool) -> None:
        super().__init__()
        self.session = session
        self.drain = drain
        self.count = 0

    def submit(self, lease: Any) -> None:
        self.count += 1
        if self.count == 5:
            assert self.session.running is not None
            self.session.running.request_stop(drain=self.drain)
        super().submit(lease)


@pytest.mark.parametrize("drain", [True, False])
def test_a_session_that_is_stopped_is_taken_up_where_it_was_left(
    session: Session, tmp_path: Path, drain: bool
) -> None:
    log = tmp_path / "log"
    steps = (
        ("src", "toy.count", {"count": 12}, {}),
        add("a", "src", log=log, seconds=0.021),
        ("total", "toy.total", {"full": 4}, {"number": "a"}),
    )
    outcome = session.run(*steps, executor=Stopping(session, drain))
    assert (outcome.state, outcome.complete) == ("stopped", False)
    assert queries.session(session.store()).state == "stopped"
    states = {step.name: step.state for step in queries.steps(session.store())}
    assert states == {"src": "done", "a": "waiting", "total": "waiting"}  # nobody runs them
    counts = queries.step(session.store(), "a").counts
    assert (counts.running, counts.ready) == (0, 12 - counts.done)
    assert counts.ready > 0
    assert session.run(*steps).complete
    assert len(lines(log)) == len(set(lines(log))) == 12  # nothing was run twice
    (last,) = queries.latest_results(session.store(), "total", limit=1)
    assert last.outputs["total"]["value"] == sum(range(1, 13))
    assert last.outputs["total"]["final"] is True


def test_a_stop_before_anything_has_begun_is_heard(session: Session) -> None:
    background = session.start(("src", "toy.count", {"close": False}, {}))
    assert background.stop().state == "stopped"


# -- streams that open again -----------------------------------------------------------------------


def test_a_done_session_has_nothing_to_do_again(session: Session, tmp_path: Path) -> None:
    log = tmp_path / "log"
    steps = (("src", "toy.count", {"count": 4}, {}), add("a", "src", log=log))
    session.run(*steps)
    assert session.run(*steps).complete
    assert len(lines(log)) == 4
    assert queries.session(session.store()).state == "done"


def test_a_snapshot_that_was_final_is_followed_by_others_when_more_comes(
    session: Session, tmp_path: Path
) -> None:
    files = tmp_path / "files"
    files.mkdir()
    (files / "closed").touch()
    steps = (
        ("src", "toy.count", {"folder": files}, {}),
        ("total", "toy.total", {"full": 10}, {"number": "src"}),
    )
    for value in (1, 5):
        (files / f"x{value}").write_text(str(value))
        session.run(*steps)
    totals = [one.outputs["total"] for one in queries.results(session.store(), "total")]
    assert [(one["value"], one["final"]) for one in totals] == [(1.0, True), (6.0, True)]


# -- what goes wrong -------------------------------------------------------------------------------


class Flaky(InlineExecutor):
    """Loses every lease once."""

    def __init__(self) -> None:
        super().__init__()
        self.lost: set[int] = set()

    def submit(self, lease: Any) -> None:
        tasks = {call.task for call in lease.calls}
        if tasks <= self.lost:
            super().submit(lease)
        else:
            self.lost |= tasks
            self._inbox(module.Ended(lease.id, (), "the worker process ended with signal 9"))


def test_every_task_survives_one_lost_worker(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("icestream.engine.record.endings.backoff", lambda attempt: 0.01)
    outcome = session.run(
        ("src", "toy.count", {"count": 20}, {}), add("a", "src"), executor=Flaky()
    )
    assert outcome.exposures["done"] == 20
    assert {one.attempt for one in queries.results(session.store(), "a")} == {2}


def test_a_defect_of_the_coordinator_is_not_hidden(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends, and leaves a store from which the next one goes on."""
    steps = (("src", "toy.count", {"count": 20}, {}), add("a", "src"))
    with monkeypatch.context() as patch:
        patch.setattr("icestream.engine.record.endings.record_done", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            session.run(*steps)
    assert session.run(*steps).complete


def test_a_message_that_nobody_knows_is_an_error(desk: Any) -> None:
    made: Desk = desk(("src", "toy.count", {}, {}))
    coordinator = Coordinator(made.store, toys.registry(), InlineExecutor(), Options(most={}))
    with pytest.raises(TypeError, match="does not know what to do with 'hello'"):
        coordinator._hear("hello")


# -- the executor's room, and its end --------------------------------------------------------------


def test_an_executor_without_room_yet_gets_some_later(session: Session, tmp_path: Path) -> None:
    log = tmp_path / "log"
    executor = InlineExecutor(room=0)
    background = session.start(
        ("src", "toy.count", {"count": 4}, {}), add("a", "src", log=log), executor=executor
    )
    wait_for(lambda: queries.step(session.store(), "a").counts.ready == 4)
    executor.say_room(0, "the queue is closed")
    (alert,) = wait_for(lambda: queries.alerts(session.store()))
    assert (alert.key, alert.level) == ("executor.room", "critical")
    assert alert.message.startswith("no lease can run at once: the queue is closed")
    assert not log.exists()
    executor.say_room(1)
    assert background.join().complete
    assert queries.alerts(session.store()) == ()


def test_what_runs_goes_on_when_there_is_less_room_and_nothing_else_starts(
    session: Session, tmp_path: Path
) -> None:
    """What waits for an executor that can run nothing is ready again, without a lost attempt."""
    log = tmp_path / "log"
    executor = InlineExecutor(room=1)
    background = session.start(
        ("src", "toy.count", {"count": 6}, {}),
        add("a", "src", log=log, seconds=0.3),
        executor=executor,
    )
    wait_for(log.exists)
    executor.say_room(0, "no memory")
    wait_for(lambda: queries.step(session.store(), "a").counts.done == 1)
    counts = wait_for(lambda: _resting(session))
    assert (counts.done, counts.ready) == (1, 5)
    executor.say_room(2)
    assert background.join().complete
    assert len(lines(log)) == 6


def _resting(session: Session) -> Any:
    counts = queries.step(session.store(), "a").counts
    return counts if not counts.running else None


def test_a_session_whose_executor_has_no_room_can_be_stopped(session: Session) -> None:
    executor = InlineExecutor(room=0)
    background = session.start(
        ("src", "toy.count", {"count": 4}, {}), add("a", "src"), executor=executor
    )
    wait_for(lambda: queries.step(session.store(), "a").counts.ready == 4)
    assert background.stop().state == "stopped"


def test_a_session_whose_executor_dies_ends_with_the_reason_and_can_be_run_again(
    session: Session, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    steps = (("src", "toy.count", {"count": 4, "close": False}, {}), add("a", "src", log=log))

    class Dying(InlineExecutor):
        def run(self, lease: Any) -> Any:
            raise ZeroDivisionError("a defect")

    outcome = session.start(*steps, executor=Dying()).join()
    assert outcome.state == "stopped"
    assert outcome.reason == "the executor has failed (ZeroDivisionError: a defect)"
    (alert,) = queries.alerts(session.store())
    assert (alert.key, alert.level) == ("thread.executor", "critical")
    counts = queries.step(session.store(), "a").counts
    assert (counts.ready, counts.running) == (4, 0)
    background = session.start(*steps)
    wait_for(lambda: len(session.values("a")) == 4)
    wait_for(lambda: queries.alerts(session.store()) == ())
    background.stop()
    assert len(lines(log)) == 4


# -- a share of the machine ------------------------------------------------------------------------


def test_a_session_that_gets_nothing_says_so_and_goes_on_when_others_leave(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ICESTREAM_STATE", str(tmp_path / "state"))
    monkeypatch.setattr("icestream.engine.coordinator.room._PATIENCE", 0.0)
    monkeypatch.setattr("icestream.engine.machine.ledger.SILENCE", 600.0)
    ledger = Ledger(state_folder(), {"cores": 1})
    ledger.share("other", {"cores": 1}, {"cores": 1})
    background = session.start(("src", "toy.count", {"count": 4}, {}), add("a", "src"))
    (alert,) = wait_for(lambda: queries.alerts(session.store()))
    assert (alert.step, alert.key) == ("", "machine.crowded")
    assert session.values("a") == {}
    # Who waits for room is not idle: else it would give its wish up, and wait for ever.
    assert session.running is not None
    coordinator = session.running._coordinator
    coordinator._worked_at -= 1000.0
    assert wait_for(lambda: not coordinator.is_idle())
    ledger.leave("other")
    assert background.join().complete
    assert queries.alerts(session.store()) == ()


# -- streams that close ----------------------------------------------------------------------------


def test_a_trigger_counts_all_that_came_before_its_stream_closed(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when a busy coordinator hears of all items, and of the end, in one turn."""
    gather = Coordinator._gather

    def all_at_once(coordinator: Coordinator) -> list[object]:
        messages: list[object] = []
        if module._backfilling(coordinator._state):
            return messages
        while not any(isinstance(m, Discovered) and m.found.closed for m in messages):
            messages += gather(coordinator)
        monkeypatch.setattr(Coordinator, "_gather", gather)
        return messages

    monkeypatch.setattr(Coordinator, "_gather", all_at_once)
    hold = ("hold", "toy.hold", {"enough": 5}, {"number": "src"})
    outcome = session.run(
        ("src", "toy.count", {"count": 7, "pace": 0.001}, {}), hold, add("a", "hold")
    )
    assert outcome.complete
    assert len(session.values("a")) == 7
    with session.store().read() as connection:
        gates = connection.execute(select(t.revision.c.gate).where(t.revision.c.kind == "trigger"))
        assert gates.scalar_one() == "open"  # what comes in the next run goes through


def test_what_monitors_do_not_find_at_the_end_is_over(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However quickly the end came after the cause was gone."""
    monkeypatch.setattr(toys.Watch, "every", 1000.0)
    monkeypatch.setattr(toys.Watch, "last", 1)
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a").write_text("8")
    watch = ("watch", "toy.watch", {"below": 5}, {"number": "a"})
    source = ("src", "toy.count", {"folder": folder}, {})
    background = session.start(source, add("a", "src"), watch)
    wait_for(lambda: [one.key for one in queries.alerts(session.store())] == ["toy.large"])
    (folder / "b").write_text("2")
    (folder / "closed").touch()
    assert background.join().complete
    assert queries.alerts(session.store()) == ()


# -- telling ---------------------------------------------------------------------------------------


def test_progress_is_told_from_the_beginning_to_the_end(session: Session) -> None:
    told: list[Progress] = []
    session.run(("src", "toy.count", {"count": 6}, {}), add("a", "src"), on_progress=told.append)
    assert told[-1].found == 6
    assert told[-1].behind == 0
    assert [step.state for step in told[-1].steps] == ["done", "done"]


# -- when nothing can be done any more -----------------------------------------------------------


def test_a_source_that_does_not_wait_ends_the_session(session: Session, tmp_path: Path) -> None:
    folder = tmp_path / "later"
    source = ("src", "toy.count", {"folder": folder, "impatient": True}, {})
    outcome = session.run(source, add("a", "src"))
    assert (outcome.state, outcome.complete) == ("stopped", False)
    assert outcome.reason == f"src: the folder {folder} is not there: make it"
    assert queries.session(session.store()).reason == outcome.reason
    (alert,) = queries.alerts(session.store())
    assert (
        alert.message == f"src cannot look for new items: the folder {folder} is not there: make it"
    )
    folder.mkdir()
    (folder / "closed").touch()
    assert session.run(source, add("a", "src")).state == "done"


def test_what_failed_is_tried_again_in_the_next_run(session: Session, tmp_path: Path) -> None:
    """A folder was not there; somebody has mounted it and runs the session again."""
    log = tmp_path / "later" / "log"
    steps = (("src", "toy.count", {"count": 2}, {}), add("a", "src", log=log), add("b", "a"))
    outcome = session.run(*steps)
    assert (outcome.state, dict(outcome.exposures)["failed"]) == ("done", 2)
    log.parent.mkdir()
    outcome = session.run(*steps)
    assert (outcome.state, dict(outcome.exposures)["done"]) == ("done", 2)
    assert session.values("b") == {"e000000": 2.0, "e000001": 3.0}


def test_a_running_session_tries_again_what_failed(session: Session, tmp_path: Path) -> None:
    log = tmp_path / "later" / "log"
    source = ("src", "toy.count", {"count": 2, "close": False}, {})
    running = session.start(source, add("a", "src", log=log))
    wait_for(lambda: _failed(session) == 2)
    log.parent.mkdir()
    send(session.folder, Retry(step="a"))
    wait_for(lambda: len(session.values("a")) == 2)
    assert dict(running.stop().exposures)["done"] == 2


def test_a_running_session_looks_again_at_what_its_source_refused(
    session: Session, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a").write_text("7")
    (folder / "b").write_text("bad")
    running = session.start(("src", "toy.count", {"folder": folder}, {}), add("x", "src"))
    wait_for(lambda: _failed(session) == 1 and len(session.values("x")) == 1)
    (folder / "b").write_text("8")
    token = send(session.folder, Retry())
    wait_for(lambda: len(session.values("x")) == 2)
    assert answer_of(session.folder, token)[1] == "tried again: 1 failed task"
    outcome = running.stop()
    assert dict(outcome.exposures) == {"going": 0, "done": 2, "rejected": 0, "failed": 0}
    assert queries.alerts(session.store()) == ()


def _failed(session: Session) -> int:
    if not (session.folder / "icestream.db").exists():
        return 0
    return queries.count_exposures(session.store())["failed"]


def test_a_step_that_failed_too_often_ends_what_nobody_watches(
    session: Session, tmp_path: Path
) -> None:
    """The rest is done; the next run ends so too, until a person lets the step go on."""
    for letter in "abcdefghijklm":
        (tmp_path / "in" / f"{letter}3").parent.mkdir(exist_ok=True)
        (tmp_path / "in" / f"{letter}3").write_text("1")
    (tmp_path / "in" / "closed").touch()
    steps = (
        ("src", "toy.count", {"folder": tmp_path / "in"}, {}),
        add("a", "src", fail="defect"),
        add("b", "src"),
        add("c", "a"),
    )
    for _ in range(2):
        outcome = session.run(*steps)
        assert (outcome.state, outcome.reason) == ("stopped", "")
        states = {step.name: (step.state, step.counts.ready) for step in outcome.steps}
        assert states["a"] == ("paused", 3)
        assert states["b"] == ("done", 0)
    send(session.folder, Resume(step="a"))
    outcome = session.run(*steps)
    assert (outcome.state, dict(outcome.exposures)["failed"]) == ("done", 13)
