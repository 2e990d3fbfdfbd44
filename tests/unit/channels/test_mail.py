"""Mail to a real SMTP server with TLS and login, and every way in which it can fail."""

import dataclasses
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from icestream.channels import mail
from icestream.channels.kinds import EmailChannel
from icestream.channels.mail import mail_of, send_mail, trust
from icestream.channels.receipt import Undelivered
from post_office import MESSAGE, PASSWORD, MailServer, free_port, mail_server, silent_server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    with mail_server(tmp_path) as running:
        yield running


def channel(server: MailServer, **more: Any) -> EmailChannel:
    return EmailChannel(**server.settings(**more))


def test_it_arrives_with_its_subject_text_and_id(server: MailServer) -> None:
    answer = send_mail(channel(server), MESSAGE)
    assert answer.text == f"127.0.0.1:{server.port} took the message: 250 taken"
    (taken,) = server.mails
    assert taken["Subject"] == "[icestream] apof: critical: align is paused: the disk is full"
    assert taken["To"] == "ann@example.org"
    assert taken["Message-ID"] == "<u1.7.staff@example.org>"
    assert "icestream resume /processed/apof align" in taken.get_content()


def test_over_tls_from_the_beginning(tmp_path: Path) -> None:
    with mail_server(tmp_path, at_once=True) as server:
        send_mail(channel(server, security="tls"), MESSAGE)
        assert len(server.mails) == 1


def test_a_wrong_password_is_said_and_not_shown(server: MailServer) -> None:
    with pytest.raises(Undelivered, match="the login as icestream was refused: 535") as raised:
        send_mail(channel(server, password="wr0ng"), MESSAGE)
    assert "wr0ng" not in str(raised.value)
    assert set(server.logins) == {b"wr0ng"}
    assert server.mails == []


def test_a_certificate_of_nobody_known_is_not_trusted(server: MailServer) -> None:
    with pytest.raises(Undelivered, match="its certificate is not trusted"):
        send_mail(channel(server, certificates=None), MESSAGE)
    assert server.logins == []  # the password was not told to whom nobody knows


def test_nobody_listens(tmp_path: Path) -> None:
    server = MailServer(tmp_path)
    with pytest.raises(Undelivered, match=rf"^127.0.0.1:{server.port}: connection refused$"):
        send_mail(channel(server), MESSAGE)


def test_a_server_that_hangs_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "PATIENCE", 0.2)
    with silent_server() as port, pytest.raises(Undelivered, match="no answer within"):
        send_mail(channel(MailServer(tmp_path, port=port)), MESSAGE)


def test_what_the_server_says_to_the_mail_is_said(server: MailServer) -> None:
    server.answer = "451 the queue is full"
    with pytest.raises(Undelivered, match=": 451 the queue is full"):
        send_mail(channel(server), MESSAGE)


def test_of_several_those_who_are_refused_are_named(server: MailServer) -> None:
    server.refused = {"bob@example.org"}
    both = channel(server, to=["ann@example.org", "bob@example.org"])
    answer = send_mail(both, MESSAGE)
    assert answer.refused == "refused for bob@example.org (550 no such mailbox)"
    assert len(server.mails) == 1
    with pytest.raises(Undelivered, match="refused for bob@example.org"):
        send_mail(channel(server, to="bob@example.org"), MESSAGE)


def test_a_server_without_tls_gets_no_password(tmp_path: Path) -> None:
    plain = MailServer(tmp_path)
    plain.how = {}
    plain.start()
    try:
        with pytest.raises(Undelivered, match="STARTTLS extension not supported"):
            send_mail(channel(plain), MESSAGE)
    finally:
        plain.stop()
    assert plain.logins == []


def test_names_of_files_with_any_characters_can_be_mailed(server: MailServer) -> None:
    (told,) = MESSAGE.alerts
    odd = dataclasses.replace(told, message="füße \udcff\r\nBcc: x@y.org")
    send_mail(channel(server), dataclasses.replace(MESSAGE, alerts=(odd,)))
    (taken,) = server.mails
    assert taken["Bcc"] is None
    assert "füße" in taken["Subject"]


def test_a_mail_has_the_same_id_when_it_is_sent_again() -> None:
    settings = {"kind": "email", "server": "s", "sender": "a@b.org", "to": "c@d.org"}
    one = EmailChannel(**settings)  # type: ignore[arg-type]
    assert mail_of(one, MESSAGE)["Message-ID"] == mail_of(one, MESSAGE)["Message-ID"]
    assert PASSWORD not in str(mail_of(one, MESSAGE))


def test_an_authority_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert isinstance(trust(None), ssl.SSLContext)
    with pytest.raises(Undelivered, match="none.pem: no such file"):
        trust(tmp_path / "none.pem")
    assert free_port() > 0
