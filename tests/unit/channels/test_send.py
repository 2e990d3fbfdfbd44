"""A message goes over a channel of each kind; the one that tries a channel says so."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from icestream.channels.kinds import Channel
from icestream.channels.message import text_of
from icestream.channels.send import send, trial
from post_office import Sink, mail_server

read = TypeAdapter[Any](Channel).validate_python


def test_each_kind_takes_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with mail_server(tmp_path) as server, Sink() as sink:
        web = [{"kind": k, "url": sink.url} for k in ("slack", "mattermost", "teams", "webhook")]
        log = {"kind": "log", "path": str(tmp_path / "log")}
        for given in (server.settings(), *web, {"kind": "command", "command": "/bin/true"}, log):
            assert send(read(given), trial("staff")).text
        assert len(server.mails) == 1
        assert len(sink.posts) == 4
    assert "a trial of the channel" in (tmp_path / "log").read_text()


def test_a_trial_asks_for_nothing() -> None:
    text = text_of(trial("staff"))
    assert 'notice: a trial of the channel "staff": nothing is wrong' in text
    assert "acknowledge" not in text
    assert trial("staff").id != trial("staff").id
