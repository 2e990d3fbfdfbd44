"""What others have of a session is said, with what to do about it."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from icestream.facility.handover.offer import RECORDS, new_offer, write_offer
from icestream.facility.messages.duty import opened_messages
from icestream.facility.messages.following import FollowedSession
from icestream.facility.opened import Facility, open_facility
from icestream.facility.people.given_out import given_out
from icestream.facility.registry.records import KnownSession
from icestream.facility.registry.sessions import sessions
from icestream.facility.sinks.ledger import ledger_path
from icestream.facility.sinks.run import SinkRun
from sink_sessions import DeliveredSession, register

SECTIONS = """
[sinks.lines]
kind = "file"
folder = "{folder}/lines"
[sinks.all]
kind = "file"
folder = "{folder}/lines"
confidential = true
[sinks.none]
kind = "file"
folder = "{folder}/lines"
[handover]
folder = "{folder}/area"
[messages]
folder = "{folder}/requests"
[messages.broker]
kind = "rabbitmq"
servers = "localhost:5672"
"""


def known(facility: Facility) -> KnownSession:
    with facility.registry.read() as connection:
        (one,) = sessions(connection)
    return one


def test_all_that_was_given_out_is_said(
    write_facility: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lines").mkdir()
    monkeypatch.setenv("ICESTREAM_REPORT_PUBLISH", "web:/live")
    with open_facility(write_facility(SECTIONS)) as facility:
        made = DeliveredSession(facility.sessions / "one", "u1")
        made.grow(2)
        register(facility, made, began=9e9)
        one = known(facility)
        for name in ("lines", "all"):
            SinkRun(name, facility.file.sinks[name]).once(facility)
        folder = Path(one.folder)
        with opened_messages(facility) as carrying:
            following = carrying.ledger.following
            following.follow(FollowedSession(folder=folder, name="one", inbox_id=None))
        (report,) = [line for line in given_out(facility, one) if line.startswith("report: ")]
        assert "remove what is there" in report
        with opened_messages(facility) as carrying:
            carrying.ledger.following.told(folder, 7, 3.0)
        section = facility.file.handover
        assert section is not None
        (section.folder / RECORDS).mkdir(parents=True, mode=0o700)
        offer = new_offer("one", folder, "p", named=True, secret=False)
        write_offer(section.folder, offer)
        assert not any(line.startswith("handover") for line in given_out(facility, one))
        write_offer(section.folder, replace(offer, files=12))
        found = list(given_out(facility, one))
        made.store.close()
    assert [line.partition(":")[0] for line in found] == [
        "sink lines", "sink all", "queues icestream.results and icestream.alerts", "report",
        "handover",
    ]  # fmt: skip
    assert "11 of its results were delivered; nothing more is delivered; what is there" in found[0]
    assert "goes on being delivered" in found[1]
    assert "12 files wait to be fetched" in found[4]


def test_a_ledger_that_cannot_be_read_is_said(
    write_facility: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "lines").mkdir()
    text = SECTIONS.partition("[sinks.all]")[0]
    with open_facility(write_facility(text)) as facility:
        with closing(DeliveredSession(facility.sessions / "one", "u1").store):
            pass
        session = DeliveredSession(facility.sessions / "two", "u2")
        register(facility, session)
        session.store.close()
        one = known(facility)
        assert list(given_out(facility, one)) == []
        path = ledger_path(Path(one.folder), "lines")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"no ledger, whatever it is" * 100)
        (line,) = given_out(facility, one)
        assert "is not known, its ledger cannot be read" in line
