"""What the browser is told: names of people, and none of their addresses."""

from pathlib import Path

from icestream.facility.bookings.offer import BookingChoice, BookingOffer
from icestream.facility.registry.records import KnownBooking, KnownProject, KnownSession
from icestream.server.facility_shown import placed_session, shown_booking, shown_offer

BOOKING = KnownBooking(
    id=7, source="csv", reference="r", microscope="krios1", begins=1.0, ends=2.0, who="lea",
    email="lea@x.org",
)  # fmt: skip


def test_a_booking_has_its_owners_name_or_login() -> None:
    assert shown_booking(BOOKING).name == "lea"
    assert not hasattr(shown_booking(BOOKING), "email")


def test_an_offer_has_the_titles_of_projects() -> None:
    project = KnownProject(id=1, code="p", title="Ribosomes")
    made = BookingOffer(
        microscope="krios1",
        at=1.5,
        choices=(BookingChoice(booking=BOOKING, when="now", project=project),),
        next=BOOKING,
        age=3.0,
    )
    shown = shown_offer(made, "Europe/Madrid")
    assert shown.choices[0].project_title == "Ribosomes"
    assert (shown.next, shown.blocked, shown.age) == (shown_booking(BOOKING), None, 3.0)
    assert shown.time_zone == "Europe/Madrid"


def test_a_session_has_an_id_where_its_folder_is_shown() -> None:
    one = KnownSession(id=1, name="s", place="/p", folder="/p/s", key="k", began=1.0)
    assert placed_session(one, {Path("/p/s"): "uid"}).id == "uid"
    assert placed_session(one, {}).id is None
