"""Bookings in the registry: what changes, what is cancelled, and what an outage leaves alone."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from booking_systems import PASSWORD, USER, LibreBookingDouble, at, serving
from icestream.facility.asking import SourceChanged, SourceDown
from icestream.facility.bookings import reading
from icestream.facility.bookings.booking import Booking
from icestream.facility.bookings.kinds import CsvBookings
from icestream.facility.bookings.reading import (
    code_in,
    kind_of,
    microscopes_booked,
    read_bookings,
)
from icestream.facility.opened import Facility, open_facility
from icestream.facility.registry import bookings as rows
from icestream.facility.registry.open import SCHEMA
from icestream.facility.registry.people import keep_person, keep_project, people
from icestream.facility.registry.records import KnownBooking, KnownSource

NOW = at("2026-11-23T12:00")
SOURCE = "bookings.librebooking"


@pytest.fixture
def system() -> Iterator[LibreBookingDouble]:
    double = LibreBookingDouble()
    double.users = [
        {"id": "2", "userName": "rosa", "emailAddress": "rosa@uni.example"},
    ]
    with serving(double):
        yield double


@pytest.fixture
def facility(
    system: LibreBookingDouble, write_facility: Callable[[str], Path]
) -> Iterator[Facility]:
    more = f"""
[bookings]
kind = "librebooking"
url = "{system.url}/Web/Services/index.php"
user = "{USER}"
password = "{PASSWORD}"
"""
    with open_facility(write_facility(more)) as opened:
        yield opened


def krios(system: LibreBookingDouble, begins: str, ends: str, title: str, **values: Any) -> Any:
    return system.book(begins, ends, title, **{"resourceId": "7", **values})


def known(facility: Facility) -> dict[str, KnownBooking]:
    with facility.registry.read() as connection:
        return {one.title: one for one in rows.bookings(connection, cancelled=True)}


def source(facility: Facility) -> KnownSource:
    with facility.registry.read() as connection:
        return rows.source(connection, SOURCE)


def test_bookings_of_its_microscopes_are_kept(
    facility: Facility, system: LibreBookingDouble
) -> None:
    krios(system, "2026-11-23T08:00", "2026-11-25T08:00", "cem00123 apoferritin")
    krios(system, "2026-11-26T08:00", "2026-11-27T08:00", "glow", resourceId="8")
    krios(system, "2026-11-28T08:00", "2026-11-29T08:00", "cryo cycle")
    system.book("2026-11-23T08:00", "2026-11-24T08:00", "x", resourceName="GLACIOS")
    read = read_bookings(facility, now=NOW)
    assert (read.there, read.new, read.elsewhere) == (3, 3, ("Titan Krios",))
    assert str(read) == "3 bookings, 3 new"
    kept = known(facility)
    one = kept["cem00123 apoferritin"]
    assert (one.microscope, one.project, one.who, one.email, one.kind) == (
        "krios1", "CEM00123", "rosa", "rosa@uni.example", "booked",
    )  # fmt: skip
    assert (one.seen, one.source, one.begins) == (NOW, SOURCE, at("2026-11-23T08:00"))
    assert kept["cryo cycle"].kind == "maintenance"
    assert kept["x"].microscope == "glacios"
    assert source(facility) == KnownSource(name=SOURCE, read=NOW)
    with facility.registry.read() as connection:
        (person,) = people(connection)
    assert (person.name, person.title, person.email) == ("rosa", "Rosa Ortiz", "rosa@uni.example")
    assert str(read_bookings(facility, now=NOW + 60)) == "3 bookings, as before"


def test_one_that_was_moved_stays_the_same_booking(
    facility: Facility, system: LibreBookingDouble
) -> None:
    item = krios(system, "2026-11-24T08:00", "2026-11-25T08:00", "cem00123")
    read_bookings(facility, now=NOW)
    number = known(facility)["cem00123"].id
    # By two days; to a time that is far outside what is read; and to the other microscope.
    for begins, ends in (("2026-11-26", "2026-11-27"), ("2027-09-01", "2027-09-03")):
        item |= {"startDate": f"{begins}T08:00:00+0000", "endDate": f"{ends}T08:00:00+0000"}
        assert str(read_bookings(facility, now=NOW)) == "1 booking, 1 changed"
        one = known(facility)["cem00123"]
        assert (one.id, one.begins, one.state) == (number, at(f"{begins}T08:00"), "booked")


def test_one_that_is_no_more_is_cancelled_and_not_deleted(
    facility: Facility, system: LibreBookingDouble
) -> None:
    krios(system, "2026-11-24T08:00", "2026-11-25T08:00", "stays")
    krios(system, "2026-11-26T08:00", "2026-11-27T08:00", "goes")
    krios(system, "2026-10-26T08:00", "2026-10-27T08:00", "long ago")
    read_bookings(facility, now=at("2026-10-26T12:00"))
    system.reservations = system.reservations[:1]
    assert str(read_bookings(facility, now=NOW)) == "1 booking, 1 cancelled"
    kept = known(facility)
    assert (kept["goes"].state, kept["goes"].cancelled) == ("cancelled", NOW)
    assert kept["goes"].seen == at("2026-10-26T12:00")
    assert [kept[name].state for name in ("stays", "long ago")] == ["booked", "booked"]
    # Once is enough; and it can come back.
    assert str(read_bookings(facility, now=NOW + 60)) == "1 booking, as before"
    assert known(facility)["goes"].cancelled == NOW


def test_an_outage_changes_nothing_and_is_written_down(
    facility: Facility, system: LibreBookingDouble
) -> None:
    krios(system, "2026-11-24T08:00", "2026-11-25T08:00", "cem00123")
    read_bookings(facility, now=NOW)
    before = known(facility)
    system.down = True
    with pytest.raises(SourceDown):
        read_bookings(facility, now=NOW + 600)
    said = source(facility)
    assert said.read == NOW
    assert "answered 500" in said.problem
    system.down, system.cut = False, True
    with pytest.raises(SourceDown, match="cut short"):
        read_bookings(facility, now=NOW + 600)
    assert known(facility) == before
    system.cut = False
    read_bookings(facility, now=NOW + 600)
    assert source(facility).problem == ""


def test_nothing_at_all_is_not_believed_at_once(
    facility: Facility, system: LibreBookingDouble
) -> None:
    for day in (24, 25, 26):
        krios(system, f"2026-11-{day}T08:00", f"2026-11-{day}T18:00", f"day {day}")
    read_bookings(facility, now=NOW)
    system.reservations = []
    system.book("2026-11-24T08:00", "2026-11-25T08:00", "x", resourceName="Glacios")
    with pytest.raises(SourceChanged, match=r"no booking at all any more .*\(3 of krios1\)"):
        read_bookings(facility, now=NOW)
    assert {one.state for one in known(facility).values()} == {"booked"}
    assert "no booking at all" in source(facility).problem
    assert (
        str(read_bookings(facility, now=NOW, believe_empty=True)) == "1 booking, 1 new, 3 cancelled"
    )


def test_what_privacy_hides_later_is_not_forgotten(
    facility: Facility, system: LibreBookingDouble
) -> None:
    item = krios(system, "2026-11-24T08:00", "2026-11-25T08:00", "cem00123")
    read_bookings(facility, now=NOW)
    item |= {"firstName": None, "lastName": None}
    system.users_hidden = True
    assert str(read_bookings(facility, now=NOW)) == "1 booking, as before"
    one = known(facility)["cem00123"]
    assert (one.who, one.name, one.email) == ("rosa", "Rosa Ortiz", "rosa@uni.example")


def test_codes_are_written_as_the_project_is_known(
    facility: Facility, system: LibreBookingDouble
) -> None:
    krios(system, "2026-11-24T08:00", "2026-11-25T08:00", "CEM00123")
    read_bookings(facility, now=NOW)
    assert known(facility)["CEM00123"].project == "CEM00123"
    with facility.registry.write() as connection:
        keep_project(connection, "cem00123")
    read_bookings(facility, now=NOW)
    assert known(facility)["CEM00123"].project == "cem00123"


def test_what_others_have_said_of_a_person_stays(
    facility: Facility, system: LibreBookingDouble
) -> None:
    with facility.registry.write() as connection:
        keep_person(connection, "rosa", title="R. Ortiz", email="r@uni.example", source="ldap")
    krios(system, "2026-11-24T08:00", "2026-11-25T08:00", "cem00123")
    read_bookings(facility, now=NOW)
    with facility.registry.read() as connection:
        (person,) = people(connection)
    assert (person.title, person.email, person.source) == ("R. Ortiz", "r@uni.example", "ldap")


def test_a_table_whose_owners_are_known_by_their_e_mail(
    write_facility: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "b.csv").write_text(
        "microscope,begins,ends,title,email,state\n"
        "7,2026-11-23 08:00,2026-11-24 08:00,a,Rosa@Uni.example,\n"
        "7,2026-11-25 08:00,2026-11-26 08:00,c,Ana@uni.example,\n"
        "glacios,2026-11-23 08:00,2026-11-24 08:00,b,,cancelled\n"
    )
    more = '[bookings]\nkind = "csv"\nfile = "{folder}/b.csv"\n'
    with open_facility(write_facility(more)) as facility:
        with facility.registry.write() as connection:
            keep_person(connection, "rosa", email="rosa@uni.example")
        read_bookings(facility, now=NOW)
        read_bookings(facility, now=NOW + 60)
        kept = known(facility)
    assert kept["a"].who == "rosa"
    assert kept["c"].who == "ana@uni.example"
    assert kept["a"].begins == at("2026-11-23T07:00")  # by the clock of the facility
    assert (kept["b"].state, kept["b"].cancelled) == ("cancelled", NOW)


def test_a_registry_in_postgresql(
    postgres: str, system: LibreBookingDouble, write_facility: Callable[[str], Path]
) -> None:
    engine = create_engine(postgres)
    with engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"))
    engine.dispose()
    where = postgres.replace("postgresql+psycopg", "postgresql")
    section = f"""
