"""Two branches side by side: values of the same exposures, failures, sides, particles."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select as select_

from icestream.model import Picks, column, to_document, type_name
from icestream.report.boxes import Boxes
from icestream.report.comparison import BranchComparison, ComparedStep, compare
from icestream.report.comparison_words import boxes_words
from icestream.store import tables as t
from toy_record import Desk, desks

Desks = Callable[..., Desk]
SRC: Any = ("src", "toy.count", {}, {})


def add(name: str, after: str, **parameters: Any) -> Any:
    return (name, "toy.add", parameters, {"number": after})


def select(below: float) -> Any:
    return ("sel", "toy.select", {"below": below}, {"number": "a"})


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desks]:
    yield from desks(tmp_path)


@pytest.fixture
def made(desk: Desks) -> Desk:
    """Beside numbers of which a failed one, another branch for five exposures."""
    session = desk(SRC, add("a", "src", fail="item"), select(8), add("b", "sel"))
    session.find(*range(10))
    session.work()
    sample = ["e1", "e3", "e5", "e6", "e9"]
    session.branch("new", SRC, add("a", "src", add=3), select(8), add("b", "sel"), sample=sample)
    session.backfill()
    session.work()
    return session


def step(found: BranchComparison, name: str) -> ComparedStep:
    return next(one for one in found.steps if one.name == name)


def test_values_of_the_same_exposures(made: Desk) -> None:
    found = compare(made.store, None, "new")
    assert (found.old, found.new, found.sample) == ("main", "new", 5)
    assert [one.name for one in found.steps] == ["a", "sel", "b"]
    a = step(found, "a")
    assert (a.both, a.old_revision, a.new_revision) == (4, 1, 2)
    (value,) = a.qualities
    assert [(one.exposure, one.old, one.new) for one in value.pairs] == [
        ("e1", 2.0, 4.0),
        ("e5", 6.0, 8.0),
        ("e6", 7.0, 9.0),
        ("e9", 10.0, 12.0),
    ]
    assert (value.difference, value.higher) == (2.0, 4)


def test_failures_and_sides(made: Desk) -> None:
    found = compare(made.store, None, "new")
    assert step(found, "a").fails.gained == ("e3",)
    assert step(found, "a").fails.lost == ()
    assert step(found, "sel").selects.lost == ("e5", "e6")
    back = compare(made.store, "new", "main")
    assert step(back, "a").fails.lost == ("e3",)
    assert step(back, "sel").selects.gained == ("e5", "e6")


def test_only_the_steps_that_are_asked_for(made: Desk) -> None:
    assert [one.name for one in compare(made.store, None, "new", ["sel"]).steps] == ["sel"]
    assert compare(made.store, None, "new", ["src"]).steps == ()


def test_steps_that_only_one_has(made: Desk) -> None:
    made.branch("more", SRC, add("a", "src", fail="item"), select(8), add("z", "a"))
    made.backfill()
    made.work()
    found = compare(made.store, None, "more")
    assert [(one.name, one.old_revision, one.new_revision) for one in found.steps] == [
        ("z", None, 1),
        ("b", 1, None),
    ] or {one.name for one in found.steps} == {"b", "z"}
    assert step(found, "z").only_new == 9
    assert step(found, "b").only_old == 6


def test_results_that_are_the_same_ones(made: Desk) -> None:
    """What follows a selection has its keys from the items."""
    made.branch("strict", SRC, add("a", "src", fail="item"), select(4), add("b", "sel"))
    made.backfill()
    made.work()
    assert step(compare(made.store, None, "strict"), "b").identical


def test_the_newest_of_what_gathers_many(desk: Desks) -> None:
    total: Any = ("total", "toy.total", {"full": 2}, {"number": "a"})
    session = desk(SRC, add("a", "src"), total)
    session.find(1, 2)
    session.work()
    found = compare_after(session, total)
    (one,) = [each for each in found.steps if each.name == "total"]
    assert one.of_batches
    assert one.qualities == ()


def compare_after(session: Desk, total: Any) -> BranchComparison:
    session.branch("new", SRC, add("a", "src", add=3), total)
    session.backfill()
    session.work()
    return compare(session.store, None, "new")


@pytest.mark.parametrize(
    ("old", "new", "steps", "said"),
    [
        (None, "gone", None, "no branch 'gone' in this session; it has main, new"),
        ("gone", "new", None, "no branch 'gone'"),
        (None, "main", None, "main is to be compared with another branch than itself"),
        (None, "new", ["nope"], "no step 'nope' in this session; it has a, b, sel, src"),
    ],
)
def test_what_is_not_there_is_named(
    made: Desk, old: str | None, new: str, steps: list[str] | None, said: str
) -> None:
    with pytest.raises(LookupError, match=said):
        compare(made.store, old, new, steps)


def test_boxes_that_both_branches_drew_are_counted(made: Desk) -> None:
    """As if the step `a` picked: one box in common, one of each branch alone, on each exposure."""
    for branch, places in (("main", [0.0, 200.0]), ("new", [10.0, 400.0, 600.0])):
        where = np.array(places)
        picks = Picks(
            exposure="e",
            x=column(where),
            y=column(0 * where),
            score=column(where + 1),
            diameter=100.0,
            pixel_size=1.0,
        )
        task = t.task.c
        ours = select_(task.result_id).where(task.revision_id == made.step("a", branch).id)
        with made.store.write() as connection:
            connection.execute(
                t.result.update()
                .where(t.result.c.id.in_(ours))
                .values(
                    document=json.dumps({"picks": to_document(picks)}),
                    types=json.dumps({"picks": type_name(Picks)}),
                )
            )
    a = step(compare(made.store, None, "new", ["a"]), "a")
    assert a.boxes == Boxes(exposures=4, both=4, only_old=4, only_new=8, radius=30.0)
    assert boxes_words(a.boxes, "main", "new") == (
        "boxes on 4 exposures: 4 in both (within 30 Å), 4 only in main, 8 only in new"
    )


def test_where_nothing_picks_no_boxes_are_compared(made: Desk) -> None:
    assert all(one.boxes is None for one in compare(made.store, None, "new").steps)
