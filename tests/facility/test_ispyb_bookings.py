"""Visits are read from a real MariaDB, and what it refuses is told apart from an outage."""

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from booking_systems import at
from icestream.facility.asking import SourceChanged, SourceDown, SourceRefused
from icestream.facility.bookings.ispyb import Ispyb
from icestream.facility.bookings.kinds import IspybBookings
from mariadb_server import Server

DATABASE = "ispyb_bookings"
BEGINS, ENDS = at("2026-11-23"), at("2026-11-30")
ROWS = (
    "insert into Person (personId, givenName, familyName, login, emailAddress)"
    " values (2, 'Rosa', 'Ortíz', 'ro123', 'rosa@uni.example')",
    "insert into Proposal (proposalId, personId, title, proposalCode, proposalNumber)"
    " values (7, 2, 'Apoferritin', 'bi', '23047')",
    "insert into BLSession"
    " (sessionId, proposalId, visit_number, beamLineName, startDate, endDate) values"
    " (11, 7, 106, 'm02', '2026-11-23 09:00:00', '2026-11-25 09:00:00'),"
    " (12, 7, 107, 'm02', '2026-12-23 09:00:00', '2026-12-25 09:00:00')",
    "create user reader identified by 'tops3cret'",
    f"grant select on {DATABASE}.BLSession to reader",
    f"grant select on {DATABASE}.Proposal to reader",
    f"grant select on {DATABASE}.Person to reader",
    "create user stranger identified by 'tops3cret'",
)


@pytest.fixture(scope="module")
def database(mariadb: Server) -> Iterator[Server]:
    engine = mariadb.make_ispyb(DATABASE)
    with engine.begin() as connection:
        for statement in ROWS:
            connection.execute(text(statement))
    engine.dispose()
    yield mariadb


def source(server: Server, **given: Any) -> Ispyb:
    told = {"server": "127.0.0.1", "port": server.port, "database": DATABASE}
    told |= {"kind": "ispyb", "user": "reader", "password": "tops3cret", **given}
    return Ispyb(IspybBookings.model_validate(told), ZoneInfo("Europe/London"))


def test_visits(database: Server) -> None:
    (one,) = source(database).bookings(BEGINS, ENDS)
    assert (one.reference, one.resources, one.project) == ("bi23047-106", ("m02",), "bi23047")
    assert (one.begins, one.ends) == (at("2026-11-23T09:00"), at("2026-11-25T09:00"))
    assert (one.login, one.name, one.email) == ("ro123", "Rosa Ortíz", "rosa@uni.example")
    assert source(database).resources() == {"m02": "m02", "m12": "m12"}


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ({"password": "wr0ng"}, SourceRefused, "does not let 'reader' read it: Access denied"),
        ({"user": "stranger"}, SourceRefused, "does not let 'stranger' read it: Access denied"),
        ({"port": 9}, SourceDown, "cannot be asked: Can't connect"),
        ({"database": "mysql"}, SourceRefused, "Access denied"),
        ({"database": "information_schema"}, SourceChanged, "Unknown table"),
    ],
)
def test_failures_are_told_apart(
    database: Server, given: dict[str, Any], kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said) as caught:
        source(database, **given).bookings(BEGINS, ENDS)
    assert "wr0ng" not in str(caught.value)
