"""Asking other systems: what went wrong is told in three kinds, and never with a secret in it."""

import socket
from dataclasses import dataclass, field
from typing import Any

import pytest

from booking_systems import Asked, BookingSystem, serving
from icestream.channels.secret import Secret
from icestream.facility import asking
from icestream.facility.asking import (
    SourceChanged,
    SourceDown,
    SourceError,
    SourceLacks,
    SourceRefused,
    WebService,
    plain_text,
    secret_of,
    shown_address,
)


@dataclass
class Fixed(BookingSystem):
    """Answers one thing."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    told: Any = None

    def answer(self, asked: Asked) -> tuple[int, dict[str, str], Any]:
        return self.status, self.headers, self.told


def ask(system: BookingSystem, path: str = "/api") -> Any:
    with serving(system) as url, WebService(url) as service:
        return service.ask("GET", path).json()


def test_what_is_asked_and_answered() -> None:
    system = Fixed(told={"a": 1})
    with serving(system) as url, WebService(f"{url}/base/", headers={"X-Key": "k"}) as service:
        answer = service.ask("POST", "/x", query={"at": "08:00+01:00"}, body={"b": 2})
    assert answer.json() == {"a": 1}
    assert answer.place == f"{url}/base/x"
    (asked,) = system.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/base/x", {"b": 2})
    assert asked.query == {"at": "08:00+01:00"}  # its plus sign did not become a space
    assert asked.headers["x-key"] == "k"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, SourceRefused),
        (403, SourceRefused),
        (404, SourceLacks),
        (400, SourceChanged),
        (429, SourceDown),
        (500, SourceDown),
        (503, SourceDown),
    ],
)
def test_failures_are_of_three_kinds(status: int, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=rf"/api answered {status}: the database is away"):
        ask(Fixed(status=status, told="the database\nis away"))


def test_sending_on_is_not_followed() -> None:
    system = Fixed(status=302, headers={"Location": "https://user:pw@login.example/in?t=1"})
    with pytest.raises(SourceChanged, match="sends on to https://login.example/in: give") as caught:
        ask(system)
    assert "pw" not in str(caught.value)


def test_a_page_is_no_json() -> None:
    page = "<!doctype html><style>p { x: y }</style><title>Off</title><p class=a>3 &lt; 4 <br/>"
    with pytest.raises(SourceChanged, match="answered no JSON, but 'Off 3 < 4'"):
        ask(Fixed(told=page))


def test_an_empty_answer_is_an_outage() -> None:
    with pytest.raises(SourceDown, match="answered nothing at all"):
        ask(Fixed(told={"a": 1}, empty=True))


def test_an_answer_that_breaks_off_is_an_outage() -> None:
    with pytest.raises(SourceDown, match="the answer was cut short"):
        ask(Fixed(told={"reservations": list(range(1000))}, cut=True))


def test_nobody_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with (
            WebService(f"http://127.0.0.1:{port}") as service,
            pytest.raises(SourceDown, match=rf"http://127.0.0.1:{port} cannot be asked: .*refused"),
        ):
            service.ask("GET")


def test_time_and_size_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_PATIENCE", 0.05)
    with pytest.raises(SourceDown, match=r"did not answer within 0.05 s"):
        ask(Fixed(told=1, slow=0.3))
    monkeypatch.setattr(asking, "_PATIENCE", 20.0)
    monkeypatch.setattr(asking, "_WHOLE", -1.0)
    with pytest.raises(SourceDown, match="did not answer in full"):
        ask(Fixed(told=1))
    monkeypatch.setattr(asking, "_WHOLE", 60.0)
    monkeypatch.setattr(asking, "_MOST", 10)
    with pytest.raises(SourceChanged, match="more than 0 MB; not read"):
        ask(Fixed(told="0123456789x"))


def test_addresses_are_shown_without_what_is_secret() -> None:
    assert shown_address("https://u:pw@a.example:8443/x/y?key=1#z") == "https://a.example:8443/x/y"
    assert shown_address("https://a.example/private-1/x.ics", secret=True) == "https://a.example"


def test_texts_that_cannot_be_kept_as_they_are() -> None:
    assert plain_text(" Krios \0\ud800é ") == "Krios ?é"
    assert [plain_text(one) for one in (None, True, [1], {"a": 1}, 7)] == ["", "", "", "", "7"]


def test_a_secret_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOOKED", raising=False)
    with pytest.raises(SourceRefused, match=r"bookings.password: the environment has no BOOKED"):
        secret_of(Secret(env="BOOKED"), "bookings.password")
    monkeypatch.setenv("BOOKED", "pw")
    assert secret_of(Secret(env="BOOKED"), "bookings.password") == "pw"


@pytest.mark.parametrize("status", [404, 403, 500, 302])
def test_an_address_that_is_a_secret_is_not_in_what_its_server_says(status: int) -> None:
    page = "The requested URL /calendar/private-abc/basic.ics was not found on this server."
    headers = {"Location": "https://cal.example/private-abc/basic.ics"} if status == 302 else {}
    system = Fixed(status=status, told=page, headers=headers)
    with (
        serving(system) as url,
        WebService(f"{url}/private-abc/basic.ics", secret=True) as service,
        pytest.raises(SourceError) as caught,
    ):
        service.ask("GET")
    assert "private-abc" not in str(caught.value)
