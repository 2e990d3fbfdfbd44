"""Who may know of what: of a confidential project its people alone, and administrators."""

from dataclasses import replace
from typing import Any

import pytest

from icestream.facility.bookings.offer import BookingChoice, BookingOffer
from icestream.facility.opened import Facility
from icestream.facility.people.seeing import read_seeing
from icestream.facility.registry.people import keep_project
from icestream.facility.registry.records import KnownBooking
from icestream.facility.registry.sessions import Whose, keep_session
from icestream.login import Role
from icestream.server.facility_seeing import HIDDEN, Seen
from icestream.server.people.person import Person

PEOPLE: dict[str, Person] = {
    "ada": Person(name="ada", role=Role.ADMIN),
    "sam": Person(name="sam", role=Role.STAFF),
    "oli": Person(name="oli", role=Role.OPERATOR),
    "lea": Person(name="lea", role=Role.VIEWER),
    "ben": Person(name="ben", role=Role.VIEWER),
    "guest": Person(name="guest", role=Role.VIEWER, sessions=frozenset({"k-secret"})),
    "narrow": Person(name="lea", role=Role.ADMIN, only=frozenset({"k-open"})),
    "program": Person(name="p", role=Role.VIEWER, sees_all=True),
}


@pytest.fixture
def seen(facility: Facility) -> dict[str, Seen]:
    with facility.registry.write() as connection:
        keep_project(connection, "Secret", pi="lea", confidential=True)
        keep_project(connection, "open", pi="ben")
        for project, operator in (("Secret", "lea"), ("open", "ben"), ("open", "")):
            name = f"{project.lower()}{'' if operator else '-own'}"
            keep_session(
                connection, f"k-{name}",
                Whose(microscope="krios1", project=project, operator=operator),
                name=name, folder=f"/s/{name}", place=f"/s/{name}", began=1.0, state="done",
                confidential=not operator,
            )  # fmt: skip
        seeing = read_seeing(connection)
    return {
        name: Seen.by(
            replace(one, sessions=one.sessions | seeing.of(one.name), hidden=seeing.confidential),
            facility,
        )
        for name, one in PEOPLE.items()
    }


def booking(number: int, **values: Any) -> KnownBooking:
    told: dict[str, Any] = {"source": "x", "microscope": "krios1", "begins": 0.0, "ends": 9.0}
    return KnownBooking(id=number, reference=f"ref-{number}", **told, **values)


OWN = booking(1, title="Capsids of ACME", who="lea", name="Lea M", email="l@m", project="secret")
OTHER = booking(2, title="Ribosome", who="ben", name="Ben", project="open")


def test_sessions(facility: Facility, seen: dict[str, Seen]) -> None:
    found = {name: {s.name for s in one.sessions(facility)} for name, one in seen.items()}
    assert found == {
        "ada": {"secret", "open", "open-own"},
        "sam": {"open"},
        "oli": set(),
        "lea": {"secret"},
        "ben": {"open", "open-own"},
        "guest": {"secret"},
        "narrow": {"open"},
        "program": {"open"},
    }
    assert seen["sam"].hidden(facility) == ["open-own", "secret"]
    assert seen["ada"].hidden(facility) == []


def test_projects(seen: dict[str, Seen]) -> None:
    def of(name: str) -> set[str]:
        one = seen[name]
        return {code for code, project in one.projects.items() if one.project(project)}

    assert of("ada") == {"secret", "open"}
    assert of("sam") == {"open"}
    assert of("lea") == {"secret"}
    assert of("oli") == set()


@pytest.mark.parametrize(("name", "may"), [("ada", True), ("lea", True), ("sam", False)])
def test_whose_booking_it_is(seen: dict[str, Seen], name: str, may: bool) -> None:
    assert seen[name].shown(OTHER) == OTHER
    shown = seen[name].shown(OWN)
    assert (shown == OWN) is may
    if not may:
        assert (shown.id, shown.ends, shown.name) == (1, 9.0, HIDDEN)
        assert not any((shown.title, shown.who, shown.email, shown.project, shown.reference))


def test_an_offer_says_nothing_of_what_is_confidential(seen: dict[str, Seen]) -> None:
    made = BookingOffer(
        microscope="krios1",
        at=5.0,
        choices=(
            BookingChoice(booking=OWN, when="now", sessions=("secret",)),
            BookingChoice(booking=OTHER, when="soon", sessions=("open", "open-own")),
        ),
        next=OWN,
        doubts=(
            "it may be for any of 2 bookings: Lea M Capsids of ACME (now), Ben Ribosome (soon)",
            "sessions were begun for it already: secret",
            "the bookings were never read",
        ),
    )
    shown = seen["sam"].offer(made, ["secret", "open-own"])
    said = repr(shown)
    for word in ("ACME", "Lea", "'lea'", "l@m", "open-own", "'secret'", "ref-1"):
        assert word not in said, word
    assert [one.booking.id for one in shown.choices] == [1, 2]
    assert (shown.choices[1].sessions, shown.doubts[2]) == (("open",), made.doubts[2])
    assert "Ben" in said
    assert seen["lea"].offer(made) == made
