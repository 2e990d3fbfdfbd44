"""LibreBooking, against a double that answers and refuses as it was recorded."""

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from booking_systems import PASSWORD, USER, LibreBookingDouble, at, serving
from icestream.facility.asking import SourceChanged, SourceDown, SourceRefused
from icestream.facility.bookings.booking import Booking
from icestream.facility.bookings.kinds import LibreBookingBookings
from icestream.facility.bookings.librebooking import LibreBooking

BEGINS, ENDS = at("2026-11-23"), at("2026-11-30")


@pytest.fixture
def system() -> Iterator[LibreBookingDouble]:
    double = LibreBookingDouble()
    double.users = [
        {"id": "2", "userName": "rosa", "firstName": "Rosa", "lastName": "Ortiz"}
        | {"emailAddress": "rosa@uni.example", "timezone": "Europe/Madrid"}
    ]
    with serving(double):
        yield double


def source(system: LibreBookingDouble, **given: Any) -> LibreBooking:
    section = LibreBookingBookings(
        kind="librebooking",
        url=f"{system.url}/Web/Services/index.php",
        user=USER,
        **{"password": PASSWORD, **given},
    )
    return LibreBooking(section, ZoneInfo("Europe/Madrid"))


def test_bookings_are_read(system: LibreBookingDouble) -> None:
    item = system.book("2026-11-23T08:00", "2026-11-25T08:00", "cem00123")
    number = item["referenceNumber"]
    assert source(system).bookings(BEGINS, ENDS) == (
        Booking(
            reference=f"{number}/2",
            resources=("2", "Titan Krios"),
            begins=at("2026-11-23T08:00"),
            ends=at("2026-11-25T08:00"),
            title="cem00123",
            login="rosa",
            name="Rosa Ortiz",
            email="rosa@uni.example",
        ),
    )
    listed = next(asked for asked in system.asked if asked.path.endswith("/Reservations/"))
    assert listed.query["startDateTime"] == "2026-11-23T00:00:00+0000"
    assert system.asked[-1].path.endswith("/Authentication/SignOut")
    assert system.tokens == {}


def test_one_that_lasts_longer_than_what_is_asked_for(system: LibreBookingDouble) -> None:
    system.book("2026-11-20T08:00", "2026-12-05T08:00", "a long one")
    assert len(source(system).bookings(BEGINS, ENDS)) == 1
    assert source(system).bookings(at("2027-01-01"), at("2027-01-02")) == ()


def test_a_reservation_of_two_microscopes_is_two_bookings(system: LibreBookingDouble) -> None:
    number = system.book("2026-11-23T08:00", "2026-11-24T08:00", "both")["referenceNumber"]
    again = system.book("2026-11-23T08:00", "2026-11-24T08:00", "both", resourceId="3")
    again |= {"referenceNumber": number, "resourceName": "Talos"}
    read = source(system).bookings(BEGINS, ENDS)
    assert [one.reference for one in read] == [f"{number}/2", f"{number}/3"]


def test_privacy_leaves_out_names_and_titles(system: LibreBookingDouble) -> None:
    hidden = {"firstName": None, "lastName": None}
    item = system.book("2026-11-23T08:00", "2026-11-24T08:00", "x", **hidden)
    del item["title"]
    system.users_hidden = True
    (read,) = source(system).bookings(BEGINS, ENDS)
    assert (read.title, read.name, read.login, read.email) == ("", "", "", "")


def test_one_that_waits_for_approval_is_pending(system: LibreBookingDouble) -> None:
    system.book("2026-11-23T08:00", "2026-11-24T08:00", "x", requiresApproval=True)
    (read,) = source(system).bookings(BEGINS, ENDS)
    assert read.state == "pending"


