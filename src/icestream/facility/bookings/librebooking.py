"""Bookings of LibreBooking, and of Booked Scheduler before it, by its REST interface.

Whether a login was taken is in the answer and not in its status, which is 200 always; a token that
is over is answered with 401 and a page of HTML; numbers come as texts; and names and titles may be
missing, as the privacy settings there say.
"""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from icestream.facility.asking import (
    SourceChanged,
    SourceDown,
    SourceError,
    SourceLacks,
    SourceRefused,
    WebService,
    plain_text,
    secret_of,
)
from icestream.facility.bookings.booking import Booking
from icestream.facility.bookings.clock import read_time
from icestream.facility.bookings.kinds import LibreBookingBookings

__all__ = ["LibreBooking"]

_FORM = "%Y-%m-%dT%H:%M:%S+0000"
"""Of the times that are asked for. One that LibreBooking cannot read becomes "now" without a word,
and one without an offset is by the clock of the user's own settings."""


class LibreBooking:
    """LibreBooking as a source of bookings: signs in, asks, and signs out again."""

    def __init__(self, section: LibreBookingBookings, zone: ZoneInfo) -> None:
        self._section = section
        self._zone = zone

    @property
    def place(self) -> str:
        """The address of the service."""
        return f"LibreBooking at {self._section.url}"

    def bookings(self, begins: float, ends: float) -> tuple[Booking, ...]:
        """All reservations that reach into a time, of all resources that the user sees."""
        asked = {"startDateTime": _written(begins), "endDateTime": _written(ends)}
        with self._signed_in() as service:
            told = service.ask("/Reservations/", asked)
            items = _list_of(told, "reservations", self.place)
            self._check_times(told, begins, ends)
            owners = _owners(service, self.place)
            read = [self._booking(item, owners) for item in items]
            if self._section.project_attribute is None:
                return tuple(read)
            return tuple(self._with_project(service, one) for one in read)

    def resources(self) -> Mapping[str, str]:
        """Names of the resources by their numbers."""
        with self._signed_in() as service:
            told = service.ask("/Resources/")
        return {
            plain_text(item["resourceId"]): plain_text(item.get("name"))
            for item in _list_of(told, "resources", self.place)
            if "resourceId" in item
        }

    def _booking(self, item: Mapping[str, Any], owners: Mapping[str, tuple[str, str]]) -> Booking:
        try:
            begins = read_time(str(item["startDate"]), self._zone)
            ends = read_time(str(item["endDate"]), self._zone, end=True)
            number, resource = _needed(item, "referenceNumber"), _needed(item, "resourceId")
        except (KeyError, ValueError) as error:
            raise _other_shape(self.place, "a reservation", error) from None
        login, email = owners.get(plain_text(item.get("userId")), ("", ""))
        names = (item.get("firstName"), item.get("lastName"))
        return Booking(
            # One reservation can be of several microscopes, each of which is a line of the answer.
            reference=f"{number}/{resource}",
            resources=(resource, plain_text(item.get("resourceName"))),
            begins=begins,
            ends=ends,
            title=plain_text(item.get("title")),
            login=login,
            name=" ".join(filter(None, map(plain_text, names))),
            email=email,
            state="pending" if item.get("requiresApproval") else "booked",
        )

    def _with_project(self, service: "_SignedIn", booking: Booking) -> Booking:
        """A booking with what its own attribute says of the project, and its owner's e-mail."""
        number = booking.reference.partition("/")[0]
        try:
            told = service.ask(f"/Reservations/{number}")
        except SourceLacks:
            return booking  # deleted since the list was made
        attributes = _list_of({"customAttributes": [], **told}, "customAttributes", self.place)
        wanted = self._section.project_attribute
        code = next((a.get("value") for a in attributes if a.get("label") == wanted), None)
        owner = told.get("owner")
        email = owner.get("emailAddress") if isinstance(owner, dict) else None
        return replace(booking, email=booking.email or plain_text(email), project=plain_text(code))

    def _check_times(self, told: Mapping[str, Any], begins: float, ends: float) -> None:
        """That it was read what was asked; an answer without reservations does not say."""
        for name, asked in (("startDateTime", begins), ("endDateTime", ends)):
            said = told.get(name)
            try:
                same = not said or abs(read_time(str(said), self._zone) - asked) <= 60
            except ValueError as error:
                raise _other_shape(self.place, name, error) from None
            if not same:
                raise SourceChanged(
                    f"{self.place} answered for {name} {said}, and {_written(asked)} was asked: "
                    "nothing of it is used"
                )

    @contextlib.contextmanager
    def _signed_in(self) -> Iterator["_SignedIn"]:
        section = self._section
        with WebService(section.url, certificates=section.certificates) as service:
            signed = _SignedIn(
                service, section.user, secret_of(section.password, "bookings.password"), self.place
            )
            try:
                yield signed
            finally:
                signed.out()


