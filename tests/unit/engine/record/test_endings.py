"""Recording: how endings and discoveries become files and rows, exactly once."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import pytest

import toys
from icestream.engine.executors.contract import Ended, Ending
from icestream.engine.messages import Discovered
from icestream.engine.record import endings as commit
from icestream.engine.record.endings import KEEP, TaskOut, publish
from icestream.engine.requests.carry_out import judge
from icestream.model import Exposure, Picture, type_name
from icestream.protocol import Discovery
from icestream.store import tables as t
from toy_record import Desk, run

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})
A = ("a", "toy.add", {"write": True}, {"number": "src"})


# -- files -----------------------------------------------------------------------------------------


@pytest.fixture
def out(tmp_path: Path) -> TaskOut:
    scratch = tmp_path / ".scratch" / "1" / "5.1"
    scratch.mkdir(parents=True)
    (scratch / "image.mrc").write_text("new")
    return TaskOut(
        id=5, step=2, revision=2, exposure=1, name="e1", key="k", sources=(), attempt=1,
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


# -- discoveries -----------------------------------------------------------------------------------


def discover(desk: Desk, *items: toys.Number, state: Any = None) -> list[Any]:
    source = desk.step("src")
    found = Discovery(items, state=state)
    return desk.record.take_in([], [Discovered(source.id, source.revision_id, found)])


def number(exposure: str, value: float, path: Path | None = None) -> toys.Number:
    return toys.Number(exposure=exposure, value=value, path=path)


def test_an_item_that_is_found_again_is_ignored(desk: Desks) -> None:
    made = desk(SRC, A)
    discover(made, number("e1", 1.0))
    before = [made.rows(table) for table in (t.exposure, t.result, t.task)]
    assert discover(made, number("e1", 1.0)) == []
    assert [made.rows(table) for table in (t.exposure, t.result, t.task)] == before


def test_an_item_that_has_changed_outside_is_kept_as_it_was_with_an_alert(desk: Desks) -> None:
    made = desk(SRC, A)
    discover(made, number("e1", 1.0))
    discover(made, number("e1", 2.0))
    assert json.loads(made.rows(t.result)[0].document)["number"]["value"] == 1.0
    (alert,) = made.rows(t.alert)
    assert (alert.key, alert.level, alert.exposure) == ("exposure.changed", "warning", "e1")
    assert "e1 changed on disk" in alert.message


def test_the_cursor_is_written_with_what_was_found(desk: Desks) -> None:
    made = desk(SRC, A)
    discover(made, number("e1", 1.0), state={"seen": 1})
    assert made.record.cursors() == {made.step("src").id: {"seen": 1}}
    discover(made, number("e2", 2.0), state=KEEP)  # a piece of a discovery: more of it follows
    assert made.record.cursors() == {made.step("src").id: {"seen": 1}}


def test_paths_in_the_session_are_kept_relative_to_it(desk: Desks) -> None:
    made = desk(SRC, A)
    inside, outside = made.folder / "movies" / "x.tiff", Path("/elsewhere/y.tiff")
    discover(made, number("e1", 1.0, inside), number("e2", 2.0, outside))
    paths = [json.loads(row.document)["number"]["path"] for row in made.rows(t.result)]
    assert paths == ["movies/x.tiff", "/elsewhere/y.tiff"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot(toys.Number):
    """A number with more than a number has."""

    details: str = "words"
    when: Exposure | None = None
    seen: Annotated[Path | None, Picture("Seen")] = None


def test_what_a_source_finds_is_recorded_as_what_it_is(desk: Desks) -> None:
    made = desk(SRC)
    when = Exposure(name="e1", grid_square="7")
    shot = Shot(exposure="e1", value=1.0, when=when, seen=made.folder / "raw" / "e1.png")
    discover(made, shot, number("e2", 2.0))
    first, second = made.rows(t.result)
    assert json.loads(first.types) == {"number": type_name(Shot)}
    assert json.loads(first.pictures) == [["number", "raw/e1.png", "Seen", ""]]
    assert json.loads(second.types) == {"number": "toys:Number"}
    # What the shot itself was is told by its type, whatever the item calls it.
    details = [json.loads(row.details) for row in made.rows(t.exposure)]
    assert (details[0]["grid_square"], details[1]) == ("7", {})


def test_a_refused_file_is_a_failed_exposure_with_its_reason(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(1, refused=("x2",))
    assert made.exposures() == {"e1": "going", "x2": "failed"}
    assert made.tasks("src")["x2"].reason == "x2: is bad"
    assert made.states_of("a") == {"e1": "ready", "x2": "skipped"}


def test_a_refused_file_that_is_mended_is_taken_in(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(refused=("x2",))
    discover(made, number("x2", 2.0))
    made.work()
    assert made.exposures() == {"x2": "done"}
    assert made.counts("a") == {"done": 1}


def test_what_a_person_rejected_at_the_source_stays_rejected(desk: Desks) -> None:
    made = desk(SRC, A)
    made.find(1)
    judge(made.record, [made.step("src").id], ["e1"], False, ("ann", "ice"))
    made.open(("src", "toy.count", {"offset": 1}, {}), A)  # found anew, with other parameters
    discover(made, number("e1", 2.0))
    assert made.exposures() == {"e1": "rejected"}
    assert made.tasks("src")["e1"].reason == "ice"


def test_what_a_source_found_before_it_was_revised_is_not_taken_in(desk: Desks) -> None:
    made = desk(SRC, A)
    source = made.step("src")
    late = Discovered(source.id, source.revision_id, Discovery([number("e1", 1.0)]))
    made.open(("src", "toy.count", {"offset": 1}, {}), A)
    assert made.record.take_in([], [late]) == []
    assert made.exposures() == {}


def test_only_a_source_discovers(desk: Desks) -> None:
    made = desk(SRC, A)
    with made.record.cascade() as cascade, pytest.raises(TypeError, match="'a' is no source"):
        commit.record_discovery(cascade, made.step("a"), Discovery(), made.folder, 1)
