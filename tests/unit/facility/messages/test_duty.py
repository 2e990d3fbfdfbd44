"""The duties of messages: what they do in a turn, and what they say when something is away."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from icestream.facility.duties.all import duties_of
from icestream.facility.duties.duty import Outage
from icestream.facility.file import load_facility
from icestream.facility.messages.duty import carry_requests, opened_messages, talk_to_broker
from icestream.facility.opened import open_facility
from stomp_broker import stomp_broker

FOLDER = '[messages]\nfolder = "{folder}/requests"\nsettle = 0\n'
STATUS = {"id": "s", "action": "status", "session": "none"}


def _broker(port: int) -> str:
    return f'[messages.broker]\nkind = "activemq"\nservers = "127.0.0.1:{port}"\n'


def test_a_facility_has_the_duties_that_its_file_asks_for(
    write_facility: Callable[[str], Path],
) -> None:
    def names(text: str) -> list[str]:
        duties = duties_of(load_facility(write_facility(text)).file)
        return [one.name for one in duties if one.name.startswith("messages.")]

    assert names("") == []
    assert names(FOLDER) == ["messages.requests"]
    assert names(FOLDER + _broker(1)) == ["messages.requests", "messages.broker"]


def test_what_is_laid_in_the_folder_is_answered(
    write_facility: Callable[[str], Path], tmp_path: Path
) -> None:
    with open_facility(write_facility(FOLDER)) as facility:
        carry_requests(facility, threading.Event(), once=True)
        (tmp_path / "requests" / "a.json").write_text(json.dumps(STATUS))
        said = carry_requests(facility, threading.Event(), once=True)
    assert said.startswith("1 files taken in")
    assert (tmp_path / "requests" / "taken" / "a.answers.json").exists()
    assert (tmp_path / "state" / "messages.db").exists()


def test_a_folder_that_is_away_is_said(
    write_facility: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "requests").write_text("no folder")
    with (
        open_facility(write_facility(FOLDER)) as facility,
        pytest.raises(Outage, match="folder of requests cannot be used"),
    ):
        carry_requests(facility, threading.Event(), once=True)


def test_messages_come_and_go_and_a_broker_that_is_away_is_said(
    write_facility: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("icestream.facility.messages.duty.pause_after", lambda _: 0.0)
    with stomp_broker() as broker:
        broker.put("icestream.requests", json.dumps(STATUS))
        with open_facility(write_facility(FOLDER + _broker(broker.port))) as facility:
            assert (
                talk_to_broker(facility, threading.Event(), seconds=0.5)
                == "1 messages came, 0 went"
            )
            carry_requests(facility, threading.Event(), once=True)
            said = talk_to_broker(facility, threading.Event(), seconds=0.0)
            assert said == "0 messages came, 2 went"
            broker.close()
            with pytest.raises(Outage, match="connection refused; 0 messages wait"):
                talk_to_broker(facility, threading.Event(), seconds=5.0)


def test_without_the_section_there_is_nothing_to_open(
    write_facility: Callable[[str], Path],
) -> None:
    with (
        open_facility(write_facility("")) as facility,
        pytest.raises(LookupError, match=r"has no \[messages\]"),
        opened_messages(facility),
    ):
        pass
