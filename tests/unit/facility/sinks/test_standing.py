"""How far sinks are, and what people ask of them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from icestream.facility.opened import Facility, open_facility
from icestream.facility.sinks import run as run_module
from icestream.facility.sinks.ledger import SinkLedger
from icestream.facility.sinks.run import SinkRun
from icestream.facility.sinks.standing import (
    choose_visit,
    deliver_again,
    retry_asides,
    standings,
)
from sink_sessions import Collecting, DeliveredSession, register

SECTIONS = '[sinks.lims]\nkind = "ispyb"\nurl = "mysql://h/i"\n'


@pytest.fixture
def opened(write_facility: Callable[[str], Path]) -> Iterator[Facility]:
    with open_facility(write_facility(SECTIONS)) as facility:
        yield facility


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Collecting:
    made = Collecting()
    monkeypatch.setattr(run_module, "open_sink", lambda *_: made)
    return made


@pytest.fixture
def session(opened: Facility) -> DeliveredSession:
    made = DeliveredSession(opened.sessions / "one", "u1")
    made.grow(3)
    register(opened, made, began=9e9)
    return made


def test_what_was_delivered_and_what_waits(
    opened: Facility, sink: Collecting, session: DeliveredSession
) -> None:
    (one,) = standings(opened)
    assert (one.behind, one.delivered, one.last) == (3, {}, None) and one.lag > 1e6
    sink.refuses["ctf:2"] = "it is out of range"
    SinkRun("lims", opened.file.sinks["lims"]).once(opened)
    (one,) = standings(opened, ["one"], "lims")
    assert (one.behind, one.lag, one.delivered["movie"]) == (0, 0.0, 3)
    assert [each.id for each in one.asides] == ["ctf:2"] and one.said == ("it was said",)
    session.grow(1)
    (one,) = standings(opened)
    assert one.behind == 1
    assert retry_asides(opened) == 1 and deliver_again(opened) == 1
    sink.refuses.clear()
    said = SinkRun("lims", opened.file.sinks["lims"]).once(opened, ["one"])
    assert said.startswith(f"{len(sink.there)} delivered of 1")
    (one,) = standings(opened)
    assert not one.asides and one.behind == 0


def test_the_visit_is_said_once(
    opened: Facility, sink: Collecting, session: DeliveredSession
) -> None:
    assert choose_visit(opened, "one", "cm31111-5") == 1
    (one,) = standings(opened)
    assert one.visit == "cm31111-5"
    SinkRun("lims", opened.file.sinks["lims"]).once(opened)
    assert choose_visit(opened, "one", "cm31111-5") == 1
    with pytest.raises(ValueError, match="are in lims under cm31111-5 already"):
        choose_visit(opened, "one", "cm31111-6")
    with pytest.raises(LookupError, match="no session 'two'"):
        choose_visit(opened, "two", "cm31111-6")
    with pytest.raises(LookupError, match="no sink 'lim'; did you mean lims"):
        standings(opened, sink="lim")


def test_why_nothing_is_delivered(
    opened: Facility, sink: Collecting, session: DeliveredSession
) -> None:
    with_error = SinkLedger(session.folder, "lims")
    with_error.keep(error="the database is gone", failing=7.0, waits="whose is it?")
    with_error.close()
    (one,) = standings(opened)
    assert (one.error, one.failing_since, one.waits) == (
        "the database is gone", 7.0, "whose is it?",
    )  # fmt: skip


def test_a_session_whose_disk_is_away_does_not_stand_as_new(
    opened: Facility, sink: Collecting, session: DeliveredSession
) -> None:
    SinkRun("lims", opened.file.sinks["lims"]).once(opened)
    session.store.close()
    session.folder.rename(session.folder.with_name("away"))
    (one,) = standings(opened)
    assert one.error.endswith("one is not there: is its disk away?")
