"""Whatever another system answers, there are bookings, or an error that says what is wrong."""

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest

from booking_systems import (
    KEY,
    PASSWORD,
    USER,
    Asked,
    BookingSystem,
    EmhubDouble,
    LibreBookingDouble,
    PortalDouble,
    at,
)
from icestream.facility.asking import SourceError, WebAnswer, WebService
from icestream.facility.bookings.emhub import Emhub
from icestream.facility.bookings.kinds import EmhubBookings, LibreBookingBookings
from icestream.facility.bookings.librebooking import LibreBooking
from icestream.facility.projects.kinds import PortalProjects
from icestream.facility.projects.portal import Portal

MADRID = ZoneInfo("Europe/Madrid")
BEGINS, ENDS = at("2026-11-23"), at("2026-11-30")
OTHER: tuple[Any, ...] = (
    None, True, 0, -1, 1e300, "", "x", "\ud800", "\0", [], {}, [1], {"a": 1}, [[]], [None],
)  # fmt: skip


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """All places in a document."""
    yield way
    if isinstance(value, list):
        value = dict(enumerate(value))
    for name, part in value.items() if isinstance(value, dict) else ():
        yield from places(part, (*way, name))


def spoilt(document: Any, choose: random.Random) -> Any:
    """The document with another value somewhere, or without one."""
    document = copy.deepcopy(document)
    way = choose.choice(list(places(document)))
    if not way:
        return choose.choice(OTHER)
    inside = document
    for part in way[:-1]:
        inside = inside[part]
    if choose.random() < 0.3:
        del inside[way[-1]]
    else:
        inside[way[-1]] = choose.choice(OTHER)
    return document


def answered_by(system: BookingSystem, choose: random.Random) -> Callable[..., WebAnswer]:
    """Asks a double without a server; one answer in three is spoilt."""
    cookie = ""

    def ask(self: WebService, method: str, path: str = "", **given: Any) -> WebAnswer:
        nonlocal cookie
        headers = {name.lower(): value for name, value in (given.get("headers") or {}).items()}
        headers |= {"cookie": cookie, "x-orderportal-api-key": KEY}
        asked = urlsplit(f"{self._url}{path}").path
        status, told, document = system.answer(
            Asked(method, asked, given.get("query") or {}, given.get("body") or {}, headers)
        )
        cookie = told.get("Set-Cookie", cookie)
        if choose.random() < 0.33:
            document = spoilt(document, choose)
        return WebAnswer(asked, status, json.dumps(document).encode(), {})

    return ask


def _librebooking() -> tuple[BookingSystem, Callable[[], Any]]:
    system = LibreBookingDouble(users=[{"id": "2", "userName": "rosa", "emailAddress": "r@x"}])
    item = system.book("2026-11-23T08:00", "2026-11-25T08:00", "cem00123")
    attribute = {"id": "2", "label": "Proposal", "value": "CEM00123"}
    system.detail(item["referenceNumber"], customAttributes=[attribute])
    section = LibreBookingBookings(
        kind="librebooking",
        url="http://b.example/Web/Services/index.php",
        user=USER,
        password=PASSWORD,  # type: ignore[arg-type]
        project_attribute="Proposal",
    )
    source = LibreBooking(section, MADRID)
    return system, lambda: (source.bookings(BEGINS, ENDS), source.resources())


def _emhub() -> tuple[BookingSystem, Callable[[], Any]]:
    system = EmhubDouble()
    system.book("2026-11-23T08:00", "2026-11-25T22:00", "apoferritin", application_id=7)
    section = EmhubBookings(kind="emhub", url="http://e.example", user=USER, password=PASSWORD)  # type: ignore[arg-type]
    source = Emhub(section, MADRID)
    return system, lambda: (source.bookings(BEGINS, ENDS), source.resources())


def _portal() -> tuple[BookingSystem, Callable[[], Any]]:
    system = PortalDouble()
    system.order("CEM00123", "x", fields={"pi_list": [["Ortiz, Rosa", "rosa@uni.example"]]})
    section = PortalProjects(kind="portal", url="http://p.example/api/v1", key=KEY)  # type: ignore[arg-type]
    source = Portal(section)
    return system, lambda: (source.projects(), source.project("CEM00123"))


@pytest.mark.parametrize("make", [_librebooking, _emhub, _portal])
def test_no_answer_is_too_strange(
    make: Callable[[], tuple[BookingSystem, Callable[[], Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    system, read = make()
    choose = random.Random(14)
    monkeypatch.setattr(WebService, "ask", answered_by(system, choose))
    refused = well = 0
    for _ in range(400):
        try:
            told = read()
        except SourceError as error:
            assert str(error)
            refused += 1
        else:
            repr(told).encode()  # what is taken can be kept
            well += 1
    assert refused > 30
    assert well > 30
