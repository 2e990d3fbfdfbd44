"""Subjects: they are numbered within their kind and family, and found again by name."""

from collections.abc import Callable

from icestream.engine.record.subjects import batch_subject, named_subjects
from icestream.model import SubjectKind
from icestream.store import tables as t
from toy_record import Desk

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})
TOTAL = ("total", "toy.total", {"full": 2}, {"number": "src"})


def named(
    desk: Desk, kind: SubjectKind, family: str, *names: str
) -> tuple[dict[str, int], list[int]]:
    """Numbers by name, and which are new, in a transaction of their own."""
    with desk.record.transaction() as (connection, writes):
        numbers, new = named_subjects(connection, writes, kind, family, names)
    return {name: int(number) for name, number in numbers.items()}, [int(one) for one in new]


def numbered(desk: Desk, kind: SubjectKind, family: str) -> dict[str, int]:
    rows = desk.rows(t.subject, kind=kind, family=family)
    return {row.name: row.number for row in rows}


def test_numbers_count_from_1_within_a_kind_and_a_family(desk: Desks) -> None:
    made = desk(SRC)
    named(made, "exposure", "", "x", "y")
    named(made, "group", "square", "x", "y")
    named(made, "group", "hole", "y")
    named(made, "group", "square", "z")
    assert numbered(made, "exposure", "") == {"x": 1, "y": 2}
    assert numbered(made, "group", "square") == {"x": 1, "y": 2, "z": 3}
    assert numbered(made, "group", "hole") == {"y": 1}
    ids = made.rows(t.subject, "id")
    assert len(set(ids)) == 6


def test_names_that_are_known_keep_their_numbers_and_are_not_new(desk: Desks) -> None:
    made = desk(SRC)
    first, new = named(made, "group", "square", "x", "y")
    assert new == [first["x"], first["y"]]
    again, new = named(made, "group", "square", "z", "y", "x")
    assert {name: again[name] for name in "xy"} == first
    assert new == [again["z"]]
    assert named(made, "group", "square", "y") == ({"y": first["y"]}, [])
    assert numbered(made, "group", "square") == {"x": 1, "y": 2, "z": 3}


def test_a_name_that_is_said_twice_is_one_subject(desk: Desks) -> None:
    made = desk(SRC)
    numbers, new = named(made, "group", "square", "x", "x", "y", "x")
    assert (numbers.keys(), len(new)) == ({"x", "y"}, 2)


def test_no_names_are_no_subjects(desk: Desks) -> None:
    made = desk(SRC)
    assert named(made, "group", "square") == ({}, [])


def test_a_batch_is_named_after_its_number_in_the_family_of_its_step(desk: Desks) -> None:
    made = desk(SRC)
    with made.record.transaction() as (connection, writes):
        batch_subject(connection, writes, "total", 12)
    (row,) = made.rows(t.subject, kind="batch")
    assert (row.family, row.number, row.name) == ("total", 12, "batch_00012")


def test_batches_of_a_step_are_numbered_in_the_family_of_its_revision(desk: Desks) -> None:
    made = desk(SRC, TOTAL)
    made.find(1, 2, 3, 4)
    for _ in range(2):
        assert made.gather("total")
        made.work()
    rows = made.rows(t.subject, kind="batch")
    assert [(row.number, row.name) for row in rows] == [(1, "batch_00001"), (2, "batch_00002")]
    assert len({row.family for row in rows}) == 1
