"""What has to be run again after a change, and the results that stand until it is."""

from collections.abc import Callable
from typing import Any

import pytest

import toys
from icestream.engine.record.revisions import change_at_rest
from icestream.store import queries
from icestream.store.records import RerunRecord
from icestream.store.standing import Reruns, rerun_words, reruns, told_state, undoing
from toy_record import Desk

Desks = Callable[..., Desk]
SRC: Any = ("src", "toy.count", {}, {})
SELECT: Any = ("sel", "toy.select", {"below": 3}, {"number": "src"})
SUM: Any = ("sum", "toy.total", {"full": 2}, {"number": "a"})


def add(name: str, after: str, **parameters: Any) -> Any:
    return (name, "toy.add", parameters, {"number": after})


def waiting(desk: Desk) -> dict[str, int]:
    return {step.step: step.waiting for step in reruns(desk.store).steps}


def set_at_rest(desk: Desk, step: str, **changes: Any) -> None:
    """As `icestream set` changes a session that nobody runs: nothing is looked at, nothing runs."""
    change_at_rest(desk.store, toys.registry(), step, changes, "ann")


@pytest.fixture
def done(desk: Desks) -> Desk:
    """Three exposures through a chain, and a branch of it that the changes do not touch."""
    made = desk(SRC, add("a", "src"), add("b", "a"), add("c", "src", add=5))
    made.find(1, 2, 3)
    made.work()
    return made


def test_nothing_waits_before_anything_was_changed(done: Desk) -> None:
    assert reruns(done.store) == Reruns()
    done.find(4)  # new work is not work done again
    assert not reruns(done.store)


def test_a_change_makes_what_depends_on_it_wait_and_the_old_results_stand(done: Desk) -> None:
    set_at_rest(done, "a", add=3.0)
    again = reruns(done.store)
    assert [(step.step, step.waiting) for step in again.steps] == [("a", 3), ("b", 3)]
    assert again.exposures == 3
    assert again.standing is not None
    assert (again.standing.branch, again.standing.who) == ("main", "ann")
    assert again.standing.steps == {"src": 1, "a": 1, "c": 1, "b": 1}
    assert queries.results(done.store, "b") == ()
    before = queries.results(done.store, "b", branch=again.standing)
    assert [result.outputs["number"]["value"] for result in before] == [3.0, 4.0, 5.0]
    assert queries.workflow(done.store, branch=again.standing).steps[1].parameters["add"] == 1.0


def test_it_waits_until_the_last_exposure_is_done_again(done: Desk) -> None:
    done.change("a", add=3)
    done.backfill()
    assert waiting(done) == {"a": 3, "b": 3}
    done.work_at("a")
    assert waiting(done) == {"b": 3}
    assert reruns(done.store).standing is not None
    done.work()
    assert reruns(done.store) == Reruns()


def test_new_exposures_do_not_count(done: Desk) -> None:
    done.change("a", add=3)
    done.backfill()
    done.work()
    done.find(4, 5)
    assert not reruns(done.store)


def test_changes_in_a_row_leave_what_was_complete_before_them_all(done: Desk) -> None:
    set_at_rest(done, "a", add=3.0)
    set_at_rest(done, "a", add=4.0)
    standing = reruns(done.store).standing
    assert standing is not None
    assert standing.steps["a"] == 1


def test_taking_a_change_back_leaves_nothing_to_wait_for(done: Desk) -> None:
    set_at_rest(done, "a", add=3.0)
    set_at_rest(done, "a", add=1.0)
    assert reruns(done.store) == Reruns()


def test_a_change_that_was_done_stands_when_the_next_one_waits(done: Desk) -> None:
    done.change("a", add=3)
    done.backfill()
    done.work()
    set_at_rest(done, "b", add=9.0)
    standing = reruns(done.store).standing
    assert standing is not None
    assert standing.steps == {"src": 1, "a": 2, "c": 1, "b": 2}


def test_what_a_selection_rejects_now_is_not_waited_for(desk: Desks) -> None:
    made = desk(SRC, SELECT, add("a", "sel"))
    made.find(1, 2, 5)
    made.work()
    made.change("sel", below=2.0)
    made.backfill()
    made.work()
    assert made.states_of("a")["e2"] == "skipped"
    assert not reruns(made.store)


def test_batches_wait_with_what_feeds_them_and_until_there_is_one(desk: Desks) -> None:
    made = desk(SRC, add("a", "src"), SUM)
    made.find(1, 2, 3, 4)
    made.work()
    assert made.gather("sum")
    made.work()
    assert made.gather("sum")
    made.work()
    set_at_rest(made, "a", add=3.0)
    again = reruns(made.store)
    assert again.steps[1] == RerunRecord(step="sum", kind="batch", waiting=0, before=2)
    made.open(SRC, add("a", "src", add=3.0), SUM)
    made.backfill()
    made.work()
    assert waiting(made) == {"sum": 0}
    assert made.gather("sum")
    made.work()
    assert made.gather("sum")
    assert waiting(made) == {"sum": 0}  # the second of two
    made.work()
    assert not reruns(made.store)


def test_another_branch_that_is_adopted_waits_and_the_first_stands(done: Desk) -> None:
    done.branch("try", SRC, add("a", "src", add=7), add("b", "a"))
    done.adopt("try")
    done.backfill()
    again = reruns(done.store)
    assert [step.step for step in again.steps] == ["a", "b"]
    assert again.standing is not None
    assert again.standing.branch == "main"
    done.work()
    assert not reruns(done.store)


def test_a_branch_beside_makes_nothing_wait(done: Desk) -> None:
    done.branch("try", SRC, add("a", "src", add=7))
    done.backfill()
    done.work()
    done.find(4)
    assert not reruns(done.store)


@pytest.mark.parametrize("again", [True, False])
def test_a_session_is_not_done_while_work_waits(done: Desk, again: bool) -> None:
    if again:
        set_at_rest(done, "b", add=3.0)
    state = told_state("done", "", reruns(done.store))
    assert state == (("stopped", "b waits to be run again") if again else ("done", ""))
    assert told_state("done", "", Reruns(), 2) == ("stopped", "2 requests wait")
    assert told_state("running", "", reruns(done.store), 2) == ("running", "")


def test_what_waits_in_words(done: Desk) -> None:
    set_at_rest(done, "a", add=3.0)
    again = reruns(done.store)
    assert rerun_words(again, runs=False) == "a and b wait to be run again, for 3 exposures"
    assert rerun_words(again, runs=True) == "a and b are being run again: 3 exposures to go"
    one = Reruns((RerunRecord(step="sum", kind="batch", waiting=0, before=2),))
    assert rerun_words(one, runs=False) == "sum waits to be run again"


def test_what_undo_goes_back_to(done: Desk) -> None:
    with pytest.raises(LookupError, match="nothing was changed in this session"):
        undoing(done.store)
    set_at_rest(done, "a", add=3.0)
    set_at_rest(done, "a", add=4.0)
    target = undoing(done.store)
    assert (target.branch, target.who, target.steps["a"]) == ("main", "ann", 2)


def test_adopting_a_branch_that_is_the_same_is_a_change(done: Desk) -> None:
    done.change("a", add=3.0)
    steps = [SRC, add("a", "src", add=3.0), add("b", "a"), add("c", "src", add=5)]
    done.branch("same", *steps)
    done.adopt("same")
    target = undoing(done.store)
    assert (target.branch, target.steps["a"]) == ("main", 2)
