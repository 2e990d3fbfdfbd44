"""Alerts of whole sessions reach people, whatever servers do, and over kills and restarts."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.coordinator import outcry, post
from icestream.engine.machine import storage
from icestream.engine.record import deliveries as record
from icestream.engine.record import endings
from icestream.store import queries
from icestream.store.deliveries import deliveries
from post_office import PASSWORD, MailServer, Sink, mail_server
from post_target import STEPS, channels
from toy_session import Session, wait_for


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(post, "_LAST", 3.0)
    monkeypatch.setattr(record, "_FIRST", 0.1)


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as running:
        yield running


def webhook(sink: Sink) -> dict[str, Any]:
    return {"kind": "webhook", "url": sink.url}


def states(session: Session, channel: str = "staff") -> list[str]:
    alerts = queries.alerts(session.store(), open_only=False)
    found = deliveries(session.store(), [one.id for one in alerts])
    return [one.state for one in found if one.channel == channel]


def test_mail_of_a_session_arrives(session: Session, tmp_path: Path) -> None:
    with mail_server(tmp_path) as server:
        outcome = session.run(*STEPS, channels=channels(staff=server.settings()))
        assert outcome.state == "done"
        (mail, *_) = server.mails
    assert "warning: " in mail["Subject"]
    assert "is large" in mail["Subject"]
    assert f"icestream mute {session.folder}" in mail.get_content().replace("=\n", "")
    assert set(states(session)) == {"sent"}


def test_a_mail_server_that_is_away_loses_nothing(local: Session, tmp_path: Path) -> None:
    server = MailServer(tmp_path)
    staff = channels(staff=server.settings())
    assert local.run(*STEPS, channels=staff).state == "done"
    assert states(local) == ["waiting"]
    (broken,) = [one for one in queries.alerts(local.store()) if one.key == "channel.staff"]
    assert f"127.0.0.1:{server.port}: connection refused" in broken.message
    assert 'look at the channel "staff" in a test' in broken.message
    server.start()
    try:
        local.run(*STEPS, channels=staff)
        assert len(server.mails) == 1
    finally:
        server.stop()
    assert states(local) == ["sent"]
    assert "channel.staff" not in [one.key for one in queries.alerts(local.store())]


def test_a_wrong_password_is_an_alert_without_the_password(local: Session, tmp_path: Path) -> None:
    with mail_server(tmp_path) as server:
        local.run(*STEPS, channels=channels(staff=server.settings(password="wr0ng-one")))
        (broken,) = [one for one in queries.alerts(local.store()) if one.key == "channel.staff"]
        assert "the login as icestream was refused: 535" in broken.message
        local.run(*STEPS, channels=channels(staff=server.settings()))
        assert len(server.mails) == 1
    local.close()
    kept = b"".join(file.read_bytes() for file in local.folder.rglob("*") if file.is_file())
    assert b"wr0ng-one" not in kept
    assert PASSWORD.encode() not in kept


def test_a_server_that_hangs_does_not_hold_the_session(local: Session) -> None:
    with Sink() as sink:
        sink.answers = [0] * 99
        assert local.run(*STEPS, channels=channels(staff=webhook(sink))).state == "done"
        assert states(local) == ["waiting"]
    with Sink() as sink:
        local.run(*STEPS, channels=channels(staff=webhook(sink)))
        assert sink.told == [("5 is large", False)]


def test_killed_while_it_sends_nothing_is_lost(local: Session, sink: Sink) -> None:
    """At least once: what the server took before the kill comes again, and nothing else does."""
    sink.answers = [0]
    tests = Path(__file__).parents[1]
    running = subprocess.Popen(
        [
            sys.executable,
            str(tests / "post_target.py"),
            str(local.folder),
            json.dumps({"staff": webhook(sink)}),
        ],
        env={**os.environ, "PYTHONPATH": str(tests)},
    )
    try:
        wait_for(lambda: sink.tries)
    finally:
        running.kill()
        running.wait()
    assert "waiting" in states(local)
    assert sink.posts == []
    for _ in range(2):  # once more changes nothing
        local.run(*STEPS, channels=channels(staff=webhook(sink)))
        assert "waiting" not in states(local)
        raised = [message for message, over in sink.told if not over]
        assert len(raised) == len(set(raised))
        assert "is large" in raised[0]


def test_trouble_with_storage_is_told_while_nothing_can_be_written(
    local: Session, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish, mended, broken = endings.publish, storage.mended, True

    def failing(*arguments: Any) -> None:
        if broken:
            raise OSError(errno.EROFS, "Read-only file system")
        publish(*arguments)

    monkeypatch.setattr(outcry, "LASTS", 0.1)
    monkeypatch.setattr(endings, "publish", failing)
    monkeypatch.setattr(storage, "mended", lambda *given: not broken and mended(*given))
    writing = ("a", "toy.add", {"add": 1, "write": True}, {"number": "src"})
    background = local.start(STEPS[0], writing, channels=channels(staff=webhook(sink)))
    ((message, over),) = wait_for(lambda: sink.told)
    assert "Read-only file system" in message
    assert not over
    broken = False
    assert background.join().state == "done"
    wait_for(lambda: (message, True) in sink.told)
    assert sink.told == [(message, False), (message, True)]
