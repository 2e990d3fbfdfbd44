"""Beam time, by whose it was and where, in whatever periods it is asked for."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beam_time import SUNDAY, some_books
from billing import JULY, ZONE, book, work
from icestream.facility.money.beamtime import By, beam_time, beam_time_table, shares, whole
from icestream.facility.money.calendar import Period, day_of
from icestream.facility.money.parties import Books
from icestream.facility.opened import Facility

MAY = Period(date(2026, 5, 1), date(2026, 5, 31), ZONE)
H = 3600


@pytest.fixture
def busy(small: Facility) -> Facility:
    book(small, "1", "2026-04-30T12:00", "2026-05-01T12:00")
    work(small, "s1", "2026-04-30T13:00", "2026-05-01T13:00", "1", exposures=100)
    book(small, "2", "2026-05-04T09:00", "2026-05-05T09:00", "cem2")
    work(small, "s2", "2026-05-04T09:00", "2026-05-04T20:00", "2", project="cem2", exposures=10)
    work(small, "s3", "2026-05-04T19:00", "2026-05-04T21:00", "2", project="cem2")
    book(small, "3", "2026-05-04T09:00", "2026-05-04T12:00", kind="downtime")
    work(small, "s4", "2026-05-31T22:00", None, project="f1", microscope="talos", exposures=1)
    book(small, "4", "2026-05-06T09:00", "2026-05-06T12:00", state="cancelled", cancelled=1.0)
    return small


def told(facility: Facility, by: By, **more: Any) -> list[tuple[object, ...]]:
    return [
        (each.name, each.booked / H, each.used / H, each.downtime, each.sessions, each.movies,
         each.unknown)
        for each in beam_time(facility, MAY, by, now=JULY, **more)
    ]  # fmt: skip


def test_hours_are_those_in_the_period_and_count_once(busy: Facility) -> None:
    assert told(busy, "team") == [("firm", 0, 2, None, 1, 1, 0), ("lab", 36, 25, None, 2, 10, 1)]
    assert told(busy, "microscope") == [
        ("krios", 36, 25, 3 * H, 2, 10, 1), ("talos", 0, 2, 0, 1, 1, 0),
    ]  # fmt: skip
    assert told(busy, "month") == [("2026-05", 36, 27, 3 * H, 3, 11, 1)]
    assert [row[0] for row in told(busy, "pi")] == ["(not known)"]


def test_names_of_confidential_projects_are_for_staff(busy: Facility) -> None:
    assert [row[0] for row in told(busy, "project")] == ["cem1", "cem2", "f1"]
    hidden = told(busy, "project", public=True)
    assert [row[0] for row in hidden] == ["(confidential)", "cem1", "f1"]
    assert hidden[0][1:3] == (24, 12)


def test_movies_are_measured_where_that_is_asked(small: Facility, tmp_path: Path) -> None:
    raw = tmp_path / "place" / "raw" / "deep"
    raw.mkdir(parents=True)
    (raw / "a.tiff").write_bytes(b"x" * 1000)
    work(small, "s1", "2026-05-04T09:00", "2026-05-04T20:00", exposures=1)
    work(small, "s2", "2026-05-04T09:00", "2026-05-04T20:00", exposures=1)
    with small.registry.write() as connection:
        connection.exec_driver_sql(
            "UPDATE session SET place = ? WHERE name = 's1'", (str(tmp_path / "place"),)
        )
    (share,) = beam_time(small, MAY, "team", now=JULY, sizes=True)
    assert (share.bytes, share.unknown) == (1000, 1)
    (share,) = beam_time(small, MAY, "team", now=JULY)
    assert (share.bytes, share.unknown) == (None, 0)


def test_a_table_has_the_sum_at_its_end(busy: Facility) -> None:
    table = beam_time_table(beam_time(busy, MAY, "microscope", now=JULY), "microscope")
    assert table.heads[0] == "microscope"
    assert table.rows[-1] == (
        "total", Decimal("36.00"), Decimal("27.00"), Decimal("3.00"), 3, 11, None, 1,
    )  # fmt: skip
    assert whole(()).booked == 0


@given(some_books(), st.integers(0, 5), st.sampled_from(["team", "microscope", "month"]))
@settings(max_examples=40)
def test_two_parts_of_a_period_have_what_the_whole_has(books: Books, day: int, by: By) -> None:
    first = day_of(SUNDAY, ZONE)
    middle, last = first + timedelta(days=day), first + timedelta(days=8)

    def made(begins: date, ends: date) -> dict[str, tuple[int, ...]]:
        now = SUNDAY + 90 * H
        found = shares(books, Period(begins, ends, ZONE), by, now, lambda party: party.project)
        return {s.name: (s.booked, s.used, s.downtime or 0, s.sessions, s.movies) for s in found}

    one, other = made(first, middle), made(middle + timedelta(days=1), last)
    for name, values in made(first, last).items():
        nothing = (0,) * len(values)
        parts = zip(one.pop(name, nothing), other.pop(name, nothing), strict=True)
        assert tuple(a + b for a, b in parts) == values
    assert not one
    assert not other