[bookings]
kind = "librebooking"
url = "{system.url}/Web/Services/index.php"
user = "{USER}"
password = "{PASSWORD}"
"""
    path = write_facility(section)
    path.write_text(path.read_text().replace("patience", f'registry = "{where}"\npatience', 1))
    krios(system, "2026-11-24T08:00", "2026-11-25T08:00", "cem00123 \0\ud800 ice")
    item = krios(system, "2026-11-26T08:00", "2026-11-27T08:00", "goes")
    with open_facility(path) as facility:
        assert str(read_bookings(facility, now=NOW)) == "2 bookings, 2 new"
        system.reservations.remove(item)
        assert str(read_bookings(facility, now=NOW)) == "1 booking, 1 cancelled"
        kept = known(facility)
    assert kept["cem00123 ? ice"].project == "CEM00123"
    assert kept["goes"].state == "cancelled"


def test_no_booking_system(write_facility: Callable[[str], Path]) -> None:
    for more in ("", '[bookings]\nkind = "none"\n'):
        with open_facility(write_facility(more)) as facility:
            assert str(read_bookings(facility)) == "0 bookings, as before"


@pytest.mark.parametrize(
    ("pattern", "letters", "title", "code"),
    [
        (None, None, "cem00123_00005 apoferritin", "CEM00123"),
        (None, None, "Sll00123: apoferritin", "SLL00123"),
        (None, "lower", "Visit of CEM00123", "cem00123"),
        (None, None, "cem123 cem001234 xcem00123", ""),
        (r"(?i)proposal\s+([a-z]+\d+)", None, "proposal bi23047", "BI23047"),
        (r"(?P<code>[a-z]{2}\d+)-(\d+)", "as written", "bi23047-106", "bi23047"),
        (None, None, "x" * 300 + " cem00123", ""),
    ],
)
def test_codes_in_titles(pattern: str | None, letters: str | None, title: str, code: str) -> None:
    given = {"kind": "csv", "file": "/b.csv"}
    given |= {} if pattern is None else {"project": pattern}
    given |= {} if letters is None else {"letters": letters}
    assert code_in(CsvBookings.model_validate(given), title) == code


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Downtime", "downtime"),
        ("down-time (pump)", "downtime"),
        ("Cryo-cycle", "maintenance"),
        ("[Service] of the gun", "maintenance"),
        ("cell cycle of yeast", "booked"),
        ("breakdown products", "booked"),
        ("cem00123 after the downtime", "booked"),
    ],
)
def test_kinds_by_titles(title: str, kind: str) -> None:
    section = CsvBookings.model_validate({"kind": "csv", "file": "/b.csv"})
    assert kind_of(section, title) == kind


def test_what_the_booking_system_calls_them(facility: Facility) -> None:
    assert microscopes_booked(facility.file) == {"7": "krios1", "glacios": "glacios"}


@dataclass
class Table:
    """A source that has what it is given, or fails."""

    there: dict[str, Booking] = field(default_factory=dict)
    fails: bool = False
    place: str = "the table"

    def bookings(self, begins: float, ends: float) -> tuple[Booking, ...]:
        if self.fails:
            raise SourceDown("it is down")
        found = self.there.values()
        return tuple(one for one in found if one.begins < ends and one.ends > begins)

    def resources(self) -> None:
        return None


def test_whatever_happens_the_registry_has_what_the_source_had_last(
    facility: Facility, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made, moved, renamed, cancelled, back again, with outages between: nothing is lost."""
    table, choose = Table(), random.Random(14)
    monkeypatch.setattr(reading, "booking_source", lambda *_: table)
    ever: set[str] = set()
    for step in range(60):
        for _ in range(choose.randint(1, 3)):
            reference = str(choose.randrange(12))
            if choose.random() < 0.3:
                table.there.pop(reference, None)
                continue
            begins = NOW + choose.randint(-48, 700) * 3600.0
            table.there[reference] = Booking(
                reference=reference,
                resources=(choose.choice(("7", "glacios")),),
                begins=begins,
                ends=begins + choose.randint(1, 72) * 3600.0,
                title=f"\U0001f9ca {choose.randrange(5)}",
            )
        table.fails = choose.random() < 0.2
        try:
            read_bookings(facility, now=NOW + step, believe_empty=True)
        except SourceDown:
            continue
        ever |= table.there.keys()
        with facility.registry.read() as connection:
            kept = rows.bookings(connection, cancelled=True)
        assert {one.reference for one in kept} == ever
        held = {one.reference: one for one in kept if one.state != "cancelled"}
        assert held.keys() == table.there.keys()
        for reference, one in held.items():
            told = table.there[reference]
            assert (one.begins, one.ends, one.title) == (told.begins, told.ends, told.title)
            assert one.microscope == {"7": "krios1"}.get(told.resources[0], "glacios")


def test_a_calendar_that_forgets_what_is_over_cancels_nothing_of_it(
    facility: Facility, system: LibreBookingDouble
) -> None:
    """A booking that took place is not billed as one that was cancelled."""
    over = [krios(system, f"2026-11-{day}T08:00", f"2026-11-{day}T18:00", f"day {day}")
            for day in (20, 21)]  # fmt: skip
    krios(system, "2026-11-24T08:00", "2026-11-25T08:00", "ahead")
    read_bookings(facility, now=NOW)
    for one in over:
        system.reservations.remove(one)
    assert str(read_bookings(facility, now=NOW)) == "1 booking, as before"
    assert {one.state for one in known(facility).values()} == {"booked"}
    system.reservations.insert(0, over[0])
    assert str(read_bookings(facility, now=NOW)) == "2 bookings, 1 cancelled"
    assert known(facility)["day 21"].state == "cancelled"
