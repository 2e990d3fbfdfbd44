"""ISPyB: the reading of visits, here from the same tables in SQLite."""

from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import StaticPool

from booking_systems import at
from icestream.facility.asking import SourceChanged, SourceDown
from icestream.facility.bookings.booking import Booking
from icestream.facility.bookings.ispyb import Ispyb
from icestream.facility.bookings.kinds import IspybBookings

BEGINS, ENDS = at("2026-11-23"), at("2026-11-30")
SECTION = IspybBookings(kind="ispyb", server="127.0.0.1", port=9, user="reader", password="pw")

TABLES = (
    "create table Person (personId integer primary key, givenName text, familyName text,"
    " login text, emailAddress text)",
    "create table Proposal (proposalId integer primary key, personId integer, title text,"
    " proposalCode text, proposalNumber text)",
    "create table BLSession (sessionId integer primary key, proposalId integer,"
    " visit_number integer, beamLineName text, startDate datetime, endDate datetime,"
    " futureColumn text)",
    "insert into Person values (1, 'Rosa', 'Ortiz', 'ro123', 'rosa@uni.example')",
    "insert into Proposal values (7, 1, 'Apoferritin', 'bi', '23047'), (8, 0, null, null, null)",
    "insert into BLSession values"
    " (1, 7, 106, 'm02', '2026-11-23 09:00:00', '2026-11-25 09:00:00', null),"
    " (2, 7, 107, 'm02', '2026-12-23 09:00:00', '2026-12-25 09:00:00', null),"
    " (3, 8, 1, 'm03', '2026-11-23 09:00:00', '2026-11-25 09:00:00', null),"
    " (4, 8, 2, null, '2026-11-23 09:00:00', '2026-11-25 09:00:00', null)",
)


@pytest.fixture
def engine() -> Engine:
    made = create_engine("sqlite://", poolclass=StaticPool)
    with made.begin() as connection:
        for statement in TABLES:
            connection.execute(text(statement))
    return made


def test_visits_are_bookings(engine: Engine) -> None:
    source = Ispyb(SECTION, ZoneInfo("Europe/London"), engine=engine)
    first, second = source.bookings(BEGINS, ENDS)
    assert first == Booking(
        reference="bi23047-106",
        resources=("m02",),
        begins=at("2026-11-23T09:00"),
        ends=at("2026-11-25T09:00"),
        title="Apoferritin",
        login="ro123",
        name="Rosa Ortiz",
        email="rosa@uni.example",
        project="bi23047",
    )
    assert (second.resources, second.login, second.title) == (("m03",), "", "")
    assert source.resources() == {"m02": "m02", "m03": "m03"}


def test_times_are_by_the_clock_of_the_site(engine: Engine) -> None:
    source = Ispyb(SECTION, ZoneInfo("Europe/Madrid"), engine=engine)
    assert source.bookings(BEGINS, ENDS)[0].begins == at("2026-11-23T08:00")
    # Ends at 09:00 there, which is 08:00 UTC.
    assert source.bookings(at("2026-11-25T07:59"), ENDS) != ()
    assert source.bookings(at("2026-11-25T08:01"), ENDS) == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("drop table Proposal", "has no table Proposal"),
        ("alter table BLSession drop column beamLineName", "BLSession has no beamLineName"),
    ],
)
def test_another_schema_is_said(engine: Engine, change: str, said: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(change))
    with pytest.raises(SourceChanged, match=said):
        Ispyb(SECTION, ZoneInfo("UTC"), engine=engine).bookings(BEGINS, ENDS)


def test_a_column_that_a_version_lacks_is_done_without(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("alter table Person drop column emailAddress"))
    first, _ = Ispyb(SECTION, ZoneInfo("UTC"), engine=engine).bookings(BEGINS, ENDS)
    assert (first.name, first.email) == ("Rosa Ortiz", "")


def test_nobody_there() -> None:
    pytest.importorskip("pymysql")
    with pytest.raises(SourceDown, match=r"ISPyB at 127.0.0.1:9/ispyb cannot be asked") as caught:
        Ispyb(SECTION, ZoneInfo("UTC")).bookings(BEGINS, ENDS)
    assert "pw" not in str(caught.value)
