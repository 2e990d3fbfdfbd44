"""Carrying out decisions, one event after another, until nothing follows."""

from collections.abc import Callable
from typing import Any

import pytest

import toys
from icestream.engine.coordinator.perform import Performer
from icestream.engine.decisions import state
from icestream.engine.decisions.events import Asked, StreamEnded, TasksReady, Tick
from icestream.engine.decisions.state import Free, State
from icestream.engine.executors.contract import Ended, Lease
from icestream.engine.record import endings
from icestream.store import tables as t
from toy_record import Desk, run

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})
A = ("a", "toy.add", {}, {"number": "src"})


class Told:
    """An executor, and the threads: they only remember what they are told."""

    def __init__(self) -> None:
        self.leases: list[Lease] = []
        self.cancelled: list[str] = []
        self.held: list[tuple[int, bool]] = []
        self.news_of: list[set[int]] = []

    def submit(self, lease: Lease) -> None:
        self.leases.append(lease)

    def cancel(self, lease: str) -> None:
        self.cancelled.append(lease)

    def hold_source(self, number: int, held: bool) -> None:
        self.held.append((number, held))

    def news(self, steps: set[int]) -> None:
        self.news_of.append(set(steps))


class Turn:
    """A desk with performer."""

    def __init__(self, desk: Desk, cores: int = 2) -> None:
        self.desk = desk
        self.told = Told()
        self.state = State(desk.states, Free(cores, 2**40), cores, mark="m:1.")
        told: Any = self.told
        self.performer = Performer(desk.record, self.state, told, told)
        self.backfill()

    def find(self, *values: float) -> None:
        self.performer.carry_on(self.desk.find(*values))

    def end(self, place: int = 0) -> None:
        """One lease that is out ends."""
        lease = self.told.leases.pop(place)
        self.performer.carry_on(self.desk.record.take_in([run(lease)], []))

    def finish(self) -> None:
        """The source closes, and everything that follows is run."""
        self.performer.carry_on([StreamEnded(self.desk.step("src").id)])
        self.backfill()
        while self.told.leases:
            self.end()
            self.backfill()

    def backfill(self) -> None:
        """Steps look at what was there, as they do in a coordinator's turns."""
        for step in list(self.state.steps.values()):
            while step.backfilling:
                self.performer.carry_on(self.desk.record.backfill(step.id))


def names(leases: list[Lease]) -> list[str]:
    return [call.name for lease in leases for call in lease.calls]


def test_what_is_found_starts_and_what_it_enables_starts_when_it_ends(desk: Desks) -> None:
    turn = Turn(desk(SRC, A, ("b", "toy.add", {}, {"number": "a"})))
    turn.find(1, 2, 3)
    assert names(turn.told.leases) == ["e1", "e2"]
    turn.end()
    assert [(lease.calls[0].folder, lease.calls[0].name) for lease in turn.told.leases] == [
        ("a", "e2"),
        ("b", "e1"),  # the deepest step first
    ]
    turn.finish()
    assert turn.state.finished
    assert turn.desk.exposures() == {"e1": "done", "e2": "done", "e3": "done"}


def test_a_session_of_every_kind_of_step_ends_done(desk: Desks) -> None:
    turn = Turn(
        desk(
            SRC,
            ("sel", "toy.select", {"below": 5}, {"number": "src"}),
            ("hold", "toy.hold", {"enough": 3}, {"number": "sel"}),
            ("a", "toy.add", {}, {"number": "hold"}),
            ("total", "toy.total", {"full": 2}, {"number": "a"}),
            ("twice", "toy.double", {}, {"total": "total"}),
            ("watch", "toy.watch", {}, {"number": "a"}),
        )
    )
    turn.find(1, 2, 3, 4, 7)
    turn.finish()
    assert {step.state for step in turn.state.steps.values()} == {"done"}
    assert turn.desk.counts("a") == {"done": 4, "skipped": 1}
    assert set(turn.desk.states_of("twice").values()) == {"done"}


def test_more_than_a_window_of_tasks_is_worked_off_from_the_store(
    desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "WINDOW", 40)
    turn = Turn(desk(SRC, A))
    turn.find(*range(1, 101))
    turn.finish()
    assert turn.desk.counts("a") == {"done": 100}
    assert turn.state.finished


