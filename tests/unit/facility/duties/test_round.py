"""Duties are done over and over; one that fails is said, told to staff, and tried again."""

import json
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from icestream.facility.duties import round as round_module
from icestream.facility.duties.duty import Duty, Outage
from icestream.facility.duties.round import do_duties, do_once
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

    monkeypatch.setattr(round_module, "tell", broken)
    do_duties(facility, [replace(duty(act), longest=0.0)], stop)
    assert act.calls == 2
