"""Recording: how endings become files and rows, exactly once."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.decisions.changes import ATTEMPTS
from icestream.engine.decisions.events import Event, LeaseEnded
from icestream.engine.executors.contract import Ended, Ending
from icestream.engine.record.endings import TaskOut, publish
from icestream.store import queries
from icestream.store import tables as t
from toy_record import Desk, run

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})
A = ("a", "toy.add", {"write": True}, {"number": "src"})
FROM_SEL = {"number": "sel"}


# -- files -----------------------------------------------------------------------------------------


@pytest.fixture
def out(tmp_path: Path) -> TaskOut:
    scratch = tmp_path / ".scratch" / "1" / "5.1"
    scratch.mkdir(parents=True)
    (scratch / "image.mrc").write_text("new")
    return TaskOut(
        id=5, step=2, revision=2, subject=1, name="e1", key="k", sources=(), attempt=1,
        scratch=str(scratch),
    )  # fmt: skip


ENDING = Ending(task=5, outcome="done", files=(("image.mrc", "a/e1_image.mrc", 3),))


def test_files_are_renamed_into_place(tmp_path: Path, out: TaskOut) -> None:
    publish(tmp_path, out, ENDING)
    assert (tmp_path / "a" / "e1_image.mrc").read_text() == "new"
    assert not (Path(out.scratch) / "image.mrc").exists()


def test_what_an_attempt_left_that_was_not_committed_is_overwritten(
    tmp_path: Path, out: TaskOut
) -> None:
    left = tmp_path / "a" / "e1_image.mrc"
    left.parent.mkdir()
    left.write_text("of an attempt before")
    publish(tmp_path, out, ENDING)
    assert left.read_text() == "new"


def test_publishing_again_changes_nothing(tmp_path: Path, out: TaskOut) -> None:
    """The store failed between the renaming and the commit: the same call comes again."""
    publish(tmp_path, out, ENDING)
    publish(tmp_path, out, ENDING)
    assert (tmp_path / "a" / "e1_image.mrc").read_text() == "new"


def test_a_file_that_is_nowhere_is_an_error(tmp_path: Path, out: TaskOut) -> None:
    (Path(out.scratch) / "image.mrc").unlink()
    with pytest.raises(FileNotFoundError):
        publish(tmp_path, out, ENDING)


# -- endings ---------------------------------------------------------------------------------------


def test_a_result_has_its_lineage_files_and_qualities(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(4)
    made.work()
    (source, result) = made.rows(t.result)
    assert json.loads(result.document)["number"]["value"] == 5.0
    assert (result.epoch, result.attempt) == (1, 1)
    assert [(row.port, row.source_id) for row in made.rows(t.input_)] == [("number", source.id)]
    (file,) = made.rows(t.file)
    assert (file.result_id, file.path) == (result.id, "a/e4_number.txt")
    assert (made.folder / file.path).stat().st_size == file.size
    assert [(row.name, row.value) for row in made.rows(t.quality)] == [("toy.value", 5.0)]


def test_what_attempts_took_is_kept_and_counted(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(1, 2, 3)
    took = iter(((1.0, 500.0), (3.0, 200.0), (None, None)))
    for lease in made.start("a"):
        ended = run(lease)
        endings = []
        for one in ended.endings:
            cpu, memory = next(took)
            endings.append(replace(one, cpu=cpu, memory=memory))
        made.record.take_in([replace(ended, endings=tuple(endings))], [])
    results = made.rows(t.result)[-3:]
    assert [(row.cpu, row.memory) for row in results] == [(1.0, 500.0), (3.0, 200.0), (None, None)]
    counts = queries.steps(made.store)[-1].counts
    assert (counts.cpu, counts.metered, counts.memory, counts.done) == (4.0, 2, 500.0, 3)
    assert counts.mean_cpu == 2.0
    read = queries.results(made.store, "a")
    assert [(one.cpu, one.memory) for one in read] == [(row.cpu, row.memory) for row in results]


def test_a_result_says_what_it_is_and_which_files_are_pictures(desk: Desks) -> None:
    made = desk(SRC, ("draw", "toy.draw", {}, {"number": "src"}))
    made.find(4)
    made.work()
    (source, result) = made.rows(t.result)
    assert json.loads(source.types) == {"number": "toys:Number"}
    assert json.loads(result.types) == {"drawing": "toys:Drawing"}
    (picture,) = json.loads(result.pictures)
    assert picture[:3] == ["drawing", "draw/e4_number.png", "A number"]
    assert (made.folder / picture[1]).is_file()
    assert source.pictures == "[]"


def test_the_same_ending_twice_is_recorded_once(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(4)
    (lease,) = made.start("a")
    ended = run(lease)
    made.record.take_in([ended], [])
    before = [made.rows(table) for table in (t.result, t.task, t.counter, t.event, t.file)]
    assert made.record.take_in([ended], []) == []
    assert [made.rows(table) for table in (t.result, t.task, t.counter, t.event, t.file)] == before


def test_a_failure_keeps_its_reason_and_its_details_apart(desk: Desks) -> None:
    made = desk(SRC, ("a", "toy.add", {"fail": "defect"}, {"number": "src"}))
    made.find(3)
    made.work()
    task = made.tasks("a")["e3"]
    assert task.reason == "RuntimeError: a defect"
    assert task.details.startswith("Traceback")
    assert made.counts("a") == {"failed": 1}


def test_a_task_to_try_again_says_why_and_when(desk: Desks) -> None:
    made = desk(SRC, ("a", "toy.add", {"fail": "again"}, {"number": "src"}))
    made.find(3)
    (lease,) = made.start("a")
    made.record.take_in([run(lease)], [])
    task = made.tasks("a")["e3"]
    assert (task.state, task.attempt, task.reason) == ("ready", 1, "not now")
    assert task.due > 0
    assert made.counts("a") == {"ready": 1}


def test_particles_are_a_part_that_waits_for_its_segment(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(4)
    (lease,) = made.start("a")
    (ending,) = run(lease).endings
    cut = replace(ending, particles=130, particles_port="number")
    made.record.take_in([Ended(lease.id, (cut,))], [])
    (part,) = made.rows(t.part)
    assert (part.rows, part.port, part.segment_id) == (130, "number", None)
    assert made.record.loose == 130


def test_an_ending_of_other_inputs_than_the_task_has_now_is_kept_but_does_not_end_it(
    desk: Desks,
) -> None:
    """What goes into the task changed while it ran, and it was started again before that ended."""
    made = desk(
        SRC,
        ("sel", "toy.select", {"below": 50}, {"number": "src"}),
        ("b", "toy.add", {"add": 5}, {"number": "src"}),
        ("c", "toy.add", {"add": 8}, {"number": "src"}),
        ("mean", "toy.agree", {}, {"number": ["sel", "b", "c"]}),
    )
    made.find(1)
    made.work_at("sel", "b", "c")
    (early,) = made.start("mean")
    made.judge("e1", "sel", why="ice")
    (late,) = made.start("mean")
    assert early.calls[0].scratch != late.calls[0].scratch
    ended = run(late)
    made.record.take_in([run(early)], [])
    assert made.states_of("mean") == {"e1": "running"}
    made.record.take_in([ended], [])
    assert made.values("mean") == {"e1": 7.5}
    assert made.counts("mean") == {"done": 1}


def test_what_was_taken_back_while_it_ran_and_is_wanted_again_is_not_run_twice(desk: Desks) -> None:
    made = desk(SRC, ("sel", "toy.select", {"below": 50}, {"number": "src"}), (*A[:3], FROM_SEL))
    made.find(1)
    made.work_at("sel")
    (lease,) = made.start("a")
    made.judge("e1", "sel")
    made.judge("e1", "sel", accepted=True)
    assert made.start("a") == []
    made.record.take_in([run(lease)], [])
    assert made.states_of("a") == {"e1": "done"}
    assert made.counts("a") == {"done": 1, "reused": 1}


GROUPED: Any = (
    SRC,
    ("mean", "toy.mean", {"complete": 2, "write": True}, {"number": "src"}),
)


def written(desk: Desk) -> dict[str, str]:
    """First line of the file of each result of the groups, by the value of the result."""
    step = desk.step("mean").step
    found = [json.loads(row.document)["number"] for row in desk.rows(t.result, step_id=step)]
    return {str(one["value"]): (desk.folder / one["path"]).read_text().split()[0] for one in found}


@pytest.mark.parametrize("when", ["while it runs", "after it ended", "when it has ended unused"])
def test_what_is_made_of_other_inputs_leaves_the_files_of_the_first_alone(
    desk: Desks, when: str
) -> None:
    """A group that grows: its first result is still there, and so is its file."""
    made = desk(*GROUPED)
    made.find(1, 1.5)
    (lease,) = made.start("mean")
    if when == "after it ended":
        made.record.take_in([run(lease)], [])
        made.find(1.75)
    elif when == "when it has ended unused":
        made.find(1.75)
        made.record.take_in([run(lease)], [])
        assert made.states_of("mean") == {"1": "ready"}
    else:
        made.find(1.75)
        (late,) = made.start("mean")
        made.record.take_in([run(lease)], [])
        assert made.states_of("mean") == {"1": "running"}
        made.record.take_in([run(late)], [])
    made.work()
    value = (1 + 1.5 + 1.75) / 3
    assert made.values("mean") == {"1": value}
    assert written(made) == {"1.25": "1.25", str(value): str(value)}


def test_a_task_that_was_taken_back_is_not_ready_because_its_step_is_gone(desk: Desks) -> None:
    made = desk(SRC, ("sel", "toy.select", {"below": 50}, {"number": "src"}), (*A[:3], FROM_SEL))
    made.find(1)
    made.work_at("sel")
    (lease,) = made.start("a")
    made.judge("e1", "sel")
    old = made.step("a")
    made.change("a", add=5)
    made.record.take_in([run(lease)], [])
    assert made.states_of(old) == {"e1": "skipped"}
    assert made.counts(old) == {"skipped": 1}


def test_a_file_that_each_task_reads_is_no_matter_of_their_items(desk: Desks) -> None:
    """A movie is the item's; a gain reference is everybody's, and its step is paused for it."""
    made = desk(SRC, A)
    made.find(1, 2, 3)
    files = {"e1": "/nas/e1.tiff", "e2": "/nas/gain.mrc", "e3": "/nas/gain.mrc"}
    events: list[Event] = []
    for _ in range(ATTEMPTS):
        for lease in made.start("a"):
            (call,) = lease.calls
            unread = Ending(task=call.task, outcome="unread", reason="no", away=files[call.name])
            events += made.record.take_in([Ended(lease.id, (unread,))], [])
    ended = [event for event in events if isinstance(event, LeaseEnded)]
    tries = [(len(one.again), len(one.refused), len(one.failed)) for one in ended]
    assert tries == [(1, 0, 0)] * 6 + [(0, 1, 0), (0, 1, 0), (0, 0, 1)]
    assert {task.reason for task in made.tasks("a").values()} == {"no"}
