"""Keeping a sink up to date with all sessions that it is for."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from icestream.facility.duties.all import duties_of
from icestream.facility.duties.duty import Outage
from icestream.facility.opened import Facility, open_facility
from icestream.facility.registry.bookings import keep_booking
from icestream.facility.registry.people import keep_project
from icestream.facility.registry.sessions import Whose, sessions
from icestream.facility.sinks import run as run_module
from icestream.facility.sinks.run import SinkRun, followed, wanted
from icestream.facility.sinks.sink import Held
from icestream.facility.sinks.standing import retry_asides, standings
from sink_sessions import Collecting, DeliveredSession, register

SECTIONS = '[sinks.lines]\nkind = "file"\nfolder = "{folder}/lines"\nmicroscopes = "krios1"\n'


@pytest.fixture
def opened(write_facility: Callable[[str], Path], tmp_path: Path) -> Iterator[Facility]:
    (tmp_path / "lines").mkdir()
    with open_facility(write_facility(SECTIONS)) as facility:
        yield facility


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Collecting:
    made = Collecting()
    monkeypatch.setattr(run_module, "open_sink", lambda *_: made)
    monkeypatch.setattr(run_module, "_TURN", 0.3)
    return made


def made(facility: Facility, name: str, uid: str, **more: Any) -> DeliveredSession:
    session = DeliveredSession(facility.sessions / name, uid)
    session.grow(2)
    register(facility, session, began=9e9, **more)
    return session


def test_each_sink_of_the_file_is_a_duty(opened: Facility, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "_TURN", 0.3)
    duty = next(one for one in duties_of(opened.file) if one.name == "sink.lines")
    assert duty.longest <= 15.0 and duty.what == "delivers results to file"
    made(opened, "one", "u1")
    stop = threading.Event()
    assert duty.act(opened, stop) == "11 delivered of 1 session"
    stop.set()
    assert duty.act(opened, stop) == "0 delivered of 1 session"  # and all is let go of
    assert (opened.path.parent / "lines" / "one.jsonl").exists()


def test_what_comes_is_delivered_while_a_turn_lasts(opened: Facility, sink: Collecting) -> None:
    session = made(opened, "one", "u1")
    other = made(opened, "two", "u2", whose=Whose(microscope="glacios"))
    run = SinkRun("lines", opened.file.sinks["lines"])
    assert "delivered of 1 session" in run.turn(opened, threading.Event())
    before = len(sink.there)
    session.grow(1)
    other.grow(1)
    run.turn(opened, threading.Event())
    assert len(sink.there) == before + 5
    run.close()
    assert sink.closed


def test_a_sink_that_is_away_is_an_outage_and_is_told(opened: Facility, sink: Collecting) -> None:
    session = made(opened, "one", "u1")
    sink.down = "the database is gone"
    run = SinkRun("lines", opened.file.sinks["lines"])
    for _ in range(2):
        with pytest.raises(Outage, match="lines: the database is gone"):
            run.turn(opened, threading.Event())
    tries = len(sink.asked)
    sink.wait = 60.0  # it asks to be left alone
    for _ in range(3):
        with pytest.raises(Outage, match="lines: the database is gone"):
            run.turn(opened, threading.Event())
    assert len(sink.asked) == tries + 1
    sink.down, run._quiet = "", 0.0
    run.turn(opened, threading.Event())
    assert sink.there
    run.close()
    session.store.close()


def test_a_session_that_waits_keeps_no_other_up(
    opened: Facility, sink: Collecting, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(opened, "one", "u1")
    made(opened, "two", "u2")
    deliver = sink.deliver

    def held(shipment: Any) -> Any:
        if shipment.session == "u1":
            raise Held("whose is it?")
        return deliver(shipment)

    monkeypatch.setattr(sink, "deliver", held)
    said = SinkRun("lines", opened.file.sinks["lines"]).once(opened)
    assert said == "11 delivered of 2 sessions; 1 wait for somebody"
    assert "movie:1" in sink.there


def test_which_sessions_a_sink_is_for(opened: Facility) -> None:
    whose = Whose(microscope="krios1", project="p7")
    made(opened, "one", "u1", whose=whose).store.close()
    section = opened.file.sinks["lines"]
    with opened.registry.write() as connection:
        (one,) = sessions(connection)
        keep_project(connection, "p7", confidential=True)
    assert wanted(section, one, hidden=False) == ""
    assert "it is confidential" in wanted(section, one, hidden=True)
    assert wanted(section.model_copy(update={"confidential": True}), one, hidden=True) == ""
    assert "it is of glacios" in wanted(section, replace(one, microscope="glacios"), hidden=False)
    assert wanted(section, replace(one, state="gone"), hidden=False) == "it is gone"
    assert SinkRun("lines", section).once(opened) == "0 delivered of 0 sessions"
    (standing,) = standings(opened)
    assert "it is confidential" in standing.left_out and standing.behind == 0
    with opened.registry.write() as connection:
        keep_project(connection, "p7", confidential=False)
    assert SinkRun("lines", section).once(opened) == "11 delivered of 1 session"


def test_of_a_confidential_session_no_more_is_told_than_that(
    opened: Facility, sink: Collecting, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = made(opened, "one", "u1", confidential=True)
    section = opened.file.sinks["lines"].model_copy(update={"confidential": True})

    def full(*_: object) -> None:
        raise OSError(f"{session.folder}: no space left")

    monkeypatch.setattr(sink, "deliver", full)
    said = SinkRun("lines", section).once(opened)
    assert "a confidential session cannot be delivered (OSError)" in said and "one" not in said


def test_the_visit_is_that_of_the_booking(write_facility: Callable[[str], Path]) -> None:
    text = '[sinks.lims]\nkind = "ispyb"\nurl = "mysql://h/i"\nvisit = "{booking}{title}"\n'
    with open_facility(write_facility(text)) as facility:
        with facility.registry.write() as connection:
            keep_booking(
                connection, "ispyb", "cm31111-", microscope="krios1", begins=0.0, ends=9e9,
                title="5", kind="booked", state="booked",
            )  # fmt: skip
        whose = Whose(microscope="krios1", booking=("ispyb", "cm31111-"), project="p7")
        made(facility, "one", "u1", whose=whose)
        with facility.registry.read() as connection:
            (one,) = sessions(connection)
        found = followed(facility, facility.file.sinks["lims"], one, hidden=False)
        assert (found.booked, found.project, found.microscope) == ("cm31111-5", "p7", "krios1")


@pytest.mark.parametrize(("visit", "booked"), [("", ""), ('visit = "{booking}"\n', "482")])
def test_a_number_of_the_booking_system_is_no_visit_unless_the_file_says_so(
    write_facility: Callable[[str], Path], visit: str, booked: str
) -> None:
    text = '[sinks.lims]\nkind = "ispyb"\nurl = "mysql://h/i"\n' + visit
    with open_facility(write_facility(text)) as facility:
        with facility.registry.write() as connection:
            keep_booking(connection, "bookings.emhub", "482", microscope="krios1", begins=0.0,
                         ends=9e9, kind="booked", state="booked")  # fmt: skip
        made(facility, "one", "u1", whose=Whose(booking=("bookings.emhub", "482")))
        with facility.registry.read() as connection:
            (one,) = sessions(connection)
        found = followed(facility, facility.file.sinks["lims"], one, hidden=False)
        assert found.booked == booked


def test_a_session_that_cannot_be_understood_keeps_no_other_up(
    opened: Facility, sink: Collecting, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(opened, "one", "u1")
    made(opened, "two", "u2")
    deliver = sink.deliver

    def broken(shipment: Any) -> Any:
        if shipment.session == "u1":
            raise KeyError("something new")
        return deliver(shipment)

    monkeypatch.setattr(sink, "deliver", broken)
    said = SinkRun("lines", opened.file.sinks["lines"]).once(opened)
    assert said.startswith("11 delivered of 2 sessions; ")
    assert said.endswith("one: KeyError: 'something new'")


def told(facility: Facility) -> list[dict[str, str]]:
    log = facility.path.parent / "staff.log"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def test_staff_are_told_once_of_a_session_that_is_not_delivered_and_that_it_is(
    opened: Facility, sink: Collecting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "_AGAIN", 0.0)
    sessions_ = [made(opened, name, name) for name in ("one", "two", "three", "four")]
    made(opened, "hushed", "hushed", confidential=True)
    section = opened.file.sinks["lines"].model_copy(update={"confidential": True})
    deliver, wrong = sink.deliver, [True]

    def troubled(shipment: Any) -> Any:
        if wrong[0] and shipment.session in ("one", "hushed"):
            raise OSError(f"{shipment.name}: no space left")
        if wrong[0] and shipment.session == "two":
            raise Held("whose is it?")
        return deliver(shipment)

    monkeypatch.setattr(sink, "deliver", troubled)
    sink.refuses = {"movie:1": "there is no such thing"}
    run = SinkRun("lines", section)
    sessions_[3].store.close()
    for _ in range(2):
        run.turn(opened, threading.Event())
    run.close()
    run = SinkRun("lines", section)  # another process
    run.turn(opened, threading.Event())
    texts = [one["text"] for one in told(opened)]
    assert len(texts) == 5
    for part in (
        "sink.lines: session one: ",
        "one: no space left. It is tried again all the time",
        "sink.lines: session two: nothing is delivered: whose is it?",
        "sink.lines: session three: 1 set aside, since they were not taken: there is no such "
        "thing. icestream facility sinks three lists them",
    ):
        assert sum(part in text for text in texts) == 1, part
    assert not any("hushed" in json.dumps(one) for one in told(opened))
    assert sum("a confidential session cannot be delivered" in text for text in texts) == 1
    wrong[0], sink.refuses = False, {}
    for name in ("three", "four"):
        retry_asides(opened, [name])
    for _ in range(2):
        run.turn(opened, threading.Event())
    assert sum("over" in one["subject"] for one in told(opened)) == 5
    assert len(told(opened)) == 10
    assert not any("hushed" in json.dumps(one) for one in told(opened))
    run.close()
