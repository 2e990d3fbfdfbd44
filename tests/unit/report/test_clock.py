"""The time of the acquisition: of moments and of alerts, whenever the session was processed."""

from typing import Any

import numpy as np
import pytest

from icestream.report.clock import AcquisitionClock
from icestream.store.records import AlertRecord

FOUND = [100.0, 101.0, 103.0, 104.0]
TAKEN = [5000.0, 5020.0, 5060.0, 5080.0]
ORDERS = {"a_1": 0, "a_2": 1, "a_3": 2, "a_4": 3}


def alert(raised: float, cleared: float | None = None, **more: Any) -> AlertRecord:
    said: dict[str, Any] = {
        "id": 1, "step": "", "branch": "main", "key": "k", "level": "warning", "message": "m",
        "exposure": "", "acknowledged": None, "acknowledged_by": "",
    }  # fmt: skip
    return AlertRecord(raised=raised, cleared=cleared, **(said | more))


@pytest.fixture
def clock() -> AcquisitionClock:
    return AcquisitionClock(FOUND, TAKEN, ORDERS)


def test_a_moment_is_when_the_exposure_was_taken_that_was_found_then(
    clock: AcquisitionClock,
) -> None:
    assert clock.known
    assert list(clock.at(FOUND)) == TAKEN
    assert clock.now(102.0) == 5040.0
    assert clock.now(90.0) == 4990.0
    assert clock.now(704.0) == 5680.0


def test_it_never_goes_back() -> None:
    clock = AcquisitionClock([1.0, 1.0, 2.0, 3.0], [50.0, 20.0, 40.0, 90.0], {})
    times = clock.at(np.linspace(0.0, 5.0, 60))
    assert (np.diff(times) >= 0.0).all()
    assert clock.now(1.0) == 50.0


def test_exposures_that_do_not_say_when_they_were_taken_tell_no_time() -> None:
    assert AcquisitionClock(FOUND, FOUND, ORDERS).now(1234.5) == 1234.5
    assert AcquisitionClock([], [], {}).now(1234.5) == 1234.5
    some = AcquisitionClock(FOUND, [5000.0, 101.0, 5060.0, 5080.0], ORDERS)
    assert some.now(101.5) == 5030.0


def test_an_alert_of_the_machine_stands_where_the_acquisition_was(clock: AcquisitionClock) -> None:
    assert clock.span(alert(101.0, 103.0)) == (5020.0, 5060.0)
    assert clock.span(alert(101.0)) == (5020.0, None)


def test_an_alert_of_exposures_stands_where_they_were_taken(clock: AcquisitionClock) -> None:
    extent = {"first": "a_1", "last": "a_2", "count": 2, "ended": 5020.0}
    over = alert(500.0, 500.0, began=5000.0, extent=extent)
    assert clock.span(over) == (5000.0, 5020.0)
    assert clock.span(alert(104.0, extent={"first": "a_2"})) == (5020.0, None)
    assert clock.span(alert(704.0, exposure="a_3")) == (5060.0, None)
    assert clock.span(alert(103.0, exposure="gone")) == (5060.0, None)
