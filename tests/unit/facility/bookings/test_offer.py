"""Which booking is meant by who begins a session at a microscope now, and what is unsure."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking_systems import at
from icestream.facility.bookings.offer import BookingOffer, choices, offer, shown_span
from icestream.facility.opened import Facility, open_facility
from icestream.facility.registry import bookings as rows
from icestream.facility.registry.people import keep_project
from icestream.facility.registry.records import KnownBooking
from icestream.facility.registry.sessions import Whose, keep_session

NOW = at("2026-11-23T12:00")
HOUR = 3600.0
SOURCE = "bookings.csv"


def booking(number: int, begins: str, ends: str, **values: Any) -> KnownBooking:
    told: dict[str, Any] = {"source": SOURCE, "reference": str(number), "microscope": "krios1"}
    told |= {"begins": at(begins), "ends": at(ends), "title": f"b{number}", **values}
    return KnownBooking(id=number, **told)


def chosen(*bookings: KnownBooking, now: float = NOW) -> list[tuple[str, str]]:
    return [(one.title, when) for one, when in choices(bookings, now, HOUR, 2 * HOUR)]


LONG = booking(1, "2026-11-22T09:00", "2026-11-25T09:00")


def test_the_one_that_runs() -> None:
    later = booking(2, "2026-11-25T09:00", "2026-11-26T09:00")
    assert chosen(LONG, later) == [("b1", "now")]
    assert chosen(later) == []


def test_one_over_midnight() -> None:
    night = booking(1, "2026-11-22T20:00", "2026-11-23T08:00")
    assert chosen(night, now=at("2026-11-22T23:59")) == [("b1", "now")]
    assert chosen(night, now=at("2026-11-23T00:00")) == [("b1", "now")]


def test_one_that_is_about_to_begin_or_was_just_over() -> None:
    soon = booking(1, "2026-11-23T12:59", "2026-11-24T09:00")
    over = booking(2, "2026-11-22T09:00", "2026-11-23T10:01")
    assert chosen(soon) == [("b1", "soon")]
    assert chosen(over) == [("b2", "just over")]
    assert chosen(over, soon) == [("b1", "soon"), ("b2", "just over")]
    assert chosen(booking(1, "2026-11-23T13:01", "2026-11-24T09:00")) == []
    assert chosen(booking(1, "2026-11-22T09:00", "2026-11-23T09:59")) == []


def test_where_one_ends_and_the_next_begins() -> None:
    first = booking(1, "2026-11-22T09:00", "2026-11-23T09:00")
    second = booking(2, "2026-11-23T09:00", "2026-11-24T09:00")
    assert chosen(first, second, now=at("2026-11-23T08:50")) == [("b1", "now"), ("b2", "soon")]
    assert chosen(first, second, now=at("2026-11-23T09:00")) == [("b2", "now")]
    assert chosen(first, second, now=at("2026-11-23T07:50")) == [("b1", "now")]


def test_two_that_overlap() -> None:
    assert chosen(LONG, booking(2, "2026-11-23T09:00", "2026-11-23T18:00")) == [
        ("b2", "now"),
        ("b1", "now"),
    ]


def test_what_is_none() -> None:
    for values in ({"kind": "downtime"}, {"kind": "maintenance"}, {"state": "cancelled"}):
        assert chosen(booking(1, "2026-11-22T09:00", "2026-11-25T09:00", **values)) == []
    pending = booking(1, "2026-11-22T09:00", "2026-11-25T09:00", state="pending")
    assert chosen(pending) == [("b1", "now")]


@given(
    st.lists(
        st.tuples(
            st.integers(-80, 80),
            st.integers(1, 60),
            st.sampled_from(("booked", "booked", "downtime", "maintenance")),
            st.sampled_from(("booked", "booked", "pending", "cancelled")),
        ),
        max_size=8,
    )
)
def test_what_holds_for_any_bookings(drawn: list[tuple[int, int, str, str]]) -> None:
    """Whatever runs is offered, before all else; nothing is offered twice, or out of reach."""
    made = [
        KnownBooking(
            id=number,
            source=SOURCE,
            reference=str(number),
            microscope="krios1",
            begins=NOW + begins * 900.0,
            ends=NOW + (begins + length) * 900.0,
            kind=kind,  # type: ignore[arg-type]
            state=state,  # type: ignore[arg-type]
        )
        for number, (begins, length, kind, state) in enumerate(drawn)
    ]
    found = choices(made, NOW, HOUR, 2 * HOUR)
    ids = [one.id for one, _ in found]
    assert len(set(ids)) == len(ids)
    usable = [one for one in made if one.kind == "booked" and one.state != "cancelled"]
    running = {one.id for one in usable if one.begins <= NOW < one.ends}
    assert set(ids[: len(running)]) == running
    for one, when in found:
        assert one in usable
        assert (one.id in running) == (when == "now")
        assert one.begins <= NOW + HOUR
        assert one.ends >= NOW - 2 * HOUR
    near = {one.id for one in usable if NOW < one.begins <= NOW + HOUR}
    assert near <= set(ids)


# With the registry


@pytest.fixture
def facility(write_facility: Callable[[str], Path]) -> Iterator[Facility]:
    more = '[bookings]\nkind = "csv"\nfile = "{folder}/b.csv"\n'
    with open_facility(write_facility(more)) as opened:
        yield opened


def keep(facility: Facility, number: int, begins: str, ends: str, **values: Any) -> None:
    told: dict[str, Any] = {"begins": at(begins), "ends": at(ends), "title": f"b{number}"}
    told |= {"microscope": "krios1", "project": "CEM00123", **values}
    with facility.registry.write() as connection:
        rows.keep_booking(connection, told.pop("source", SOURCE), str(number), **told)
        rows.keep_source(connection, SOURCE, read=NOW - 60)


def project(facility: Facility, **values: Any) -> None:
    with facility.registry.write() as connection:
        keep_project(connection, "CEM00123", title="Apoferritin", **values)


def doubts(facility: Facility, now: float = NOW) -> str:
    return "; ".join(offer(facility, "krios1", now).doubts)


def test_all_is_clear(facility: Facility) -> None:
    project(facility)
    keep(facility, 1, "2026-11-23T09:00", "2026-11-25T09:00", project="cem00123", who="rosa")
    keep(facility, 2, "2026-11-27T09:00", "2026-11-28T09:00")
    keep(facility, 3, "2026-11-23T09:00", "2026-11-25T09:00", microscope="glacios")
    keep(facility, 4, "2026-11-23T09:00", "2026-11-25T09:00", source="bookings.ical")
    made = offer(facility, "krios1", NOW)
    assert made.sure
    (choice,) = made.choices
    assert (choice.booking.title, choice.when, choice.booking.who) == ("b1", "now", "rosa")
    assert choice.project is not None
    assert choice.project.title == "Apoferritin"
    assert (made.source, made.age, made.problem) == ("csv", 60.0, "")
    assert made.next is not None
    assert made.next.title == "b2"


def test_several_and_none(facility: Facility) -> None:
    project(facility)
    keep(facility, 1, "2026-11-23T09:00", "2026-11-25T09:00", name="Rosa Ortiz")
    keep(facility, 2, "2026-11-23T10:00", "2026-11-25T09:00")
    assert doubts(facility) == "it may be for any of 2 bookings: b2 (now), Rosa Ortiz b1 (now)"
    said = doubts(facility, at("2026-11-20T12:00"))
    assert said.endswith("nobody has booked krios1 now; the next booking is Mon 23 Nov 2026 10:00")


def test_how_it_lies_to_the_present(facility: Facility) -> None:
    project(facility)
    keep(facility, 1, "2026-11-23T12:40", "2026-11-25T09:00", state="pending")
    said = "the booking begins in 40 min only; the booking waits for approval"
    assert doubts(facility) == said
    keep(facility, 1, "2026-11-22T12:40", "2026-11-23T11:00", state="booked")
    assert doubts(facility) == "the booking was over 60 min ago"


def test_downtime(facility: Facility) -> None:
    project(facility)
    keep(facility, 1, "2026-11-23T09:00", "2026-11-25T09:00")
    keep(facility, 2, "2026-11-23T11:00", "2026-11-23T18:00", kind="downtime", title="vacuum")
    made = offer(facility, "krios1", NOW)
    assert made.blocked is not None
    assert [one.booking.title for one in made.choices] == ["b1"]
    assert made.doubts == ("there is downtime until Mon 23 Nov 2026 19:00: vacuum",)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"state": "rejected"}, "project CEM00123 is rejected"),
        ({"ends": NOW - 7 * 86400}, "project CEM00123 was over 7 days ago"),
        ({"begins": NOW + 7 * 86400}, "project CEM00123 begins in 7 days only"),
        ({"begins": NOW - 1, "ends": NOW + 1}, ""),
    ],
)
def test_what_is_wrong_with_its_project(
    facility: Facility, values: dict[str, Any], said: str
) -> None:
    project(facility, **values)
    keep(facility, 1, "2026-11-23T09:00", "2026-11-25T09:00")
    assert doubts(facility) == said


def test_a_project_that_nobody_knows_or_names(facility: Facility) -> None:
    keep(facility, 1, "2026-11-23T09:00", "2026-11-25T09:00")
    assert doubts(facility) == "nothing is known of project CEM00123"
    keep(facility, 1, "2026-11-23T09:00", "2026-11-25T09:00", project="")
    assert doubts(facility) == "the booking names no project"


def test_a_session_that_was_begun_for_it(facility: Facility) -> None:
    project(facility)
    keep(facility, 1, "2026-11-23T09:00", "2026-11-25T09:00")
    with facility.registry.write() as connection:
        keep_session(
            connection,
            "u1",
            Whose(microscope="krios1", booking=(SOURCE, "1")),
            name="CEM00123-1",
            place="/s/1",
            folder="/s/1/processing",
            began=NOW - HOUR,
            state="running",
        )
    made = offer(facility, "krios1", NOW)
    assert made.choices[0].sessions == ("CEM00123-1",)
    assert made.doubts == ("sessions were begun for it already: CEM00123-1",)


def test_how_old_it_is(facility: Facility) -> None:
    project(facility)
    keep(facility, 1, "2026-11-23T09:00", "2026-11-25T09:00")
    assert doubts(facility, NOW + 4 * HOUR) == (
        "the bookings are those of 4 h ago: does icestream facility run?"
    )
    with facility.registry.write() as connection:
        rows.keep_source(connection, SOURCE, problem="it cannot be read")
    made = offer(facility, "krios1", NOW)
    assert made.problem == "it cannot be read"
    assert made.doubts == ("the bookings are those of 60 s ago: it cannot be read",)
    assert made.choices[0].booking.title == "b1"


def test_bookings_that_were_never_read(facility: Facility) -> None:
    made = offer(facility, "krios1", NOW)
    assert made.age is None
    assert made.doubts[0] == "the bookings were never read"


def test_no_booking_system(write_facility: Callable[[str], Path]) -> None:
    with open_facility(write_facility("")) as facility:
        made = offer(facility, "krios1", NOW)
        assert made == BookingOffer(
            microscope="krios1",
            at=NOW,
            doubts=("there is no booking system: say whose session it is",),
        )
        with pytest.raises(LookupError, match="no microscope 'talos'; it has krios1, glacios"):
            offer(facility, "talos")


def test_spans() -> None:
    assert [shown_span(s) for s in (-1, 59, 130, 7300, 200_000)] == [
        "0 s", "59 s", "2 min", "2 h", "2 days",
    ]  # fmt: skip
