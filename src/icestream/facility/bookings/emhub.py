"""Bookings of EMhub, by its REST interface.

EMhub answers 200 also where it refuses, with an object that has ``error``; it drops offsets from
times that it is sent, so that they have to be UTC; and a range is of whole days.
"""

import contextlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icestream.facility.asking import (
    SourceChanged,
    SourceDown,
    SourceError,
    SourceRefused,
    WebService,
    plain_text,
    secret_of,
)
from icestream.facility.bookings.booking import Booking
from icestream.facility.bookings.clock import read_time
from icestream.facility.bookings.kinds import EmhubBookings
from icestream.facility.registry.records import BookingKind

__all__ = ["Emhub"]

_KINDS: Mapping[str, BookingKind] = {
    "booking": "booked",
    "special": "booked",
    "training": "booked",
    "downtime": "downtime",
    "repair": "maintenance",
    "maintenance": "maintenance",
    "cryo-cycle": "maintenance",
}
_OPEN = ("slot", "request")
"""Time that can be booked, or is wished for: nobody has it yet."""


class Emhub:
    """EMhub as a source of bookings."""

    def __init__(self, section: EmhubBookings, zone: ZoneInfo) -> None:
        self._section = section
        self._zone = zone

    @property
    def place(self) -> str:
        """The address of the service."""
        return f"EMhub at {self._section.url}"

    def bookings(self, begins: float, ends: float) -> tuple[Booking, ...]:
        """All bookings that reach into a time; slots that nobody has taken are none."""
        # Whole days by a clock that is not known here: a day more on both sides, and then chosen.
        first = datetime.fromtimestamp(begins, UTC) - timedelta(days=1)
        last = datetime.fromtimestamp(ends, UTC) + timedelta(days=1)
        asked = {"start": f"{first:%Y-%m-%d}", "end": f"{last:%Y-%m-%d}", "func": "to_json"}
        with self._signed_in() as service:
            told = self._list(service, "get_bookings_range", asked)
            names = self._named(service, "get_resources", "name")
            users = self._users(service)
            codes = self._named(service, "get_applications", "code")
        read = [
            self._booking(item, names, users, codes)
            for item in told
            if item.get("type") not in _OPEN
        ]
        return tuple(one for one in read if one.begins < ends and one.ends > begins)

    def resources(self) -> Mapping[str, str]:
        """Names of the resources by their numbers."""
        with self._signed_in() as service:
            return self._named(service, "get_resources", "name")

    def _booking(
        self,
        item: Mapping[str, Any],
        names: Mapping[str, str],
        users: Mapping[str, Mapping[str, Any]],
        codes: Mapping[str, str],
    ) -> Booking:
        # Old versions answer events of a calendar only, which have these in other places.
        event = isinstance(item.get("resource"), dict)
        try:
            number = plain_text(item["id"])
            resource = plain_text(item["resource"]["id"] if event else item["resource_id"])
            begins = read_time(str(item["start"]), self._zone)
            ends = read_time(str(item["end"]), self._zone, end=True)
            kind = str(item["type"])
            if not number:
                raise ValueError("id is empty")
        except (KeyError, ValueError) as error:
            raise self._changed("a booking", error) from None
        owner = users.get(plain_text(item.get("owner_id")), {})
        return Booking(
            reference=number,
            resources=(resource, names.get(resource, "")),
            begins=begins,
            ends=ends,
            title=plain_text(item.get("booking_title" if event else "title")),
            login=plain_text(owner.get("username")),
            name=plain_text(owner.get("name")),
            email=plain_text(owner.get("email")),
            project=codes.get(plain_text(item.get("application_id")), ""),
            kind=_KINDS.get(kind, "booked"),
        )

    def _named(self, service: WebService, what: str, name: str) -> dict[str, str]:
        told = self._list(service, what, {"attrs": ["id", name]})
        return {plain_text(item.get("id")): plain_text(item.get(name)) for item in told}

    def _users(self, service: WebService) -> dict[str, Mapping[str, Any]]:
        # Only these: without a choice EMhub sends the hashes of passwords, too.
        wanted = {"attrs": ["id", "name", "username", "email"]}
        return {
            plain_text(user.get("id")): user for user in self._list(service, "get_users", wanted)
        }

    def _list(
        self, service: WebService, what: str, body: Mapping[str, Any]
    ) -> list[Mapping[str, Any]]:
        told = service.ask("POST", f"/api/{what}", body=body).json()
        if isinstance(told, dict) and "error" in told:
            raise SourceDown(f"{self.place} says of {what}: {told['error']}")
        if not isinstance(told, list) or not all(isinstance(item, dict) for item in told):
            raise self._changed(what, "it is no list of objects")
        return told

    @contextlib.contextmanager
    def _signed_in(self) -> Iterator[WebService]:
        section = self._section
        with WebService(section.url, certificates=section.certificates) as service:
            password = secret_of(section.password, "bookings.password")
            login = {"username": section.user, "password": password}
            told = service.ask("POST", "/api/login", body=login).json()
            if isinstance(told, dict) and "error" in told:
                raise SourceRefused(
                    f"{self.place} does not let {section.user!r} in: {told['error']}"
                )
            if told != "OK":
                raise self._changed("the login", "it is answered with something else than OK")
            try:
                yield service
            finally:
                with contextlib.suppress(SourceError):
                    service.ask("POST", "/api/logout", body={})

    def _changed(self, what: str, why: object) -> SourceChanged:
        said = f"{why.args[0]} is missing" if isinstance(why, KeyError) else str(why)
        return SourceChanged(
            f"{self.place}: {what} is not of the shape that EMhub of 2022 to 2024 has: {said}. "
            "Nothing of it is used"
        )
