"""Doubles of booking systems and portals: small HTTP servers that answer as the real ones do.

Shapes, statuses and refusals are those that were recorded from LibreBooking (API 2.9) and read in
the sources of EMhub and of the order portal.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

USER, PASSWORD = "robot", "of the facility"

PAGE = "<!DOCTYPE html><html><body><h1>Slim Application Error</h1></body></html>"


def at(text: str) -> float:
    """A time in seconds since the epoch; UTC where it says nothing else."""
    when = datetime.fromisoformat(text)
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


@dataclass
class Asked:
    """A question that a double was asked."""

    method: str
    path: str
    query: dict[str, str]
    body: dict[str, Any]
    headers: dict[str, str]


@dataclass
class BookingSystem:
    """What the doubles have in common: what they were asked, and how they fail."""

    asked: list[Asked] = field(default_factory=list)
    down: bool = False
    """Answer 500 with a page of HTML."""
    empty: bool = False
    """Answer 200 and nothing, as PHP does when its database is away."""
    cut: bool = False
    """Break answers off in the middle."""
    slow: float = 0.0
    """Seconds before an answer."""
    url: str = ""

    def answer(self, asked: Asked) -> tuple[int, dict[str, str], Any]:
        """Status, headers, and what is sent as JSON, or as it is where it is text."""
        raise NotImplementedError


@dataclass
class LibreBookingDouble(BookingSystem):
    """LibreBooking's REST interface, as far as bookings are read by it."""

    reservations: list[dict[str, Any]] = field(default_factory=list)
    details: dict[str, dict[str, Any]] = field(default_factory=dict)
    users: list[dict[str, Any]] = field(default_factory=list)
    users_hidden: bool = False
    tokens: dict[str, float] = field(default_factory=dict)
    """Tokens that hold, and until when."""
    life: float = 1800.0

    def book(self, begins: str, ends: str, title: str, **values: Any) -> dict[str, Any]:
        """Add a reservation, of the shape in which it is listed."""
        number = f"6b02{len(self.reservations):09d}"
        first, last = (_booked(at(when)) for when in (begins, ends))
        item = {
            "referenceNumber": number,
            "startDate": first,
            "endDate": last,
            "firstName": "Rosa",
            "lastName": "Ortiz",
            "resourceName": "Titan Krios",
            "title": title,
            "description": "",
            "requiresApproval": False,
            "isRecurring": False,
            "scheduleId": "1",
            "userId": "2",
            "resourceId": "2",
            "duration": "2 days",
            "bufferTime": "",
            "bufferedStartDate": first,
            "bufferedEndDate": last,
            "participants": [],
            "invitees": [],
            "participatingGuests": [],
            "invitedGuests": [],
            "startReminder": None,
            "endReminder": None,
            "color": "",
            "textColor": "",
            "checkInDate": "",
            "checkOutDate": "",
            "originalEndDate": "",
            "isCheckInEnabled": False,
            "autoReleaseMinutes": None,
            "resourceStatusId": "1",
            "creditsConsumed": None,
            "links": [],
            **values,
        }
        self.reservations.append(item)
        return item

    def detail(self, number: str, **values: Any) -> None:
        """Say more of a reservation, as it is answered for its number."""
        owner = {"userId": "2", "firstName": "Rosa", "lastName": "Ortiz"}
        self.details[number] = {
            "referenceNumber": number,
            "owner": {**owner, "emailAddress": "rosa@uni.example"},
            "participants": [],
            "invitees": [],
            "resources": {"2": {"id": "2", "name": "Titan Krios"}},
            "customAttributes": [],
            "attachments": [],
            "recurrenceRule": {"type": "none"},
            **values,
        }

    def answer(self, asked: Asked) -> tuple[int, dict[str, str], Any]:
        path = asked.path.removeprefix("/Web/Services/index.php")
        if path == "/Authentication/Authenticate":
            return 200, {}, self._sign_in(asked.body)
        if path == "/Authentication/SignOut":
            self.tokens.pop(asked.body.get("sessionToken", ""), None)
            return 200, {}, {"signedOut": True}
        token = asked.headers.get("x-booked-sessiontoken", "")
        known = self.tokens.get(token, 0.0) > time.time()
        if not known or asked.headers.get("x-booked-userid") != "9":
            return 401, {}, "You must be authenticated in order to access this service.<br/>"
        self.tokens[token] = time.time() + self.life
        return self._told(path, asked.query)

    def _told(self, path: str, query: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        if path == "/Reservations/":
            return 200, {}, self._listed(query)
        if path == "/Users/":
            if self.users_hidden:
                return 401, {}, "You must be authenticated in order to access this service.<br/>"
            return 200, {}, {"users": self.users, "links": [], "message": None}
        if path == "/Resources/":
            names = {item["resourceId"]: item["resourceName"] for item in self.reservations}
            listed = [{"resourceId": n, "name": name} for n, name in names.items()]
            return 200, {}, {"resources": listed or None, "links": [], "message": None}
        number = path.removeprefix("/Reservations/")
        if number in self.details:
            return 200, {}, self.details[number]
        return 404, {}, {"message": "The requested resource was not found", "links": []}

    def _sign_in(self, body: dict[str, Any]) -> dict[str, Any]:
        if (body.get("username"), body.get("password")) != (USER, PASSWORD):
            return {
                "links": [],
                "message": "Login failed. Invalid username or password.",
                "sessionToken": None,
                "sessionExpires": None,
                "userId": None,
                "isAuthenticated": False,
                "version": "2.9",
            }
        token = f"{len(self.asked):050x}"
        self.tokens[token] = time.time() + self.life
        return {
            "links": [],
            "message": None,
            "sessionToken": token,
            "sessionExpires": _booked(time.time() + self.life),
            "userId": "9",
            "isAuthenticated": True,
            "version": "2.9",
        }

    def _listed(self, query: dict[str, str]) -> dict[str, Any]:
        now = datetime.now(UTC)
        first = _php(query.get("startDateTime"), now)
        last = _php(query.get("endDateTime"), now + timedelta(days=14))
        there = [
            item
            for item in self.reservations
            if at(item["startDate"]) < last.timestamp() and at(item["endDate"]) > first.timestamp()
        ]
        return {
            "reservations": there,
            "startDateTime": _booked(first.timestamp()) if there else None,
            "endDateTime": _booked(last.timestamp()) if there else None,
            "links": [],
            "message": None,
        }


def _booked(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def _php(text: str | None, instead: datetime) -> datetime:
    """A date as it is read there: one that cannot be becomes now, without a word."""
    if not text:
        return instead
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.now(UTC)


@dataclass
class EmhubDouble(BookingSystem):
    """EMhub's REST interface: 200 also for refusals, and 401 without a login's cookie."""

    bookings: list[dict[str, Any]] = field(default_factory=list)
    old: bool = False
    """Answer events of the calendar only, as versions before 2022 do."""

    def book(self, begins: str, ends: str, title: str, **values: Any) -> dict[str, Any]:
        """Add a booking, as it is in the tables there."""
        item = {
            "id": len(self.bookings) + 1,
            "title": title,
            "start": datetime.fromtimestamp(at(begins), UTC).isoformat(),
            "end": datetime.fromtimestamp(at(ends), UTC).isoformat(),
            "type": "booking",
            "slot_auth": {"applications": [], "users": []},
            "description": None,
            "repeat_id": None,
            "repeat_value": "no",
            "resource_id": 3,
            "creator_id": 1,
            "owner_id": 5,
            "operator_id": None,
            "application_id": None,
            "project_id": None,
            "experiment": None,
            "extra": {},
            **values,
        }
        self.bookings.append(item)
        return item

    def answer(self, asked: Asked) -> tuple[int, dict[str, str], Any]:
        if asked.path == "/api/login":
            given = (asked.body.get("username"), asked.body.get("password"))
            if given != (USER, PASSWORD):
                return 200, {}, {"error": "Invalid username or password"}
            return 200, {"Set-Cookie": "session=signed-in; HttpOnly; Path=/"}, "OK"
        if "session=signed-in" not in asked.headers.get("cookie", ""):
            return 401, {}, PAGE
        return self._told(asked)

    def _told(self, asked: Asked) -> tuple[int, dict[str, str], Any]:
        match asked.path.removeprefix("/api/"):
            case "logout":
                return 200, {"Set-Cookie": "session=; Max-Age=0; Path=/"}, "OK"
            case "get_bookings_range":
                return 200, {}, self._range(asked.body)
            case "get_users":
                user = {"id": 5, "name": "Rosa Ortiz", "username": "rosa"}
                user |= {"email": "rosa@uni.example", "password_hash": "pbkdf2:sha256:never"}
                return 200, {}, [_chosen(user, asked.body)]
            case "get_applications":
                return 200, {}, [_chosen({"id": 7, "code": "CEM00123", "title": "A"}, asked.body)]
            case "get_resources":
                return 200, {}, [_chosen({"id": 3, "name": "Krios 1"}, asked.body)]
        return 404, {}, PAGE

    def _range(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        # Offsets are dropped there, so that the time that was sent is taken for UTC.
        first, last = (datetime.fromisoformat(body[name]).date() for name in ("start", "end"))
        there = [
            item
            for item in self.bookings
            if datetime.fromisoformat(item["start"]).date() <= last
            and datetime.fromisoformat(item["end"]).date() >= first
        ]
        if body.get("func") == "to_json" and not self.old:
            return there
        return [
            {
                "id": item["id"],
                "title": f"Krios 1 (R. Ortiz) {item['title']}",
                "resource": {"id": item["resource_id"]},
                "start": item["start"].replace("+00:00", "Z"),
                "end": item["end"].replace("+00:00", "Z"),
                "color": "grey",
                "textColor": "white",
                "booking_title": item["title"],
                "type": item["type"],
            }
            for item in there
        ]


def _chosen(item: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    wanted = body.get("attrs")
    return {name: value for name, value in item.items() if not wanted or name in wanted}


KEY = "7f075a4c-never"


@dataclass
class PortalDouble(BookingSystem):
    """An order portal: orders, and one order by its code."""

    orders: dict[str, dict[str, Any]] = field(default_factory=dict)

    def order(self, code: str, title: str, **values: Any) -> dict[str, Any]:
        """Add an order, as it is answered for its code."""
        item = {
            "identifier": code,
            "title": title,
            "iuid": f"{len(self.orders):032x}",
            "form": {"title": "Application", "version": "2", "iuid": "f" * 32, "links": {}},
            "owner": {"email": "pi@uni.example", "name": "Curie, Maria", "links": {}},
            "status": "accepted",
            "reports": [],
            "history": {"submitted": "2026-10-01", "accepted": "2026-10-08"},
            "tags": [],
            "modified": "2026-10-08T09:00:00.000Z",
            "created": "2026-09-28T09:00:00.000Z",
            "links": {},
            "fields": {},
            **values,
        }
        self.orders[code] = item
        return item

    def answer(self, asked: Asked) -> tuple[int, dict[str, str], Any]:
        if asked.headers.get("x-orderportal-api-key") != KEY:
            return 403, {}, "<html><title>403: Forbidden</title></html>"
        path = asked.path.removeprefix("/api/v1")
        if path == "/orders":
            if asked.query.get("recent") != "False":
                return 200, {}, {"items": [], "type": "orders"}
            hidden = ("fields", "files")
            items = [
                {name: value for name, value in order.items() if name not in hidden}
                | {"fields": {}}
                for order in self.orders.values()
            ]
            return 200, {}, {"items": items, "type": "orders", "site": "Portal"}
        order = self.orders.get(path.removeprefix("/order/"))
        if order is None:
            return 404, {}, "<html><title>404: Not Found</title></html>"
        return 200, {}, order


@dataclass
class CalendarServer(BookingSystem):
    """A web server with calendars."""

    calendars: dict[str, str] = field(default_factory=dict)
    """Texts by their paths."""
    status: int = 200

    def answer(self, asked: Asked) -> tuple[int, dict[str, str], Any]:
        if self.status != 200:
            return self.status, {"Location": "https://login.example/?back=1"}, PAGE
        return 200, {"Content-Type": "text/calendar"}, self.calendars[asked.path]


@contextmanager
def serving(system: BookingSystem) -> Iterator[str]:
    """Let a double answer on loopback; its address."""

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            parts = urlsplit(self.path)
            asked = Asked(
                self.command,
                parts.path,
                # As PHP does: a plus sign is a space.
                {name: values[-1] for name, values in parse_qs(parts.query).items()},
                json.loads(body) if body else {},
                {name.lower(): value for name, value in self.headers.items()},
            )
            system.asked.append(asked)
            time.sleep(system.slow)
            status, headers, told = (500, {}, PAGE) if system.down else system.answer(asked)
            page = isinstance(told, str) and told != "OK"
            text = b"" if system.empty else (told if page else json.dumps(told)).encode()
            kind = "text/html; charset=utf-8" if page else "application/json"
            self.send_response(status)
            for name, value in {"Content-Type": kind, **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            with suppress(BrokenPipeError, ConnectionResetError):  # who asked has given up
                self.end_headers()
                self.wfile.write(text[: len(text) // 2] if system.cut else text)
            if system.cut:
                self.close_connection = True

        do_GET = do_POST = _answer  # noqa: N815 - as the library calls them

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    system.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield system.url
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
