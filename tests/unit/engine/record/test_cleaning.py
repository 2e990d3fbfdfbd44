"""What nothing needs is removed, and everything else is as it was."""

import json
from collections.abc import Callable
from typing import Any

import pytest

import toys
from icestream.engine.record.cleaning import Holding, clean, holdings
from icestream.engine.record.revisions import change_at_rest
from icestream.engine.record.workflows import session_workflow
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.history import history
from icestream.store.lineage import lineages
from toy_record import Desk

Desks = Callable[..., Desk]
SRC: Any = ("src", "toy.count", {}, {})
SUM: Any = ("sum", "toy.total", {"full": 2}, {"number": "b"})


def add(name: str, after: str, **parameters: Any) -> Any:
    return (name, "toy.add", {"write": True, **parameters}, {"number": after})


@pytest.fixture
def made(desk: Desks) -> Desk:
    """Two exposures through a, b and a sum; then a was changed, and all was run again."""
    made = desk(SRC, add("a", "src"), add("b", "a"), SUM)
    made.find(1, 2)
    made.work()
    assert made.gather("sum")
    made.work()
    change(made, "a", add=3)
    return made


def change(desk: Desk, step: str, **parameters: Any) -> None:
    desk.change(step, **parameters)
    desk.backfill()
    desk.work()
    desk.gather("sum")
    desk.work()


def by_revision(desk: Desk) -> dict[str, Holding]:
    return {f"{one.step}@{one.revision}": one for one in holdings(desk.store)}


def files(desk: Desk) -> set[str]:
    return {str(path.relative_to(desk.folder)) for path in desk.folder.rglob("number.txt*")} | {
        str(path.relative_to(desk.folder))
        for path in desk.folder.rglob("e*")
        if path.is_file() and "icestream" not in path.name
    }


def results(desk: Desk) -> list[tuple[str, str, float]]:
    return [
        (step, one.subject, one.outputs[port]["value"])
        for step, port in (("a", "number"), ("b", "number"), ("sum", "total"))
        for one in queries.results(desk.store, step)
    ]


def test_what_each_revision_holds(made: Desk) -> None:
    found = by_revision(made)
    assert found["a@2"].branches == ("main",)
    assert (found["a@2"].results, found["a@2"].removable_results) == (2, 0)
    old = found["a@1"]
    assert (old.branches, old.stands, old.results, old.removable_results) == ((), False, 2, 2)
    assert old.bytes == old.removable > 1000
    assert found["src@1"].removable_results == 0


def test_old_results_go_and_present_ones_stay(made: Desk) -> None:
    before, known = results(made), files(made)
    size = sum(one.removable for one in holdings(made.store))
    assert clean(made.store, "ann") == size > 0
    assert results(made) == before
    gone = known - files(made)
    assert gone
    assert {path.split("/")[0] for path in gone} == {"a", "b"}
    assert {path.split("/")[0] for path in files(made)} == {"a@2", "b@2"}
    assert not (made.folder / "a").exists()
    assert clean(made.store, "ann") == 0
    assert all(not one.removable_results for one in holdings(made.store))


def test_it_is_kept_in_the_history_and_how_results_were_made_stays(made: Desk) -> None:
    count = len(lineages(made.store))
    clean(made.store, "ann")
    (record,) = [one for one in history(made.store) if one.verb == "clean"]
    assert (record.who, record.state) == ("ann", "done")
    assert "results of 3 revisions removed" in record.answer
    told = lineages(made.store)
    assert len(told) == count
    assert {one.parameters["add"] for one in told if one.step == "a"} == {1.0, 3.0}


def test_going_back_makes_them_anew(made: Desk) -> None:
    clean(made.store, "ann")
    made.record.open(session_workflow(made.store))
    change(made, "a", add=1)
    assert made.states_of("a") == {"e1": "done", "e2": "done"}
    assert [value for step, _, value in results(made) if step == "b"] == [3.0, 4.0]
    assert [value for step, _, value in results(made) if step == "sum"] == [7.0]
    assert (made.folder / "a").is_dir()


def test_what_another_branch_has_stays_until_it_is_dropped(made: Desk) -> None:
    made.branch("try", SRC, add("a", "src", add=9), add("b", "a"), SUM)
    made.backfill()
    made.work()
    found = by_revision(made)
    assert (found["a@3"].branches, found["a@3"].removable_results) == (("try",), 0)
    made.drop("try")
    found = by_revision(made)
    assert (found["a@3"].branches, found["a@3"].removable_results) == ((), 2)


def test_results_that_stand_stay(made: Desk) -> None:
    change_at_rest(made.store, toys.registry(), "a", {"add": 5.0}, "ann")
    found = by_revision(made)
    assert (found["a@2"].stands, found["a@2"].removable_results) == (True, 0)
    assert found["a@1"].removable_results == 2
    before = files(made)
    clean(made.store, "ann")
    assert {path for path in before if path.startswith(("a@2", "b@2"))} <= files(made)


def test_what_a_newer_revision_took_over_stays(desk: Desks) -> None:
    select: Any = ("sel", "toy.select", {"below": 2}, {"number": "src"})
    made = desk(SRC, select, add("a", "sel"))
    made.find(1, 2, 3)
    made.work()
    made.change("sel", below=3)
    made.backfill()
    made.work()  # a of e1 is that of the first revision, by its key
    before, known = queries.results(made.store, "a"), files(made)
    assert by_revision(made)["a@1"].removable_results == 0
    clean(made.store, "ann")
    assert queries.results(made.store, "a") == before
    assert files(made) == known


def test_a_file_that_a_parameter_names_stays(made: Desk) -> None:
    (path,) = {path for path in files(made) if path.startswith("a/e1")} or {""}
    named = json.dumps({"templates": f"/where/it/was/{path}"})
    with made.store.write() as connection:
        ours = t.revision.c.id == made.step("b").id
        connection.execute(t.revision.update().where(ours).values(parameters=named))
    assert by_revision(made)["a@1"].removable_results == 1
    clean(made.store, "ann")
    assert path in files(made)


def test_nothing_outside_the_session_is_touched(made: Desk) -> None:
    outside = made.folder.parent / "mine.txt"
    outside.write_text("mine")
    with made.store.write() as connection:
        connection.execute(t.file.update().values(path="../mine.txt"))
    clean(made.store, "ann")
    assert outside.read_text() == "mine"
