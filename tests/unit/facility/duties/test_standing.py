"""Whether duties go well, fail, are late, or are done by nobody."""

import re
import threading
import time

import pytest
from sqlalchemy.exc import OperationalError

from icestream.facility.duties import standing
from icestream.facility.duties.duty import Duty, Outage
from icestream.facility.duties.round import do_once
from icestream.facility.duties.standing import DutyStanding, duty_standings
from icestream.facility.duties.turn import alone
from icestream.facility.opened import Facility
from icestream.facility.registry.duties import keep_duty


def well(facility: Facility, stop: threading.Event) -> str:
    return "3 files"


def away(facility: Facility, stop: threading.Event) -> str:
    raise Outage("the NAS is away")


COPY = Duty(name="copy", what="copies", every=10.0, act=well)


def now(facility: Facility, after: float = 0.0, duty: Duty = COPY) -> DutyStanding:
    (found,) = duty_standings(facility, time.time() + after, own=[duty])
    return found


def test_one_that_nobody_does_is_undone(facility: Facility) -> None:
    found = now(facility)
    assert found.standing == "undone"
    assert found.trouble == (
        "no process does it, and it was never done: start icestream facility run"
    )
    do_once(facility, COPY)
    assert now(facility).standing == "well"  # by a timer, maybe
    assert now(facility, 300.0).standing == "well"
    assert now(facility, 400.0).trouble.startswith(
        "no process does it, and it has not been done for 7 min: "
    )
    rare = Duty(name="copy", what="copies", every=86400.0, act=well)
    assert now(facility, 80000.0, rare).standing == "well"


def test_one_that_is_held_is_well_while_it_comes(facility: Facility) -> None:
    with alone(facility, ["copy"]):
        assert now(facility).standing == "well"  # it begins
        do_once(facility, COPY)
        assert now(facility, 300.0).standing == "well"
        late = now(facility, 400.0)
        assert (late.standing, "has not for 7 min" in late.trouble) == ("late", True)
        with facility.registry.write() as connection:
            keep_duty(connection, "copy", began=time.time() + 1.0)
        assert now(facility, 400.0).standing == "well"  # it is at it


def test_one_that_fails_says_why(facility: Facility) -> None:
    began = time.time()
    do_once(facility, Duty(name="copy", what="copies", every=10.0, act=away))
    found = now(facility)
    assert found.standing == "fails"
    said = re.fullmatch(r"fails since (\d+) s \(1 time\): the NAS is away", found.trouble)
    assert said is not None
    assert int(said[1]) <= round(time.time() - began)
    assert now(facility, 400.0).standing == "undone"


def test_where_locks_cannot_be_asked_what_was_written_has_to_do(
    facility: Facility, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> frozenset[str]:
        raise OperationalError("SELECT", {}, Exception("it is away"))

    monkeypatch.setattr(standing, "held_duties", broken)
    do_once(facility, COPY)
    assert now(facility).standing == "well"
    assert now(facility, 400.0).standing == "late"