class _SignedIn:
    """Asks with a token, and for a new one where that is over: it lives for 30 minutes."""

    def __init__(self, service: WebService, user: str, password: str, place: str) -> None:
        self._service = service
        self._login = {"username": user, "password": password}
        self._place = place
        self._headers = self._sign_in()

    def ask(self, path: str, query: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """A question; what is answered is an object."""
        try:
            answer = self._service.ask("GET", path, query=query, headers=self._headers)
        except SourceRefused:
            self._headers = self._sign_in()
            answer = self._service.ask("GET", path, query=query, headers=self._headers)
        told = answer.json()
        if not isinstance(told, dict):
            raise _other_shape(self._place, path, "it is no object")
        return told

    def out(self) -> None:
        """Sign out; who cannot be told forgets the token by itself."""
        left = {
            "userId": self._headers["X-Booked-UserId"],
            "sessionToken": self._headers["X-Booked-SessionToken"],
        }
        with contextlib.suppress(SourceError):
            self._service.ask("POST", "/Authentication/SignOut", body=left)

    def _sign_in(self) -> dict[str, str]:
        told = self._service.ask("POST", "/Authentication/Authenticate", body=self._login).json()
        if not isinstance(told, dict) or "isAuthenticated" not in told:
            raise _other_shape(self._place, "the login", "isAuthenticated is missing")
        if not told["isAuthenticated"]:
            raise SourceRefused(
                f"{self._place} does not let {self._login['username']!r} in: "
                f"{told.get('message') or 'it does not say why'}"
            )
        try:
            return {
                "X-Booked-SessionToken": str(told["sessionToken"]),
                "X-Booked-UserId": str(told["userId"]),
            }
        except KeyError as error:
            raise _other_shape(self._place, "the login", error) from None


def _owners(service: _SignedIn, place: str) -> dict[str, tuple[str, str]]:
    """Login and e-mail of all users; none where the user may not see them."""
    try:
        users = _list_of(service.ask("/Users/"), "users", place)
    except SourceDown:
        raise
    except SourceError:
        return {}
    return {
        plain_text(user.get("id")): (
            plain_text(user.get("userName")),
            plain_text(user.get("emailAddress")),
        )
        for user in users
    }


def _list_of(told: Mapping[str, Any], name: str, place: str) -> list[Mapping[str, Any]]:
    found = told.get(name)
    if found is None and name in told:
        return []  # PHP's way of writing a list that nothing was put into
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise _other_shape(place, f"a list of {name}", f"it has {', '.join(told) or 'nothing'}")
    return found


def _needed(item: Mapping[str, Any], name: str) -> str:
    found = plain_text(item[name])
    if not found:
        raise ValueError(f"{name} is empty")
    return found


def _other_shape(place: str, what: str, why: object) -> SourceChanged:
    said = f"{why.args[0]} is missing" if isinstance(why, KeyError) else str(why)
    return SourceChanged(
        f"{place}: {what} is not of the shape that LibreBooking 2.7 to 2.9 has: {said}. Nothing of "
        "it is used"
    )


def _written(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime(_FORM)
