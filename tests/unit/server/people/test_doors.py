"""Doors: which names and origins are a server's own, and which servers may not be opened."""

import pytest

from icestream.server.people.doors import Doors, OpenDoors, doors_for, is_loopback


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.4", False),
        ("localhost.evil.example", False),
    ],
)
def test_loopback_is_told_from_other_addresses(host: str, alone: bool) -> None:
    assert is_loopback(host) is alone


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("localhost", True),
        ("localhost:8000", True),
        ("LOCALHOST:8000", True),
        ("localhost.", True),
        ("127.0.0.1:8000", True),
        ("[::1]:8000", True),
        ("cryoem.example.org", True),
        ("10.0.0.4:8000", True),
        ("10.0.0.5:8000", False),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("localhost@evil.example", False),
        ("evil.example, localhost", False),
        ("localhost:8000:1", False),
        ("[::1", False),
        ("", False),
        (None, False),
    ],
)
def test_a_request_for_another_name_is_not_ours(host: str | None, known: bool) -> None:
    doors = Doors(names=frozenset({"cryoem.example.org"}))
    assert doors.knows_host(host, "10.0.0.4") is known


@pytest.mark.parametrize(
    ("origin", "host", "known"),
    [
        ("https://cryoem.example.org", "cryoem.example.org", True),
        ("https://cryoem.example.org:8443", "cryoem.example.org:8443", True),
        ("https://cryoem.example.org", "127.0.0.1:8000", True),  # a proxy's name for us
        ("http://cryoem.example.org", "cryoem.example.org", False),
        ("https://evil.example", "cryoem.example.org", False),
        ("https://cryoem.example.org.evil.example", "cryoem.example.org", False),
        ("https://evil.example/cryoem.example.org", "cryoem.example.org", False),
        ("https://cryoem.example.org@evil.example", "cryoem.example.org", False),
        ("null", "cryoem.example.org", False),
        ("https://[", "cryoem.example.org", False),
        ("", "", False),
    ],
)
def test_a_page_of_another_origin_is_not_ours(origin: str, host: str, known: bool) -> None:
    doors = Doors(names=frozenset({"cryoem.example.org"}), secure=True)
    assert doors.knows_origin(origin, host) is known


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.4", "::"])
def test_passwords_do_not_cross_a_network_in_clear_text(host: str) -> None:
    with pytest.raises(OpenDoors, match="clear text.*--tls-cert.*--behind-proxy.*ssh -L"):
        doors_for(host, admins=True)


@pytest.mark.parametrize(
    "given",
    [{"host": "0.0.0.0", "tls": True}, {"host": "127.0.0.1", "behind_proxy": ["127.0.0.1"]},
     {"host": "127.0.0.1", "login": True}],
)  # fmt: skip
def test_where_people_have_to_log_in_somebody_has_to_be_able_to(given: dict[str, object]) -> None:
    with pytest.raises(OpenDoors, match="icestream people add NAME --role admin"):
        doors_for(**given)  # type: ignore[arg-type]
    assert doors_for(**given, admins=True).login  # type: ignore[arg-type]


def test_a_proxy_on_this_machine_does_not_open_it_to_all() -> None:
    doors = doors_for(
        "127.0.0.1", names=["EM.example.org"], behind_proxy=["127.0.0.1"], admins=True
    )
    assert (doors.login, doors.secure, doors.names) == (True, True, {"em.example.org"})


def test_this_machine_alone_needs_no_login() -> None:
    assert not doors_for("127.0.0.1").login
