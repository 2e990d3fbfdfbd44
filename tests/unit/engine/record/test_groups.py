"""Groups: what they gather, when they are processed, and what happens when items leave them."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import toys
from icestream.engine.decisions.events import StepBroken, TasksReady
from icestream.engine.record import groups
from icestream.protocol import GroupProtocol
from icestream.store import tables as t
from toy_record import Desk, Step, run

Desks = Callable[..., Desk]
SRC: Step = ("src", "toy.count", {}, {})
MEAN: Step = ("mean", "toy.mean", {"complete": 3}, {"number": "src"})
SELECTED: tuple[Step, ...] = (
    SRC,
    ("sel", "toy.select", {"below": 50}, {"number": "src"}),
    ("mean", "toy.mean", {"complete": 2}, {"number": "sel"}),
)


def contents(desk: Desk, step: str = "mean") -> dict[str, list[float]]:
    """Values of the items of each group's task, in its order."""
    documents = {row.id: json.loads(row.document) for row in desk.rows(t.result)}
    inputs = [json.loads(task.inputs) for task in desk.tasks(step).values()]
    return {
        one["group"]: [documents[result][port]["value"] for result, port in one["items"]]
        for one in inputs
    }


def waiting(desk: Desk, step: str = "mean") -> int:
    """How many items came to a step and are in no task yet."""
    rows = desk.rows(t.arrival, revision_id=desk.step(step).id)
    return sum(row.task_id is None for row in rows)


def fails_with(monkeypatch: pytest.MonkeyPatch, method: str, value: float) -> None:
    """An author's method fails when it is given this value."""
    right = getattr(toys.Mean, method)

    def wrong(self: toys.Mean, given: Any) -> Any:
        item = given if isinstance(given, toys.Number) else given.newest
        if item.value == value:
            raise RuntimeError("a defect")
        return right(self, given)

    monkeypatch.setattr(toys.Mean, method, wrong)


@contextmanager
def counted_reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many items of groups were read, by each look at one."""
    right = groups._rows
    reads: list[int] = []

    def counted(*given: Any) -> list[Any]:
        rows = right(*given)
        reads.append(len(rows))
        return rows

    with monkeypatch.context() as patched:
        patched.setattr(groups, "_rows", counted)
        yield reads


# -- when a group is complete ----------------------------------------------------------------------


def test_a_group_waits_until_it_is_complete(desk: Desks) -> None:
    made = desk(SRC, MEAN)
    made.find(1, 1.5)
    assert made.states_of("mean") == {}
    assert waiting(made) == 2
    (event,) = made.find(1.25)
    mean = made.step("mean").id
    assert isinstance(event, TasksReady)
    assert [task.step for task in event.tasks] == [mean]
    assert (event.arrived, event.left) == (((mean, 1),), ((mean, 1),) * 3)
    assert made.states_of("mean") == {"1": "ready"}
    assert waiting(made) == 0


def test_its_one_task_has_the_items_in_the_order_of_their_exposures(desk: Desks) -> None:
    """They come to it in another order."""
    add: Step = ("a", "toy.add", {"add": 0.0}, {"number": "src"})
    made = desk(SRC, add, (*MEAN[:3], {"number": "a"}))
    made.find(1.5, 1, 1.25)
    for lease in reversed(made.start("a")):
        made.record.take_in([run(lease)], [])
    made.work()
    assert contents(made) == {"1": [1.5, 1.0, 1.25]}
    assert made.values("mean") == {"1": 1.25}


def test_several_items_of_several_new_groups_are_found_at_once(desk: Desks) -> None:
    made = desk(SRC, MEAN)
    made.find(1, 2, 1.5, 2.5, 1.25, 3, 2.25)
    assert contents(made) == {"1": [1, 1.5, 1.25], "2": [2, 2.5, 2.25]}
    assert made.states_of("mean") == {"1": "ready", "2": "ready"}
    groups = made.rows(t.subject, kind="group", family="toy integer")
    assert [(row.number, row.name) for row in groups] == [(1, "1"), (2, "2"), (3, "3")]
    assert waiting(made) == 1


def test_groups_that_are_left_are_processed_with_what_they_have(desk: Desks) -> None:
    made = desk(SRC, MEAN)
    assert not made.gather("mean", final=True)
    made.find(1, 2, 1.5, 2.5, 1.25)
    assert contents(made).keys() == {"1"}
    assert made.gather("mean", final=True)
    assert contents(made) == {"1": [1, 1.5, 1.25], "2": [2, 2.5]}
    assert not made.gather("mean", final=True)
    made.work()
    assert made.values("mean") == {"1": 1.25, "2": 2.25}


def test_a_group_that_waits_for_the_end_is_not_read_with_each_item(
    desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All exposures of a session may be in it: reading them with each would take hours."""
    monkeypatch.setattr(toys.Mean, "complete", GroupProtocol.complete)
    made = desk(SRC, MEAN)
    with counted_reads(monkeypatch) as reads:
        for place in range(5):
            made.find(1 + place / 8)
        assert reads == [] and waiting(made) == 5
        assert made.gather("mean", final=True)
    assert reads == [5]
    assert contents(made) == {"1": [1, 1.125, 1.25, 1.375, 1.5]}


# -- when something changes after that -------------------------------------------------------------


