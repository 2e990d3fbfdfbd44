"""Which revisions are read: those of a branch, or those whose results still stand."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from icestream.store.current import Branch, as_standing, current, number_of, told_branch
from icestream.store.records import StandingRecord
from toy_record import Desk

SRC: Any = ("src", "toy.count", {}, {})
A: Any = ("a", "toy.add", {}, {"number": "src"})


def revisions(desk: Desk, branch: Branch) -> dict[str, int]:
    with desk.store.read() as connection:
        found = current(connection, branch)
        rows = connection.execute(select(found.c.name, found.c.revision_id)).all()
    return {row[0]: row[1] for row in rows}


def test_a_branch_has_its_own_and_what_stands_is_as_it_was(desk: Callable[..., Desk]) -> None:
    made = desk(SRC, A)
    before = revisions(made, None)
    made.change("a", add=3)
    after = revisions(made, None)
    assert after == revisions(made, "main")
    assert (after["src"], after["a"] > before["a"]) == (before["src"], True)
    standing = StandingRecord(
        branch="main", revisions=frozenset(before.values()), steps={}, until=1.0, who=""
    )
    assert revisions(made, standing) == before
    with made.store.read() as connection:
        assert number_of(connection, standing) == number_of(connection, None)


def test_a_branch_that_is_not_there(desk: Callable[..., Desk]) -> None:
    made = desk(SRC, A)
    with (
        made.store.read() as connection,
        pytest.raises(LookupError, match="no branch 'x' in this session; it has main"),
    ):
        number_of(connection, "x")


def test_a_branch_in_the_place_of_the_adopted_one(desk: Callable[..., Desk]) -> None:
    made = desk(SRC, A)
    assert told_branch(made.store) == ""  # there is no other
    made.branch("five", SRC, ("a", "toy.add", {"add": 5}, {"number": "src"}))
    assert told_branch(made.store) == "main"
    five = as_standing(made.store, "five")
    assert revisions(made, five) == revisions(made, "five") != revisions(made, None)
    assert (five.branch, five.steps) == ("five", {"src": 1, "a": 2})
    made.drop("five")
    assert told_branch(made.store) == ""
    with pytest.raises(LookupError, match="no branch 'x'"):
        as_standing(made.store, "x")