def test_the_project_is_in_an_attribute_of_the_site(system: LibreBookingDouble) -> None:
    item = system.book("2026-11-23T08:00", "2026-11-24T08:00", "apoferritin")
    other = system.book("2026-11-25T08:00", "2026-11-26T08:00", "deleted meanwhile")
    system.users = []
    system.detail(
        item["referenceNumber"],
        customAttributes=[
            {"id": "1", "label": "Grids", "value": "4"},
            {"id": "2", "label": "Proposal", "value": " CEM00123 "},
        ],
    )
    read = source(system, project_attribute="Proposal").bookings(BEGINS, ENDS)
    assert [one.project for one in read] == ["CEM00123", ""]
    assert read[0].email == "rosa@uni.example"
    assert other["referenceNumber"] in read[1].reference


def test_a_wrong_password_is_told_from_an_outage(system: LibreBookingDouble) -> None:
    with pytest.raises(SourceRefused, match=r"does not let 'robot' in: Login failed") as caught:
        source(system, password="wr0ng").bookings(BEGINS, ENDS)
    assert "wr0ng" not in str(caught.value)
    system.down = True
    with pytest.raises(SourceDown, match="answered 500: Slim Application Error"):
        source(system).bookings(BEGINS, ENDS)
    system.down, system.empty = False, True
    with pytest.raises(SourceDown, match="answered nothing at all"):
        source(system).bookings(BEGINS, ENDS)


def test_an_interface_that_is_switched_off_is_said(system: LibreBookingDouble) -> None:
    off = "LibreBooking API has been configured as disabled.<br/><br/>Set it to enable."
    system.answer = lambda asked: (200, {}, off)  # type: ignore[method-assign]
    with pytest.raises(SourceChanged, match=r"no JSON, but 'LibreBooking API has been .* disabled"):
        source(system).bookings(BEGINS, ENDS)


def test_a_token_that_is_over_is_asked_for_anew(system: LibreBookingDouble) -> None:
    system.book("2026-11-23T08:00", "2026-11-24T08:00", "x")
    first = system._sign_in

    def over(body: dict[str, Any]) -> dict[str, Any]:
        told = first(body)
        if sum(asked.path.endswith("Authenticate") for asked in system.asked) == 1:
            system.tokens[told["sessionToken"]] = 0.0
        return told

    system._sign_in = over  # type: ignore[method-assign]
    assert len(source(system).bookings(BEGINS, ENDS)) == 1
    system.life = -1.0
    with pytest.raises(SourceRefused, match="answered 401: You must be authenticated"):
        source(system).bookings(BEGINS, ENDS)


@pytest.mark.parametrize("name", ["startDate", "referenceNumber", "resourceId"])
def test_another_shape_is_said(system: LibreBookingDouble, name: str) -> None:
    item = system.book("2026-11-23T08:00", "2026-11-24T08:00", "x")
    if name == "startDate":
        system.answer = lambda asked: (200, {}, {"isAuthenticated": True})  # type: ignore[method-assign]
        with pytest.raises(SourceChanged, match="sessionToken is missing"):
            source(system).bookings(BEGINS, ENDS)
        return
    del item[name]
    with pytest.raises(SourceChanged, match=rf"a reservation is not .*: {name} is missing"):
        source(system).bookings(BEGINS, ENDS)


def test_an_answer_for_another_time_is_not_used(
    system: LibreBookingDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.book("2000-01-01T00:00", "2100-01-01T00:00", "x")
    monkeypatch.setattr("icestream.facility.bookings.librebooking._FORM", "%d.%m.%Y %H:%M")
    with pytest.raises(SourceChanged, match="answered for startDateTime .* was asked"):
        source(system).bookings(BEGINS, ENDS)


def test_what_can_be_booked(system: LibreBookingDouble) -> None:
    assert source(system).resources() == {}
    system.book("2026-11-23T08:00", "2026-11-24T08:00", "x")
    assert source(system).resources() == {"2": "Titan Krios"}
    assert source(system).place == f"LibreBooking at {system.url}/Web/Services/index.php"