def test_a_window_is_read_from_the_store_when_all_that_ended_has_been_heard(
    desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that is to be tried again is ready in the store before it is known to wait."""
    monkeypatch.setattr(state, "WINDOW", 40)
    monkeypatch.setattr(endings, "backoff", lambda attempt: 0.0)
    turn = Turn(desk(SRC, A))
    turn.find(*range(1, 77))
    step = turn.state.steps[turn.desk.step("a").id]
    while len(step.window) > 5:
        turn.end()
    assert step.stored == 36, "with four, and the one that is killed, one more than a window"
    done, killed = turn.told.leases.pop(0), turn.told.leases.pop(0)
    ended = [run(done), Ended(killed.id, (), "the worker was killed")]
    turn.performer.carry_on(turn.desk.record.take_in(ended, []))
    assert len(step.window) > 5, "it was read again"
    turn.finish()
    assert turn.desk.counts("a") == {"done": 76}
    assert turn.state.finished


def test_a_lease_whose_tasks_were_all_withdrawn_ends_at_once(desk: Desks) -> None:
    turn = Turn(desk(SRC, A))
    ready = turn.desk.find(1)
    turn.desk.start("a")  # somebody was quicker
    turn.performer.carry_on(ready)
    assert turn.told.leases == []
    assert turn.state.leases == {}
    assert turn.state.slots == 2


# -- triggers --------------------------------------------------------------------------------------


def hold(desk: Desks, **parameters: Any) -> Turn:
    return Turn(desk(SRC, ("hold", "toy.hold", parameters, {"number": "src"}), (
        "a", "toy.add", {}, {"number": "hold"}
    )), cores=8)  # fmt: skip


def test_a_trigger_releases_all_that_it_holds_when_there_is_enough(desk: Desks) -> None:
    turn = hold(desk, enough=3)
    turn.find(1, 2)
    assert turn.told.leases == []
    turn.find(3)
    turn.backfill()
    assert sorted(names(turn.told.leases)) == ["e1", "e2", "e3"]
    turn.find(4)  # it is open now
    assert "e4" in names(turn.told.leases)


def test_a_trigger_that_never_has_enough_gives_up_when_the_stream_closes(desk: Desks) -> None:
    turn = hold(desk, enough=3)
    turn.find(1, 2)
    turn.finish()
    assert turn.desk.states_of("hold") == {"e1": "skipped", "e2": "skipped"}
    assert turn.desk.exposures() == {"e1": "done", "e2": "done"}  # and not bad
    assert turn.state.finished


def test_a_trigger_that_raises_is_paused_and_says_why(
    desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toys.Hold, "ready", lambda self, counts: counts["nothing"])
    turn = hold(desk)
    turn.find(1)
    (row,) = turn.desk.rows(t.revision, id=turn.desk.step("hold").id)
    assert (row.state, row.reason) == ("paused", "KeyError: 'nothing'")
    assert turn.desk.rows(t.alert, "key") == ["step.paused"]


def test_a_batch_protocol_that_raises_in_the_coordinator_pauses_its_step_alone(
    desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = Turn(desk(SRC, A, ("total", "toy.total", {"full": 1}, {"number": "src"})))
    monkeypatch.setattr(toys.AddUp, "batch_size", lambda self: 1 / 0)
    turn.find(1)
    assert turn.desk.rows(t.revision, "state", id=turn.desk.step("total").id) == ["paused"]
    assert names(turn.told.leases) == ["e1"]


# -- failures and people ---------------------------------------------------------------------------


def test_failures_in_a_row_pause_a_step_and_resuming_goes_on(desk: Desks) -> None:
    bad = [10 * n + 3 for n in range(12)]
    turn = Turn(desk(SRC, ("a", "toy.add", {"fail": "defect"}, {"number": "src"})), cores=1)
    turn.find(*bad, 200)
    while turn.told.leases:
        turn.end()
    (row,) = turn.desk.rows(t.revision, id=turn.desk.step("a").id)
    assert row.state == "paused"
    assert row.reason == "10 failures in a row; the last: RuntimeError: a defect"
    assert turn.desk.counts("a") == {"failed": 10, "ready": 3}
    assert [alert.cleared for alert in turn.desk.rows(t.alert)] == [None]
    turn.performer.carry_on([Asked("resume", (row.id,))])
    turn.finish()
    assert turn.desk.counts("a") == {"failed": 12, "done": 1}
    assert turn.desk.rows(t.alert)[0].cleared is not None
    assert turn.state.finished


def test_a_paused_source_is_not_asked_and_a_resumed_one_is(desk: Desks) -> None:
    turn = Turn(desk(SRC, A))
    source = turn.desk.step("src").id
    turn.told.held.clear()
    turn.performer.carry_on([Asked("pause", (source,), "pause by ann"), Tick()])
    turn.performer.carry_on([Asked("resume", (source,))])
    assert turn.told.held[0] == (source, True)
    assert turn.told.held[-1] == (source, False)


def test_aborting_cancels_what_runs(desk: Desks) -> None:
    turn = Turn(desk(SRC, A))
    turn.find(1, 2, 3)
    turn.performer.carry_on([Asked("abort", (turn.desk.step("a").id,), "abort by ann")])
    assert turn.told.cancelled == [lease.id for lease in turn.told.leases]


def test_a_session_that_is_paused_says_so_in_its_store(desk: Desks) -> None:
    turn = Turn(desk(SRC, A))
    turn.performer.carry_on([Asked("pause")])
    assert turn.desk.rows(t.session, "state") == ["paused"]
    turn.performer.carry_on([Asked("resume")])
    assert turn.desk.rows(t.session, "state") == ["running"]


def test_monitors_hear_of_the_steps_with_new_results_once(desk: Desks) -> None:
    turn = Turn(desk(SRC, A))
    turn.find(1)
    turn.end()
    turn.performer.carry_on([Tick()])
    assert turn.told.news_of == [{turn.desk.step("src").id}, {turn.desk.step("a").id}]


def test_nothing_to_do_writes_nothing(desk: Desks) -> None:
    turn = Turn(desk(SRC, A))
    before = len(turn.desk.rows(t.event))
    turn.performer.carry_on([Tick(), TasksReady()])
    assert len(turn.desk.rows(t.event)) == before
