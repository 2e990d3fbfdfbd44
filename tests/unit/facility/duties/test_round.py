"""Duties are done over and over; one that fails is said, told to staff, and tried again."""

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from icestream.facility.duties import round as round_module
from icestream.facility.duties.duty import Duty, Outage
from icestream.facility.duties.round import do_duties, do_once
from icestream.facility.duties.turn import Turn
from icestream.facility.opened import Facility
from icestream.facility.registry import duties as rows
from icestream.facility.registry.records import DutyState


def state(facility: Facility, name: str = "copy") -> DutyState:
    with facility.registry.read() as connection:
        return rows.duty(connection, name)


def told(facility: Facility) -> list[dict[str, object]]:
    log = facility.path.parent / "staff.log"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


class Away:
    """A service that can be away."""

    def __init__(self, error: Exception) -> None:
        self.error: Exception | None = error
        self.calls = 0

    def __call__(self, facility: Facility, stop: threading.Event) -> str:
        self.calls += 1
        if self.error is not None:
            raise self.error
        return "3 files"


def duty(act: Away, name: str = "copy") -> Duty:
    return Duty(name=name, what="copies movies", every=0.01, act=act)


def test_what_it_did_is_written_down(facility: Facility) -> None:
    act = Away(Outage(""))
    act.error = None
    assert do_once(facility, duty(act))
    found = state(facility)
    assert (found.said, found.failures, found.failing_since) == ("3 files", 0, None)
    assert found.ended is not None
    assert found.holder
    assert told(facility) == []


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (Outage("the NAS of krios1 is away"), "the NAS of krios1 is away"),
        (OSError(5, "Input/output error", "/mnt/x"), "/mnt/x: Input/output error"),
        (ZeroDivisionError("division by zero"), "division by zero"),
    ],
)
def test_an_outage_is_named_told_once_and_said_to_be_over(
    facility: Facility, error: Exception, says: str
) -> None:
    act = Away(error)
    for _ in range(3):
        assert not do_once(facility, duty(act))
    found = state(facility)
    assert (found.problem, found.failures) == (says, 3)
    assert found.failing_since is not None
    (first,) = told(facility)
    assert says in str(first["text"])
    assert "catches up when this is mended" in str(first["text"])
    act.error = None
    assert do_once(facility, duty(act))
    assert len(told(facility)) == 2
    assert "over" in str(told(facility)[1]["subject"])
    assert (state(facility).problem, state(facility).failures) == ("", 0)


def test_staff_are_not_told_of_a_hiccup(facility: Facility) -> None:
    own = facility.file.facility.model_copy(update={"patience": 60.0})
    patient = Facility(
        facility.path,
        facility.file.model_copy(update={"facility": own}),
        facility.registry,
        facility.loaded,
    )
    assert not do_once(patient, duty(Away(Outage("x"))))
    assert told(facility) == []


def test_one_that_fails_keeps_no_other_up(facility: Facility) -> None:
    bad, good = Away(Outage("x")), Away(Outage("x"))
    good.error = None
    stop = threading.Event()
    run = threading.Thread(
        target=do_duties, args=(facility, [duty(bad, "bad"), duty(good, "good")], stop)
    )
    run.start()
    until = time.monotonic() + 30.0
    while good.calls < 3 and time.monotonic() < until:
        time.sleep(0.01)
    stop.set()
    run.join(30.0)
    assert not run.is_alive()
    assert good.calls >= 3
    assert state(facility, "bad").failures >= 1
    assert state(facility, "good").failures == 0


def test_a_registry_that_is_away_ends_nothing(facility: Facility, tmp_path: Path) -> None:
    with facility.registry.engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE duty RENAME TO gone")
        connection.commit()
    act = Away(Outage("x"))
    assert not do_once(facility, duty(act))
    assert act.calls == 1


def test_a_duty_goes_on_where_nobody_can_be_told(
    facility: Facility, monkeypatch: pytest.MonkeyPatch
) -> None:
    act, stop = Away(Outage("the NAS is away")), threading.Event()

    def broken(*_: object, **__: object) -> bool:
        if act.calls > 1:
            stop.set()
        raise RuntimeError("the words cannot be written")

    monkeypatch.setattr(round_module, "tell_troubles", broken)
    do_duties(facility, [replace(duty(act), longest=0.0)], stop)
    assert act.calls == 2


