"""Channels as the settings have them: what they need, whom they want, what is refused."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from icestream.channels.kinds import Channel

read = TypeAdapter[Any](Channel).validate_python

MAIL = {"kind": "email", "server": "smtp.example.org", "sender": "a@b.org", "to": "c@d.org"}
LOGIN = {"user": "u", "password": "tops3cret"}


def test_an_email_channel_needs_no_more_than_server_sender_and_recipient() -> None:
    channel = read(MAIL)
    assert channel.place == "smtp.example.org:587"
    assert channel.to == ("c@d.org",)
    assert channel.levels == ("warning", "critical")
    assert read({**MAIL, "security": "tls"}).place == "smtp.example.org:465"
    assert read({**MAIL, "security": "none"}).place == "smtp.example.org:25"
    assert read({**MAIL, "port": 2525}).place == "smtp.example.org:2525"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({**LOGIN, "security": "none"}, "only sent over TLS"),
        ({"user": "u"}, "user and password go together"),
        ({"to": []}, "at least 1 item"),
        ({"to": "a@b.org\nBcc: x@y.org"}, "String should match pattern"),
        ({"sender": "nobody"}, "String should match pattern"),
        ({"levels": ["awful"]}, "'notice', 'warning' or 'critical'"),
        ({"quiet": "at night"}, "no hours such as 22:00-07:00"),
        ({"gather": -1}, "greater than or equal to 0"),
        ({"colour": "red"}, "Extra inputs are not permitted"),
    ],
)
def test_what_cannot_be_is_refused(more: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why) as raised:
        read({**MAIL, **more})
    assert "tops3cret" not in str(raised.value)


def test_a_kind_that_there_is_not_says_which_there_are() -> None:
    with pytest.raises(ValidationError, match=r"'email', 'slack', 'mattermost', 'teams'"):
        read({"kind": "pigeon"})


def test_the_address_of_a_webhook_is_a_secret_and_its_server_is_not() -> None:
    channel = read({"kind": "slack", "url": "https://me:pw@hooks.example.org/T0/s3cret"})
    assert channel.place == "hooks.example.org"
    assert "s3cret" not in f"{channel!r} {channel.model_dump_json()}"


def test_whom_it_is_for() -> None:
    channel = read({**MAIL, "levels": "critical", "sessions": ["krios1-*", "test"]})
    assert channel.wants("critical", "krios1-apof")
    assert channel.wants("critical", "test")
    assert not channel.wants("warning", "test")
    assert not channel.wants("critical", "krios2-apof")


def test_programs_and_files_are_named() -> None:
    assert read({"kind": "command", "command": ["/usr/bin/page", "ann"]}).place == "/usr/bin/page"
    assert read({"kind": "log", "path": "/var/log/alerts"}).place == "/var/log/alerts"
