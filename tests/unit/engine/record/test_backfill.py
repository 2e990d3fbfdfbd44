"""Pages of what was there before a step: exposures, groups or batches, in order."""

from collections.abc import Callable

import pytest

from icestream.engine.record import backfill
from icestream.store import tables as t
from toy_record import Desk, Step

Desks = Callable[..., Desk]
SRC: Step = ("src", "toy.count", {}, {})
ADD: Step = ("a", "toy.add", {}, {"number": "src"})
TOTAL: Step = ("total", "toy.total", {"full": 1}, {"number": "src"})
MEAN: Step = ("mean", "toy.mean", {"complete": 1}, {"number": "src"})


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "PAGE", 2)


def pages(desk: Desk, step: str) -> list[list[int]]:
    """All pages of a step, one after another, to the first that is not full."""
    found: list[list[int]] = []
    after = 0
    while not found or len(found[-1]) == 2:
        with desk.store.read() as connection:
            made = backfill.next_page(connection, desk.record.plan, desk.step(step), after)
        found.append([int(one) for one in made])
        after = found[-1][-1] if made else after
    return found


def subjects(desk: Desk, kind: str) -> list[int]:
    return desk.rows(t.subject, "id", kind=kind)


def test_exposures_come_in_order_and_so_many_at_a_time(desk: Desks) -> None:
    made = desk(SRC, ADD)
    made.find(5, 4, 3, 2, 1)
    one, two, three, four, five = subjects(made, "exposure")
    assert pages(made, "a") == [[one, two], [three, four], [five]]


def test_the_last_page_may_be_empty(desk: Desks) -> None:
    made = desk(SRC, ADD)
    assert pages(made, "a") == [[]]
    made.find(1, 2)
    assert pages(made, "a") == [subjects(made, "exposure"), []]


def test_a_step_that_batches_feed_has_the_batches_of_that_step_alone(desk: Desks) -> None:
    other: Step = ("other", "toy.total", {"full": 5}, {"number": "src"})
    made = desk(SRC, TOTAL, other, ("twice", "toy.doubled", {}, {"total": "total"}))
    made.find(1, 2, 3)
    for step in ("total", "other", "total", "total"):
        assert made.gather(step, final=step == "other")
        made.work()
    theirs = made.rows(t.task, "subject_id", revision_id=made.step("other").id)
    ours = made.rows(t.task, "subject_id", revision_id=made.step("total").id)
    assert (len(ours), len(theirs)) == (3, 1)
    assert pages(made, "twice") == [ours[:2], ours[2:]]


def test_a_step_that_groups_feed_has_the_groups(desk: Desks) -> None:
    made = desk(SRC, MEAN, ("then", "toy.add", {}, {"number": "mean"}))
    made.find(1, 2, 1.5, 3)
    one, two, three = subjects(made, "group")
    assert pages(made, "then") == [[one, two], [three]]
    assert pages(made, "mean") == [
        subjects(made, "exposure")[:2],
        subjects(made, "exposure")[2:],
        [],
    ]


def test_a_step_that_is_added_looks_at_all_pages(
    desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("icestream.engine.record.record.PAGE", 2)
    made = desk(SRC, MEAN)
    made.find(1, 2, 3, 4, 5)
    made.work()
    made.open(SRC, MEAN, ADD, ("then", "toy.add", {"add": 10}, {"number": "mean"}))
    made.backfill("a", "then")
    made.work()
    assert made.values("a") == {f"e{n}": n + 1 for n in range(1, 6)}
    assert made.values("then") == {f"{n}": n + 10 for n in range(1, 6)}
