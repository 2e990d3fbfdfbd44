"""Results whose files were lost or cut are made again, and nothing else is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.executors.contract import Ended, Ending
from icestream.engine.record.remaking import Remade, make_again, sort_out
from icestream.store import tables as t
from icestream.store.files import damaged_results
from toy_record import Desk, run

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})
A = ("a", "toy.add", {"write": True}, {"number": "src"})
B = ("b", "toy.add", {"write": True, "add": 3}, {"number": "a"})
TOTAL = ("total", "toy.total", {"full": 2}, {"number": "b"})


def reopen(desk: Desk, *steps: Any, but: tuple[str, ...] = ()) -> Remade:
    """Open the session again; steps of the names `but` are paused."""
    desk.open(*steps)
    return make_again(desk.record, [s.id for s in desk.record.plan.by_depth() if s.name not in but])


def worked(desk: Desks, *steps: Any) -> Desk:
    made = desk(*steps)
    made.find(1, 2, 3)
    made.work()
    return made


def file_of(desk: Desk, step: str, exposure: str) -> Path:
    return desk.folder / step / f"{exposure}_number.txt"


def test_nothing_is_done_where_everything_is_there(desk: Desks) -> None:
    made = worked(desk, SRC, A, B)
    remade = reopen(made, SRC, A, B)
    assert (list(remade.events), dict(remade.again), list(remade.left)) == ([], {}, [])
    assert set(made.states_of("a").values()) == {"done"}


def test_a_lost_and_a_cut_file_are_made_again_and_nothing_else_is(desk: Desks) -> None:
    made = worked(desk, SRC, A, B)
    before = made.rows(t.result, "id", "key", "document")
    lost, cut = file_of(made, "a", "e1"), file_of(made, "b", "e2")
    contents = lost.read_bytes(), cut.read_bytes()
    lost.unlink()
    cut.write_bytes(contents[1][:10])
    remade = reopen(made, SRC, A, B)
    assert dict(remade.again) == {"a": 1, "b": 1}
    assert made.states_of("a") == {"e1": "ready", "e2": "done", "e3": "done"}
    assert made.states_of("b") == {"e1": "done", "e2": "ready", "e3": "done"}
    ran = []
    made.work(lambda lease: ran.append(lease) or run(lease))  # type: ignore[func-returns-value]
    assert [call.name for lease in ran for call in lease.calls] == ["e1", "e2"]
    assert (lost.read_bytes(), cut.read_bytes()) == contents
    assert made.rows(t.result, "id", "key", "document") == before
    assert not list(damaged_results(made.store))
    assert not made.record.memory.remade
    assert set(made.exposures().values()) == {"done"}


def test_what_is_made_of_it_waits_for_it(desk: Desks) -> None:
    """The deepest step goes first, and would not find its file."""
    made = desk(SRC, A, B)
    made.find(1, 2)
    made.work_at("a")
    file_of(made, "a", "e1").unlink()
    reopen(made, SRC, A, B)
    assert [call.name for lease in made.start("b") for call in lease.calls] == ["e2"]
    assert made.states_of("b")["e1"] == "held"
    made.work_at("a")
    assert made.states_of("b") == {"e1": "ready", "e2": "running"}
    made.work()
    assert made.states_of("b")["e1"] == "done"


def test_a_batch_of_which_one_item_is_lost_waits_too(desk: Desks) -> None:
    made = desk(SRC, A, TOTAL_OF_A)
    made.find(1, 2)
    made.work_at("a")
    assert made.gather("total")
    file_of(made, "a", "e2").unlink()
    reopen(made, SRC, A, TOTAL_OF_A)
    assert made.start("total") == []
    made.work()
    assert made.values("total", "total") == {"1": 5.0}


TOTAL_OF_A = ("total", "toy.total", {"full": 2}, {"number": "a"})


def test_one_that_was_not_come_to_is_made_again_the_next_time(desk: Desks) -> None:
    made = worked(desk, SRC, A)
    file_of(made, "a", "e1").unlink()
    reopen(made, SRC, A)
    assert dict(reopen(made, SRC, A).again) == {"a": 1}  # it was killed before it began
    made.work()
    assert file_of(made, "a", "e1").exists()


def test_what_cannot_be_made_again_stays_as_it_is(desk: Desks) -> None:
    """A failure there must not take along what was made from it."""
    made = worked(desk, SRC, A, B)
    file_of(made, "a", "e1").unlink()
    reopen(made, SRC, A, B)
    (lease,) = made.start("a")
    failed = Ending(task=lease.calls[0].task, outcome="item", reason="no good")
    made.record.take_in([Ended(lease.id, (failed,))], [])
    assert set(made.states_of("a").values()) == set(made.states_of("b").values()) == {"done"}
    assert set(made.exposures().values()) == {"done"}
    assert made.counts("a") == {"done": 3}
    assert made.record.memory.unmade == ["a failed for e1: no good"]
    assert not made.record.memory.remade


def test_a_step_that_is_paused_makes_nothing(desk: Desks) -> None:
    made = worked(desk, SRC, A, B)
    file_of(made, "a", "e1").unlink()
    file_of(made, "b", "e1").unlink()
    remade = reopen(made, SRC, A, B, but=("a",))
    assert dict(remade.again) == {}
    assert [(left.result.step, left.why) for left in remade.left] == [
        ("a", "a is paused"),
        ("b", "a is paused"),  # its own input is lost
    ]
    assert set(made.states_of("a").values()) == {"done"}


def test_what_a_source_brought_from_outside_has_to_be_there(desk: Desks, tmp_path: Path) -> None:
    made = worked(desk, SRC, A)
    gone = tmp_path / "gone.tiff"
    with made.store.write() as connection:
        document = f'{{"number": {{"exposure": "e1", "value": 1.0, "path": "{gone}"}}}}'
        source = made.tasks("src")["e1"].result_id
        connection.execute(
            t.result.update().where(t.result.c.id == source).values(document=document)
        )
    file_of(made, "a", "e1").unlink()
    file_of(made, "a", "e2").unlink()
    again, left = sort_out(made.store, damaged_results(made.store))
    assert [result.name for result in again] == ["e2"]
    assert [one.why for one in left] == [f"{gone} is missing"]


def test_a_folder_on_a_disk_that_is_not_there_is_not_filled_again(desk: Desks) -> None:
    made = worked(desk, SRC, A)
    (made.folder / "a").rename(made.folder.parent / "other disk")
    (made.folder / "a").symlink_to(made.folder.parent / "disk")
    (_, left) = sort_out(made.store, damaged_results(made.store))
    assert [one.why for one in left] == 3 * [
        f"{made.folder / 'a'} leads to a folder that is not there"
    ]


def test_the_newest_batch_goes_on_from_the_checkpoint_of_the_one_before(desk: Desks) -> None:
    made = desk(SRC, TOTAL_OF_SRC)
    made.find(1, 2, 3, 4)
    for _ in range(2):
        assert made.gather("total")
        made.work()
    state = made.folder / "total" / "batch_00002_state"
    state.unlink()
    assert dict(reopen(made, SRC, TOTAL_OF_SRC).again) == {"total": 1}
    made.work()
    assert state.exists()
    assert made.values("total", "total") == {"1": 3.0, "2": 10.0}
    state.unlink()
    (made.folder / "total" / "batch_00001_state").unlink()
    remade = reopen(made, SRC, TOTAL_OF_SRC)
    assert [left.why for left in remade.left] == [
        f"{made.folder / 'total' / 'batch_00001_state'} is missing"
    ]


TOTAL_OF_SRC = ("total", "toy.total", {"full": 2}, {"number": "src"})


def test_files_that_a_branch_made_get_the_names_that_they_had(desk: Desks) -> None:
    """What was made from them names them, whichever revision makes them again."""
    made = worked(desk, SRC, A, B)
    made.change("a", add=7)
    made.backfill("a", "b")
    made.work()
    paths = sorted(made.rows(t.file, "path"))
    assert [path for path in paths if path.startswith("a@2/")]
    for path in paths:
        if path.startswith(("a@2/", "b@2/")):
            (made.folder / path).unlink()
    now = ("a", "toy.add", {"write": True, "add": 7}, {"number": "src"})
    assert dict(reopen(made, SRC, now, B).again) == {"a": 3, "b": 3}
    made.work()
    assert sorted(made.rows(t.file, "path")) == paths
    assert all((made.folder / path).exists() for path in paths)


@pytest.mark.parametrize("beside", [True, False])
def test_results_that_are_no_longer_current_are_left_alone(desk: Desks, beside: bool) -> None:
    made = worked(desk, SRC, A)
    made.change("a", add=7)
    made.backfill("a")
    made.work()
    file_of(made, "a", "e1").unlink()
    (made.folder / "a" / "logs").mkdir()
    now = ("a", "toy.add", {"write": True, "add": 7}, {"number": "src"})
    if beside:
        made.branch("old", SRC, A)  # it is current there
    assert dict(reopen(made, SRC, now).again) == ({"a": 1} if beside else {})
