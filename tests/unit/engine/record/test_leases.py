"""Sending leases: everything that a worker needs is in its calls."""

import json
from collections.abc import Callable

import pytest

import toys
from icestream.engine.decisions.actions import Start
from icestream.engine.decisions.ready import Ready
from icestream.protocol import Resources
from icestream.store import tables as t
from toy_record import Desk, run

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})
A = ("a", "toy.add", {"add": 2}, {"number": "src"})
SUM = ("s", "toy.sum2", {}, {"first": "a", "second": "src"})


def test_a_call_says_what_to_run_on_what_and_where(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(4)
    (lease,) = made.start("a")
    (call,) = lease.calls
    (task,) = made.rows(t.task, step_id=made.step("a").id)
    assert (call.task, call.attempt, call.name) == (task.id, 1, "e4")
    assert call.target == "toys:Add"
    assert call.parameters["add"] == 2.0
    assert call.key == task.key
    assert (call.session, call.folder) == (str(made.folder), "a")
    assert call.scratch == str(made.folder / ".scratch" / "1" / f"{task.id}.{task.key[:8]}.1")
    ((port, label, number, source_port),) = json.loads(call.inputs)
    assert (port, label, source_port) == ("number", "src", "number")
    assert json.loads(call.documents[number])["number"]["value"] == 4.0


def test_a_call_has_the_documents_of_its_own_inputs_only(desk: Desks) -> None:
    made = desk(SRC, A, SUM)
    made.find(1, 2)
    made.record.take_in([run(lease) for lease in made.start("a")], [])
    for lease in made.start("s"):
        (call,) = lease.calls
        exposures = {
            json.loads(document)["number"]["exposure"] for document in call.documents.values()
        }
        assert exposures == {call.name}
        assert len(call.documents) == 2


def test_starting_marks_tasks_as_running_with_epoch_and_attempt(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(1, 2)
    made.start("a", 1)
    task = made.tasks("a")["e1"]
    assert (task.state, task.epoch, task.attempt) == ("running", 1, 1)
    assert made.states_of("a") == {"e1": "running", "e2": "ready"}
    assert made.counts("a") == {"ready": 1, "running": 1}


def test_every_attempt_has_a_scratch_folder_of_its_own(desk: Desks) -> None:
    made = desk(SRC, ("a", "toy.add", {"fail": "again"}, {"number": "src"}))
    made.find(3)
    folders = set()
    for attempt in (1, 2, 3):
        (lease,) = made.start("a")
        assert lease.calls[0].attempt == attempt
        folders.add(lease.calls[0].scratch)
        made.record.take_in([run(lease)], [])
    assert len(folders) == 3


def test_a_task_that_is_no_longer_ready_is_left_out(desk: Desks) -> None:
    """It was withdrawn between the decision and the start: its lease may be empty."""
    made = desk(SRC, A)
    made.find(1)
    (task,) = made.ready("a")
    made.start("a")
    (lease,), _ = made.record.start([Start("late;", task.step, (task, Ready(0, 999, task.step)))])
    assert lease.calls == ()


def test_a_lease_has_time_for_all_its_calls_and_says_what_they_need(
    desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toys.Add, "resources", Resources(cores=2, gpus=3))
    made = desk(SRC, A)
    made.find(1, 2, 3)
    tasks = made.ready("a")
    (lease,), _ = made.record.start([Start("l;", tasks[0].step, tasks)])
    assert [(call.cores, call.gpus) for call in lease.calls] == [(2, 3)] * 3
    assert lease.gpus == 3
    assert lease.timeout == 3 * made.record.timeout


def test_a_batch_goes_on_from_the_checkpoint_of_the_one_before(desk: Desks) -> None:
    made = desk(SRC, ("total", "toy.total", {"full": 1}, {"number": "src"}))
    made.find(1, 2)
    checkpoints = []
    for _ in range(2):
        made.gather("total")
        (lease,) = made.start("total")
        checkpoints.append(lease.calls[0].checkpoint)
        made.record.take_in([run(lease)], [])
    first, last = (row for row in made.rows(t.result, step_id=made.step("total").id))
    assert checkpoints == ["", first.checkpoint]
    assert lease.calls[0].name == "batch_00002"
    sources = {row.port: row.source_id for row in made.rows(t.input_, result_id=last.id)}
    assert sources["previous"] == first.id  # lineage goes through the chain of batches


def test_a_call_knows_the_types_of_what_is_linked_by_many_links(desk: Desks) -> None:
    made = desk(SRC, A, ("w", "toy.weigh", {}, {"number": "src", "evidence": ["src", "a"]}))
    made.find(4)
    made.work_at("a")
    ((call,),) = [lease.calls for lease in made.start("w")]
    assert call.kinds == {"src.number": "toys:Number", "a.number": "toys:Number"}
