"""EMhub, against a double of its REST interface."""

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from booking_systems import PASSWORD, USER, EmhubDouble, at, serving
from icestream.facility.asking import SourceChanged, SourceDown, SourceRefused
from icestream.facility.bookings.booking import Booking
from icestream.facility.bookings.emhub import Emhub
from icestream.facility.bookings.kinds import EmhubBookings

BEGINS, ENDS = at("2026-11-23"), at("2026-11-30")


@pytest.fixture
def system() -> Iterator[EmhubDouble]:
    double = EmhubDouble()
    with serving(double):
        yield double


def source(system: EmhubDouble, password: str = PASSWORD) -> Emhub:
    section = EmhubBookings(kind="emhub", url=system.url, user=USER, password=password)
    return Emhub(section, ZoneInfo("Europe/Stockholm"))


def test_bookings_are_read(system: EmhubDouble) -> None:
    system.book("2026-11-23T08:00", "2026-11-25T22:00", "apoferritin", application_id=7)
    assert source(system).bookings(BEGINS, ENDS) == (
        Booking(
            reference="1",
            resources=("3", "Krios 1"),
            begins=at("2026-11-23T08:00"),
            ends=at("2026-11-25T22:00"),
            title="apoferritin",
            login="rosa",
            name="Rosa Ortiz",
            email="rosa@uni.example",
            project="CEM00123",
        ),
    )
    users = next(asked for asked in system.asked if asked.path == "/api/get_users")
    assert "password_hash" not in users.body["attrs"]
    assert system.asked[-1].path == "/api/logout"


def test_days_that_it_answers_whole_are_cut_to_the_time(system: EmhubDouble) -> None:
    system.book("2026-11-22T08:00", "2026-11-22T20:00", "the day before")
    system.book("2026-11-22T20:00", "2026-11-23T02:00", "over midnight")
    assert [b.title for b in source(system).bookings(BEGINS, ENDS)] == ["over midnight"]


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("downtime", "downtime"),
        ("cryo-cycle", "maintenance"),
        ("repair", "maintenance"),
        ("training", "booked"),
        ("something new", "booked"),
    ],
)
def test_kinds(system: EmhubDouble, type_: str, kind: str) -> None:
    system.book("2026-11-23T08:00", "2026-11-25T22:00", "x", type=type_)
    (read,) = source(system).bookings(BEGINS, ENDS)
    assert read.kind == kind


def test_a_slot_that_nobody_has_taken_is_no_booking(system: EmhubDouble) -> None:
    system.book("2026-11-23T08:00", "2026-11-25T22:00", "x", type="slot")
    assert source(system).bookings(BEGINS, ENDS) == ()


def test_an_old_one_answers_events(system: EmhubDouble) -> None:
    system.old = True
    system.book("2026-11-23T08:00", "2026-11-25T22:00", "cem00123")
    (read,) = source(system).bookings(BEGINS, ENDS)
    assert (read.title, read.resources, read.login) == ("cem00123", ("3", "Krios 1"), "")


def test_refused_down_and_changed_are_told_apart(system: EmhubDouble) -> None:
    with pytest.raises(SourceRefused, match="let 'robot' in: Invalid username or password"):
        source(system, "wrong").bookings(BEGINS, ENDS)
    item = system.book("2026-11-23T08:00", "2026-11-25T22:00", "x")
    del item["start"]
    system.old = False
    system._range = lambda body: [item]  # type: ignore[method-assign]
    with pytest.raises(SourceChanged, match=r"a booking is not .*: start is missing"):
        source(system).bookings(BEGINS, ENDS)
    system._range = lambda body: {"error": "no such table"}  # type: ignore[assignment,method-assign,return-value]
    with pytest.raises(SourceDown, match="says of get_bookings_range: no such table"):
        source(system).bookings(BEGINS, ENDS)
    system._range = lambda body: 3  # type: ignore[assignment,method-assign,return-value]
    with pytest.raises(SourceChanged, match="no list of objects"):
        source(system).bookings(BEGINS, ENDS)
    system.down = True
    with pytest.raises(SourceDown, match="answered 500"):
        source(system).bookings(BEGINS, ENDS)


def test_another_service_at_the_address(system: EmhubDouble) -> None:
    system.answer = lambda asked: (200, {}, {"token": "x"})  # type: ignore[method-assign]
    with pytest.raises(SourceChanged, match="something else than OK"):
        source(system).bookings(BEGINS, ENDS)


def test_what_can_be_booked(system: EmhubDouble) -> None:
    named: Any = source(system)
    assert named.resources() == {"3": "Krios 1"}
    assert named.place == f"EMhub at {system.url}"
