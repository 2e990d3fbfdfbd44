"""Which duties a facility has."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from icestream.facility.duties.all import duties_of
from icestream.facility.duties.round import do_once
from icestream.facility.messages import duty as messages_duty
from icestream.facility.messages.duty import opened_messages
from icestream.facility.opened import Facility, open_facility
from icestream.facility.people.quiet_log import quiet_log
from icestream.facility.people.unsaid import unsaid
from icestream.facility.registry import duties as rows
from icestream.facility.registry.people import keep_project
from icestream.facility.registry.sessions import Whose, keep_session
from icestream.facility.sinks import run as sinks_run
from icestream.log import configure
from sink_sessions import DeliveredSession


def test_a_file_that_asks_for_nothing_more_follows_sessions(facility: Facility) -> None:
    assert [duty.name for duty in duties_of(facility.file)] == ["disks", "staff", "sessions"]


EVERYTHING = """
[bookings]
kind = "csv"
file = "{folder}/bookings.csv"
[projects]
kind = "csv"
file = "{folder}/projects.csv"
[transfer]
[backup.usb]
to = "{folder}/backup/"
[handover]
folder = "{folder}/area"
sessions = "all"
[keep]
[sinks.lines]
kind = "file"
folder = "{folder}/lines"
[memory]
folder = "{folder}/memory"
[memory.reports]
folder = "{folder}/live"
[messages]
folder = "{folder}/requests"
[messages.broker]
kind = "rabbitmq"
servers = "localhost:1"
"""
KNOWN_HERE = ("sessions", "krios1", "backup", "area", "state", "bookings.csv", "projects.csv")
"""Where a session's own data are, or its bookings come from; all else is read by others."""


def test_no_duty_names_a_confidential_session_where_others_read(
    write_facility: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor its project: in the journal, on screens, in alerts, pages, files and what is to be sent.

    Each duty is done once as it is, and once in a way that it fails with everything in its words.
    """
    monkeypatch.setattr(sinks_run, "_TURN", 0.3)
    for act in (messages_duty.carry_requests, messages_duty.talk_to_broker):
        monkeypatch.setitem(act.__kwdefaults__, "seconds", 0.3)
    monkeypatch.setattr(messages_duty, "_TRIES", 1)
    for name in ("lines", "memory", "live", "area", "backup"):
        (tmp_path / name).mkdir()
    (tmp_path / "bookings.csv").write_text(
        "microscope,begins,ends,project,name\nkrios1,2026-11-02 09:00,2026-11-03 09:00,HUSHED,Ann\n"
    )
    (tmp_path / "projects.csv").write_text("code,title,confidential\nHUSHED,Secret grid,yes\n")
    journal = tmp_path / "journal"
    configure(lines=True, level="critical", file=journal / "log")
    with open_facility(write_facility(EVERYTHING)) as facility, quiet_log(lambda: facility):
        with facility.registry.write() as connection:
            keep_project(connection, "HUSHED", confidential=True)
        session = DeliveredSession(facility.sessions / "HUSHED-001" / "processing", "u1")
        session.grow(3)
        with facility.registry.write() as connection:
            keep_session(
                connection, "u1", Whose(microscope="krios1", project="HUSHED"), name="HUSHED-001",
                folder=str(session.folder), place=str(session.folder.parent), began=9e9,
                state="running",
            )  # fmt: skip

        def fails(*_: object) -> str:
            raise ValueError(f"HUSHED-001: {session.folder}: of project hushed")

        done = duties_of(facility.file)
        for duty in done:
            do_once(facility, duty)
            do_once(facility, replace(duty, act=fails))
        with facility.registry.read() as connection:
            screens = unsaid(connection)
            shown = [screens(f"{one.said} {one.problem}") for one in rows.duties(connection)]
        (tmp_path / "screens.txt").write_text("\n".join(shown))
        with opened_messages(facility) as carrying:
            bodies = [one.body for one in carrying.ledger.outbox.unsent(1e12)]
        (tmp_path / "queues.txt").write_text("\n".join(bodies))
        session.store.close()
    configure()
    assert {one.name.partition(".")[0] for one in done} == {
        "disks", "staff", "sessions", "bookings", "projects", "transfer", "backup", "handover",
        "sink", "keep", "memory", "messages",
    }, "what a new duty says has to be looked at here, too"  # fmt: skip
    assert len((tmp_path / "staff.log").read_text().splitlines()) >= len(done)
    assert len((journal / "log").read_text().splitlines()) >= len(done)
    told = [
        path.relative_to(tmp_path)
        for path in tmp_path.rglob("*")
        if path.relative_to(tmp_path).parts[0] not in KNOWN_HERE
        and ("hushed" in path.name.casefold() or (path.is_file() and _names(path)))
    ]
    assert told == []
    assert any((tmp_path / "live").iterdir())


def _names(path: Path) -> bool:
    return b"hushed" in path.read_bytes().lower()
