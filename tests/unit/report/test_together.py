"""Exposures by what they have in common."""

import pytest

from icestream.report.table import ExposureTable
from icestream.report.together import Together, group_key, shifts_of
from icestream.report.where import Where

RANK = (1, -1)


def table_of(count: int) -> ExposureTable:
    table = ExposureTable()
    for number in range(count):
        table.add(f"e{number}", found=float(number), time=float(number), place="")
    return table


def test_counts_and_medians_of_each() -> None:
    table = table_of(10)
    together = Together(table)
    for order in range(10):
        table.measure(order, "ctf.defocus", 10_000.0 + 1000 * order, RANK)
        together.put(order, "A" if order < 5 else "B")
    first, second = together.document()
    assert (first["name"], first["count"], first["first"]) == ("A", 5, 0)
    assert first["medians"] == {"ctf.defocus": pytest.approx(1.2)}
    assert second["medians"] == {"ctf.defocus": pytest.approx(1.7)}


def test_what_changes_is_counted_anew_and_nothing_else() -> None:
    table = table_of(4)
    together = Together(table)
    for order in range(4):
        together.put(order, "AB"[order // 2])
    before = together.document()
    table.judge(0, "r", ["ice"])
    together.put(0, "A")
    table.judge(1, "a", [])
    together.put(1, "A")
    after = together.document()
    assert (after[0]["rejected"], after[0]["accepted"], after[0]["count"]) == (1, 1, 2)
    assert after[1] is before[1]


def test_an_exposure_that_is_elsewhere_after_all_moves() -> None:
    table = table_of(2)
    together = Together(table)
    together.put(0, "A")
    together.put(1, "B")
    together.put(0, "B")
    (only,) = together.document()
    assert (only["name"], only["count"]) == ("B", 2)
    together.put(0, "")
    assert together.document()[0]["count"] == 1
    assert len(together) == 1


def test_what_has_no_key_is_nowhere() -> None:
    together = Together(table_of(1))
    together.put(0, "")
    assert together.document() == []


def test_the_median_of_many_is_that_of_an_even_sample() -> None:
    table = table_of(5000)
    together = Together(table)
    for order in range(5000):
        table.measure(order, "motion.total", float(order), RANK)
        together.put(order, "1")
    assert together.document()[0]["medians"]["motion.total"] == pytest.approx(2500, rel=0.01)


def test_groups_and_beam_shifts_by_the_numbers_of_the_session() -> None:
    """A branch may have a part of the exposures: the third of the session is its first."""
    table = ExposureTable()
    for number, group, x in ((3, 1, 0.5), (7, 2, float("nan")), (9, 0, -0.5)):
        where = Where(group=group, shift_x=x, shift_y=0.0)
        table.add(f"e{number}", number=number, found=1.0, time=1.0, place="", where=where)
    assert [group_key(table, order) for order in range(3)] == ["1", "2", ""]
    assert shifts_of(table) == {
        "order": [2, 8], "group": [1, 0], "x": [0.5, -0.5], "y": [0.0, 0.0],
    }  # fmt: skip
    together = Together(table)
    together.put(1, "2")
    assert together.document()[0]["first"] == 6