def test_an_item_that_comes_later_makes_the_task_ready_anew(desk: Desks) -> None:
    made = desk(SRC, MEAN, ("then", "toy.add", {"add": 10}, {"number": "mean"}))
    made.find(1, 1.5, 1.25)
    made.work()
    before = made.tasks("mean")["1"]
    made.find(1.75)
    after = made.tasks("mean")["1"]
    assert (before.id, before.state, after.id, after.state) == (
        after.id,
        "done",
        before.id,
        "ready",
    )
    assert before.key != after.key
    made.work()
    assert made.values("mean") == {"1": 1.375}
    assert made.values("then") == {"1": 11.375}
    assert made.counts("mean") == {"done": 1}


def test_where_it_is_said_what_comes_later_waits_for_the_end(
    desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toys.Mean, "at_end", True)
    made = desk(SRC, MEAN)
    made.find(1.0, 1.1, 1.2)
    made.work()
    assert made.values("mean") == pytest.approx({"1": 1.1})
    made.find(1.5, 1.7)  # and each of these would make it complete
    assert (made.states_of("mean"), waiting(made)) == ({"1": "done"}, 2)
    assert made.gather("mean", final=True)
    assert (made.states_of("mean"), waiting(made)) == ({"1": "ready"}, 0)
    made.work()
    assert made.values("mean") == pytest.approx({"1": 1.3})


def test_a_rejected_item_leaves_its_group_and_that_is_processed_again(desk: Desks) -> None:
    made = desk(*SELECTED)
    made.find(1, 1.5)
    made.work()
    before = made.tasks("mean")["1"]
    made.judge("e1", "sel")
    assert contents(made) == {"1": [1.5]}
    assert made.states_of("mean") == {"1": "ready"}
    assert made.tasks("mean")["1"].key != before.key
    made.work()
    assert made.values("mean") == {"1": 1.5}


def test_an_item_that_is_rejected_before_its_group_is_complete_is_not_in_it(desk: Desks) -> None:
    made = desk(*SELECTED)
    made.find(1)
    made.work()
    made.judge("e1", "sel")
    assert waiting(made) == 0
    made.find(1.5)
    made.work()
    assert made.states_of("mean") == {}
    made.find(1.25)
    made.work()
    assert contents(made) == {"1": [1.5, 1.25]}


def test_a_group_of_which_nothing_is_left_is_skipped(desk: Desks) -> None:
    made = desk(*SELECTED, ("then", "toy.add", {}, {"number": "mean"}))
    made.find(1, 1.5)
    made.work()
    made.judge("e1", "sel")
    made.judge("e1.5", "sel")
    assert made.states_of("mean") == made.states_of("then") == {"1": "skipped"}
    assert made.tasks("then")["1"].reason == "nothing is left of it"
    results = len(made.rows(t.result))
    made.judge("e1", "sel", accepted=True)
    made.judge("e1.5", "sel", accepted=True)
    made.work()
    assert made.values("mean") == {"1": 1.25}
    assert made.states_of("then") == {"1": "done"}
    assert len(made.rows(t.result)) == results  # what is known of the whole group is used again


# -- authors' methods that fail --------------------------------------------------------------------


@pytest.mark.parametrize("method", ["group_of", "complete"])
def test_a_method_that_fails_breaks_its_step_alone(
    desk: Desks, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """What came with it is looked at again after the mend, be it in a group already or not."""
    made = desk(SRC, MEAN, ("a", "toy.add", {}, {"number": "src"}))
    with monkeypatch.context() as patched:
        fails_with(patched, method, 2)
        ready, broken = made.find(1, 1.5, 1.25, 2)
    mean = made.step("mean").id
    assert broken == StepBroken(mean, "RuntimeError: a defect")
    assert isinstance(ready, TasksReady)
    assert [task.step for task in ready.tasks if task.step != mean] == [made.step("a").id] * 4
    assert [row.backfill for row in made.rows(t.revision, id=mean)] == [0]
    made.find(2.5)  # a stream goes on
    assert made.counts("a") == {"ready": 5}
    made.backfill("mean")
    assert contents(made) == {"1": [1, 1.5, 1.25]}
    made.find(2.25)
    assert contents(made) == {"1": [1, 1.5, 1.25], "2": [2, 2.5, 2.25]}
    assert waiting(made) == 0


def test_a_group_has_to_have_a_name(desk: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toys.Mean, "group_of", lambda self, item: "")
    made = desk(SRC, MEAN)
    (broken,) = made.find(1)
    assert isinstance(broken, StepBroken)
    assert "toy.mean: group_of returned ''" in broken.reason
    assert made.rows(t.subject, kind="group") == []


# -- steps of one family ---------------------------------------------------------------------------


def test_two_steps_of_one_family_give_their_results_to_one_subject(desk: Desks) -> None:
    made = desk(
        SRC,
        MEAN,
        ("other", "toy.mean", {"complete": 2, "times": 10}, {"number": "src"}),
        ("s", "toy.sum2", {}, {"first": "mean", "second": "other"}),
    )
    made.find(1, 1.5)
    made.work()
    assert (made.states_of("mean"), made.states_of("s")) == ({}, {})
    made.find(1.25)
    made.work()
    (group,) = made.rows(t.subject, kind="group")
    tasks = [made.tasks(name)["1"] for name in ("mean", "other", "s")]
    assert {task.subject_id for task in tasks} == {group.id}
    assert made.values("s") == {"1": 1.25 + 12.5}
