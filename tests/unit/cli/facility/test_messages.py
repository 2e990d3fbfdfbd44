"""`icestream facility messages`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from icestream.cli.facility.messages import messages
from icestream.facility.duties.turn import DutyTaken, alone
from icestream.facility.messages.duty import opened_messages
from icestream.facility.opened import open_facility

FOLDER = '[messages]\nfolder = "{folder}/requests"\nsettle = 0\ntries = 1\n'


def test_what_was_asked_is_listed_and_tried_again(
    write_facility: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_facility(FOLDER)
    assert messages() == 0
    assert "nothing was asked by message yet" in capsys.readouterr().out
    (tmp_path / "requests").mkdir()
    asked = {"id": "s", "action": "status", "session": "none", "who": "lea"}
    (tmp_path / "requests" / "a.json").write_text(json.dumps(asked))
    assert messages(once=True) == 0
    assert "none called 'none'" in capsys.readouterr().out
    assert messages(dead=True) == 0
    assert "nothing was given up" in capsys.readouterr().out
    with open_facility(path) as facility, opened_messages(facility) as carrying:
        carrying.ledger.inbox.move(1, "given up", reason="the disk was full")
    assert messages(dead=True, json=True) == 1
    (dead,) = json.loads(capsys.readouterr().out)["messages"]
    assert (dead["number"], dead["reason"]) == (1, "the disk was full")
    assert messages(again=1) == 0
    assert "message 1 (id:s) is tried again" in capsys.readouterr().out
    with pytest.raises(LookupError, match="message 1 is new"):
        messages(again=1)


def test_a_broker_that_is_away_is_said(
    write_facility: Callable[[str], Path],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("icestream.facility.messages.duty._TRIES", 1)
    broker = '[messages.broker]\nkind = "activemq"\nservers = "127.0.0.1:1"\n'
    write_facility(FOLDER + broker)
    assert messages(once=True) == 1
    assert capsys.readouterr().out.startswith("away: 127.0.0.1:1: connection refused")


def test_by_hand_nothing_is_done_while_the_duty_is(write_facility: Callable[[str], Path]) -> None:
    path = write_facility(FOLDER)
    with open_facility(path) as facility, alone(facility, ["messages.requests"]):
        assert messages() == 0
        with pytest.raises(DutyTaken, match="messages.requests is done by process"):
            messages(once=True)
