"""What a branch makes of each exposure: as the engine says it of the adopted one."""

from collections.abc import Callable
from typing import Any

from icestream.store import queries
from icestream.store.outcomes import BranchOutcomes
from toy_record import Desk

Desks = Callable[..., Desk]
SRC: Any = ("src", "toy.count", {}, {})
SELECT: Any = ("sel", "toy.select", {"below": 5}, {"number": "src"})
HOLD: Any = ("hold", "toy.sample", {"first": True, "number": 3}, {"number": "sel"})
FAILS: Any = ("a", "toy.add", {"fail": "item"}, {"number": "hold"})
TOTAL: Any = ("total", "toy.total", {"full": 2}, {"number": "a"})


def became(desk: Desk, branch: str) -> dict[str, tuple[str, list[str]]]:
    names = {each.id: each.name for each in queries.exposures(desk.store, limit=100)}
    found = BranchOutcomes(desk.store, branch).of(names)
    return {names[subject]: said for subject, said in found.items()}


def test_it_is_what_the_engine_says_of_the_adopted_branch(desk: Desks) -> None:
    made = desk(SRC, SELECT, HOLD, FAILS, TOTAL)
    made.find(1, 2, 3, 4, 7, refused=("e9",))
    assert became(made, "main")["e1"] == ("going", [])
    made.work()
    recorded = {
        each.name: (each.state, list(each.reasons))
        for each in queries.exposures(made.store, limit=100)
    }
    assert {state for state, _ in recorded.values()} == {"done", "failed", "rejected"}
    assert became(made, "main") == recorded


def test_another_branch_has_outcomes_of_its_own(desk: Desks) -> None:
    made = desk(SRC, SELECT)
    made.find(1, 4, 7)
    made.work()
    tighter: Any = ("sel", "toy.select", {"below": 2}, {"number": "src"})
    made.branch("tight", SRC, tighter)
    made.backfill()
    made.work()
    assert became(made, "tight") == {
        "e1": ("done", []),
        "e4": ("rejected", ["sel: 4 is not below 2"]),
        "e7": ("rejected", ["sel: 7 is not below 2"]),
    }


def test_what_is_not_known_of_a_branch_is_said(desk: Desks) -> None:
    made = desk(SRC, SELECT)
    made.find(1, 4, 7)
    made.work()
    tighter: Any = ("sel", "toy.select", {"below": 2}, {"number": "src"})
    made.branch("few", SRC, tighter, sample=["e1"])
    assert became(made, "few")["e1"] == ("going", [])
    made.backfill()
    made.work()
    found = became(made, "few")
    assert found["e1"] == ("done", [])
    assert found["e4"] == ("", ["not in the sample that the branch few is for"])
    made.branch("late", SRC, ("sel", "toy.select", {"below": 3}, {"number": "src"}))
    made.drop("late")
    assert became(made, "late")["e1"] == (
        "", ["the branch late is dropped: it did not come to an end"]
    )  # fmt: skip