def ran(facility: Facility, *duties: Duty, turn: Turn | None = None) -> Iterator[threading.Event]:
    stop = threading.Event()
    run = threading.Thread(target=do_duties, args=(facility, duties, stop, turn))
    run.start()
    try:
        yield stop
    finally:
        stop.set()
        run.join(60.0)
        assert not run.is_alive()


running = contextlib.contextmanager(ran)


def eventually(holds: Callable[[], object], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it never came to hold"
        time.sleep(0.01)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(round_module, "_LOOK", 0.02)
    monkeypatch.setattr(round_module, "_LATE", 0.05)


@pytest.mark.usefixtures("hurried")
def test_one_that_does_not_come_back_is_told_of_and_keeps_no_other_up(
    facility: Facility, tmp_path: Path
) -> None:
    pipe, good = tmp_path / "pipe", Away(Outage(""))
    good.error = None
    os.mkfifo(pipe)

    def hangs(facility: Facility, stop: threading.Event) -> str:
        return pipe.read_text()  # until somebody writes: nothing can end it

    hung = Duty(name="copy", what="copies", every=60.0, lasts=0.1, act=hangs)
    with running(facility, hung, duty(good, "good")):
        eventually(lambda: told(facility))
        calls = good.calls
        eventually(lambda: good.calls > calls)
        found = state(facility)
        assert "and has not come back" in found.problem
        assert found.failures == 1
        assert found.failing_since == pytest.approx(found.began, abs=5.0)
        pipe.write_text("12 files")
        eventually(lambda: state(facility).said == "12 files")
        eventually(lambda: len(told(facility)) == 2)
    assert "has not come back" in str(told(facility)[0]["text"])
    assert "over" in str(told(facility)[1]["subject"])


@pytest.mark.usefixtures("hurried")
def test_one_that_hangs_is_left_when_all_end(
    facility: Facility, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(round_module, "_ENDS", 0.1)
    over, begun = threading.Event(), threading.Event()

    def hangs(facility: Facility, stop: threading.Event) -> str:
        begun.set()
        over.wait()
        return ""

    with running(facility, Duty(name="copy", what="copies", every=60.0, act=hangs)):
        assert begun.wait(60.0)
    over.set()


@pytest.mark.usefixtures("hurried")
def test_duties_rest_while_another_process_may_do_them(facility: Facility) -> None:
    class Lent:
        said = ""

        def lost(self) -> str:
            return self.said

    lent, act, stopped = Lent(), Away(Outage("")), threading.Event()
    act.error = None

    def waits(facility: Facility, stop: threading.Event) -> str:
        act(facility, stop)
        if stop.wait(60.0):
            stopped.set()
        return ""

    long = Duty(name="copy", what="copies", every=0.01, act=waits)
    with running(facility, long, turn=lent):
        eventually(lambda: act.calls == 1)
        lent.said = "the database is away"
        assert stopped.wait(60.0)  # who is at it is told to return
        calls = act.calls
        time.sleep(0.2)
        assert act.calls == calls
        lent.said = ""
        eventually(lambda: act.calls > calls)


@pytest.mark.usefixtures("hurried")
def test_staff_know_of_the_registry_though_all_duties_wait(facility: Facility) -> None:
    """Found by the campaign of a facility: the connection that holds the turn breaks first."""

    class Broken:
        said = "server closed the connection"

        def lost(self) -> str:
            return self.said

    def rename(before: str, after: str) -> None:
        with facility.registry.engine.connect() as connection:
            connection.exec_driver_sql(f"ALTER TABLE {before} RENAME TO {after}")
            connection.commit()

    broken, act = Broken(), Away(Outage(""))
    act.error = None
    never = replace(duty(act), every=3600.0)
    with running(facility, never, turn=broken):
        eventually(lambda: act.calls)
        rename("duty", "gone")
        eventually(
            lambda: [one["over"] for log in told(facility) for one in log["alerts"]] == [None]
        )
        rename("gone", "duty")
        eventually(lambda: len(told(facility)) == 2)
    alerts = [alert for one in told(facility) for alert in one["alerts"]]
    assert [alert["key"] for alert in alerts] == ["facility.registry"] * 2
    assert [alert["over"] is not None for alert in alerts] == [False, True]
