"""The record: each method is one transaction, and says what it changed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.decisions.actions import Start
from icestream.engine.decisions.changes import ATTEMPTS
from icestream.engine.decisions.decide import decide
from icestream.engine.decisions.events import Backfilling, LeaseEnded, TasksReady
from icestream.engine.decisions.ready import Ready
from icestream.engine.decisions.state import Free, RunningLease, State
from icestream.engine.executors.contract import Ended, Ending
from icestream.engine.machine.clock import steady
from icestream.engine.messages import Discovered, SourceFailed
from icestream.engine.record import observations as notes
from icestream.engine.record import record as module
from icestream.engine.record.tenure import TakenOver
from icestream.engine.record.workflows import session_workflow
from icestream.engine.requests.carry_out import judge
from icestream.model import Alert
from icestream.protocol import Discovery, Resources
from icestream.store import tables as t
from toy_record import Desk, run

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})
A = ("a", "toy.add", {}, {"number": "src"})
B = ("b", "toy.add", {}, {"number": "a"})
TOTAL = ("total", "toy.total", {"full": 1}, {"number": "src"})


def failing(how: str) -> Any:
    return ("a", "toy.add", {"fail": how}, {"number": "src"})


# -- leases that end -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "group"),
    [("item", "refused"), ("defect", "failed"), ("again", "again"), ("full", "returned")],
)
def test_a_failure_is_classified(desk: Desks, how: str, group: str) -> None:
    made = desk(SRC, failing(how))
    made.find(3)
    (lease,) = made.start("a")
    (*_, ended) = made.record.take_in([run(lease)], [])
    assert isinstance(ended, LeaseEnded)
    groups = {
        name: getattr(ended, name) for name in ("done", "failed", "refused", "again", "returned")
    }
    assert [name for name, tasks in groups.items() if tasks] == [group]


def test_attempts_are_counted_and_the_last_one_is_the_last(desk: Desks) -> None:
    made = desk(SRC, failing("again"))
    made.find(3)
    for attempt in range(1, ATTEMPTS + 1):
        assert made.states_of("a") == {"e3": "ready"}
        (lease,) = made.start("a")
        made.record.take_in([run(lease)], [])
        assert made.tasks("a")["e3"].attempt == attempt
    assert made.states_of("a") == {"e3": "failed"}
    assert made.tasks("a")["e3"].reason == "not now"


def test_every_attempt_waits_longer_than_the_one_before(desk: Desks) -> None:
    made = desk(SRC, failing("again"))
    made.find(3)
    waits = []
    for _ in range(ATTEMPTS - 1):
        (lease,) = made.start("a")
        (ended,) = made.record.take_in([run(lease)], [])
        assert isinstance(ended, LeaseEnded)
        ((_, due),) = ended.again
        waits.append(due - made.rows(t.event, "time")[-1])
    assert 0 < waits[0] < waits[1]


def test_trouble_with_storage_and_cancelling_do_not_count_as_the_tasks_fault(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(1)
    for _ in range(ATTEMPTS + 2):
        (lease,) = made.start("a")
        made.record.take_in([Ended(lease.id, (), "cancelled")], [])
    assert made.states_of("a") == {"e1": "ready"}


def test_what_is_no_fault_of_a_task_uses_up_none_of_its_tries(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(1)
    waits = []
    for _ in range(ATTEMPTS + 2):
        (lease,) = made.start("a")
        lost = Ended(lease.id, (), "the worker process has not answered for 120 s", blameless=True)
        (ended,) = made.record.take_in([lost], [])
        assert isinstance(ended, LeaseEnded)
        ((_, due),) = ended.again
        waits.append(due - steady())
    assert made.states_of("a") == {"e1": "ready"}
    assert waits[0] < waits[1] < waits[2]
    made.record.memory.silent.clear()
    for ready in (True, True, False):  # all its tries are left
        (lease,) = made.start("a")
        made.record.take_in([Ended(lease.id, (), "the worker died")], [])
        assert (made.states_of("a") == {"e1": "ready"}) is ready


def test_a_task_that_stops_its_worker_each_time_is_found_out(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(1)
    for _ in range(20 + ATTEMPTS):
        assert made.states_of("a") == {"e1": "ready"}
        (lease,) = made.start("a")
        made.record.take_in([Ended(lease.id, (), "no answer", blameless=True)], [])
    assert made.states_of("a") == {"e1": "failed"}


def test_a_coordinator_that_is_killed_uses_up_no_tries(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(1)
    for _ in range(ATTEMPTS):
        made.start("a")
        made.open(SRC, A)
    assert made.tasks("a")["e1"].attempt == 0


def test_the_calls_of_a_lost_lease_that_did_not_end_are_tried_again(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(1, 2, 3)
    tasks = made.ready("a")
    (lease,), _ = made.record.start([Start("l;", tasks[0].step, tasks)])
    reason = "the worker process ended with signal 9"
    (*_, ended) = made.record.take_in([Ended(lease.id, run(lease).endings[:1], reason)], [])
    assert isinstance(ended, LeaseEnded)
    assert (len(ended.done), len(ended.again)) == (1, 2)
    assert made.states_of("a") == {"e1": "done", "e2": "ready", "e3": "ready"}
    assert made.tasks("a")["e2"].reason == reason


def test_new_tasks_are_told_before_the_end_of_what_enabled_them(desk: Desks) -> None:
    """Else a step whose last task has ended would look as if nothing followed."""
    made = desk(SRC, A, B)
    made.find(1)
    (lease,) = made.start("a")
    enabled, ended = made.record.take_in([run(lease)], [])
    assert isinstance(enabled, TasksReady)
    assert isinstance(ended, LeaseEnded)


def test_the_scratch_of_a_lease_is_swept(desk: Desks) -> None:
    made = desk(SRC, ("a", "toy.add", {"write": True}, {"number": "src"}))
    made.find(1)
    (lease,) = made.start("a")
    ended = run(lease)
    assert Path(lease.calls[0].scratch).exists()
    made.record.take_in([ended], [])
    assert not Path(lease.calls[0].scratch).exists()


def test_what_attempts_keep_goes_when_there_is_a_result(desk: Desks) -> None:
    made = desk(SRC, ("a", "toy.add", {}, {"number": "src"}))
    made.find(1, 2)
    leases = made.start("a")
    for lease in leases:
        for call in lease.calls:
            Path(call.kept).mkdir(parents=True)
    done, *others = leases
    failed = [Ended(lease.id, (), "lost") for lease in others]
    made.record.take_in([run(done), *failed], [])
    assert others and not any(Path(call.kept).exists() for call in done.calls)
    assert all(Path(call.kept).exists() for lease in others for call in lease.calls)


def test_when_the_transaction_fails_nothing_has_happened_and_it_can_be_made_again(
    desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = desk(SRC, ("a", "toy.add", {"write": True}, {"number": "src"}), B)
    made.find(1)
    (lease,) = made.start("a")
    ended = run(lease)
    tables = (t.task, t.result, t.counter, t.event, t.file)
    before = [made.rows(table) for table in tables]
    with monkeypatch.context() as patch:
        patch.setattr(module.endings, "record_done", _full)
        with pytest.raises(OSError, match="No space"):
            made.record.take_in([ended], [])
    assert [made.rows(table) for table in tables] == before
    made.record.take_in([ended], [])
    assert made.states_of("a") == {"e1": "done"}
    assert made.states_of("b") == {"e1": "ready"}


def test_who_was_taken_over_writes_nothing_and_says_by_whom(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(1)
    (lease,) = made.start("a")
    other = module.Record(made.store, made.record.registry, "oldest", 60.0)
    other.open(session_workflow(made.store))
    before = [made.rows(table) for table in (t.task, t.result, t.counter, t.event)]
    for writing in (
        lambda: made.record.take_in([run(lease)], []),
        lambda: made.record.change_session("paused"),
        lambda: made.record.backfill(made.step("a").id),
    ):
        with pytest.raises(TakenOver, match=r"by another coordinator \(\d+@.*, epoch 2\)"):
            writing()
    assert [made.rows(table) for table in (t.task, t.result, t.counter, t.event)] == before
    other.change_session("paused")


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_only_the_last_states_of_a_batch_step_are_kept(desk: Desks) -> None:
    made = desk(SRC, TOTAL)
    made.find(1, 2, 3, 4)
    for _ in range(4):
        made.gather("total")
        made.work()
    assert sorted(path.name for path in (made.folder / "total").iterdir()) == [
        "batch_00003_state",
        "batch_00004_state",
    ]


# -- the queue -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("order", "names"), [("newest", [3, 2, 1]), ("oldest", [1, 2, 3])])
def test_tasks_come_from_the_store_in_the_order_of_the_session(
    desk: Desks, order: str, names: list[int]
) -> None:
    made = desk(SRC, A, order=order)
    made.find(1, 2, 3)
    ids = {task.id: task.subject_id for task in made.tasks("a").values()}
    assert [ids[task.id] for task in made.ready("a")] == names


def test_a_refill_leaves_out_what_waits_for_another_attempt(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(1, 2)
    first, second = made.ready("a")
    assert made.record.refill(first.step, {first.id}).tasks == (second,)


def test_a_refill_is_no_more_than_a_window(desk: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "kept_of", lambda _: (2, 0))
    made = desk(SRC, A)
    made.find(1, 2, 3, 4)
    assert len(made.ready("a")) == 2


# -- looking at what was there ---------------------------------------------------------------------


def test_a_step_looks_at_what_was_there_page_by_page(
    desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    monkeypatch.setattr("icestream.engine.record.backfill.PAGE", 2)
    made = desk(SRC, A)
    made.find(1, 2, 3)
    made.work()
    made.open(SRC, A, B)
    b = made.step("b").id
    (first,) = made.record.backfill(b)
    assert isinstance(first, TasksReady)
    assert made.states_of("b") == {"e1": "ready", "e2": "ready"}
    assert made.rows(t.revision, "backfill", id=b) == [2]  # a restart goes on from here
    made.open(SRC, A, B)
    (_, last) = made.record.backfill(b)
    assert last == Backfilling(b, active=False)
    assert made.states_of("b") == {"e1": "ready", "e2": "ready", "e3": "ready"}
    assert made.rows(t.revision, "backfill", id=b) == [None]


def test_a_step_on_snapshots_looks_at_the_snapshots_that_were_there(desk: Desks) -> None:
    made = desk(SRC, TOTAL)
    made.find(1, 2)
    for _ in range(2):
        made.gather("total")
        made.work()
    twice = ("twice", "toy.double", {}, {"total": "total"})
    made.open(SRC, TOTAL, twice)
    made.backfill("twice")
    made.work()
    assert made.states_of("twice") == {"1": "done", "2": "done"}


# -- states, alerts, trouble -----------------------------------------------------------------------


def alerts(desk: Desk) -> list[tuple[str, bool]]:
    """Key of each alert, and whether it holds."""
    return [(row.key, row.cleared is None) for row in desk.rows(t.alert)]


@pytest.mark.parametrize("state", ["running", "waiting"])
def test_a_step_that_is_paused_for_its_failures_has_an_alert_until_it_is_resumed(
    desk: Desks, state: str
) -> None:
    made = desk(SRC, A)
    number = made.step("a").id
    made.record.change_step(number, "paused", "10 failures in a row", alarm=True)
    assert alerts(made) == [("step.paused", True)]
    (message,) = made.rows(t.alert, "message")
    assert message.startswith("a is paused: 10 failures in a row. ")
    assert message.endswith(f"then: icestream resume {made.folder} a")
    assert made.rows(t.revision, "state", id=number) == ["paused"]
    made.record.change_step(number, state, "", alarm=False)
    assert alerts(made) == [("step.paused", False)]


def test_a_step_that_a_person_paused_has_no_alert(desk: Desks) -> None:
    made = desk(SRC, A)
    made.record.change_step(made.step("a").id, "paused", "pause by ann", alarm=False)
    assert alerts(made) == []
    assert made.rows(t.revision, "reason", id=made.step("a").id) == ["pause by ann"]


def test_an_alert_of_a_source_clears_when_it_is_no_longer_said(desk: Desks) -> None:
    made = desk(SRC, A)
    source = made.step("src")

    def discover(*said: Alert) -> None:
        found = Discovery(alerts=said)
        made.record.take_in([], [Discovered(source.id, found)])

    quiet = Alert(key="src.quiet", level="warning", message="no new movie for an hour")
    discover(quiet)
    discover(quiet)
    assert alerts(made) == [("src.quiet", True)]
    for _ in range(2):
        discover()
    assert alerts(made) == [("src.quiet", False)]


def test_a_source_that_works_again_has_no_alert(desk: Desks) -> None:
    """It says so once, and then nothing until there is something new."""
    made = desk(SRC, A)
    source = made.step("src")
    notes.source_failed(made.record, SourceFailed(source.id, "OSError: no mount", ""))
    assert alerts(made) == [("source.failed", True)]
    made.record.take_in([], [Discovered(source.id, Discovery())])
    assert alerts(made) == [("source.failed", False)]


def test_the_states_of_steps_and_session_are_events_too(desk: Desks) -> None:
    made = desk(SRC, A)
    made.record.change_step(made.step("a").id, "paused", "pause by ann", alarm=False)
    made.record.change_session("draining")
    said = {
        kind: json.loads(made.rows(t.event, "document", kind=kind)[-1])["state"]
        for kind in ("step.state", "session.state")
    }
    assert said == {"step.state": "paused", "session.state": "draining"}


def test_after_trouble_the_state_says_what_the_store_says(desk: Desks) -> None:
    """A lease that could not be recorded as started is given up, with all that it held."""
    made = desk(SRC, A)
    made.find(1, 2, 3)
    one = Resources(cores=1, memory=0)
    state = State(made.states, Free(1, 0), 0, session="held")
    number = made.step("a").id
    (lease,) = made.start("a", 1)
    task = Ready(0, made.tasks("a")["e1"].id, number)
    never = Ready(0, made.tasks("a")["e2"].id, number)
    state.leases = {
        lease.id: RunningLease(number, (task,), one),
        "never;": RunningLease(number, (never,), one),
    }
    decide(state, made.record.reconcile(state), 0.0)
    assert list(state.leases) == [lease.id]
    assert (state.free.cores, state.slots) == (2, 1)
    step = state.steps[number]
    assert (step.running, step.stored, step.window) == (1, 2, [])


def test_work_follows_only_from_what_changed(desk: Desks) -> None:
    """An event says what is new; what was there before is not told again."""
    made = desk(SRC, A)
    made.find(1, 2, 3)
    (event,) = made.find(4)
    assert isinstance(event, TasksReady)
    assert len(event.tasks) == 1


def test_a_word_on_an_exposure_that_does_not_exist_changes_nothing(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(1)
    said = {"accepted": False, "who": "ann", "why": ""}
    events, unknown = judge(made.record, [made.step("src")], ["e1", "e9"], **said)  # type: ignore[arg-type]
    assert (events, unknown) == ([], ["e9"])
    assert made.rows(t.decision) == []


def test_endings_without_a_lease_are_of_another_epoch(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(1)
    task = made.tasks("a")["e1"].id
    ending = Ending(task=task, outcome="done", document='{"number": {}}')
    assert made.record.take_in([Ended("old;", (ending,))], []) == []
    assert made.states_of("a") == {"e1": "ready"}
