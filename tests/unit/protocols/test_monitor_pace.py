"""Whether the processing keeps up: a warning that says by how much and what would help."""

from typing import Any

import pytest
from pydantic import ValidationError

from icestream.model import StepLoad, Workload
from icestream.protocol import Window
from icestream.protocol.conformance import problems
from icestream.protocols.monitor_pace import MonitorPace, PaceLimits

NOW = 1.7e9
MINUTE = 60.0


def work(now: float, cores: float, left: float = 400.0) -> Workload:
    """One movie each twelve seconds, of 72 core seconds: 6 cores keep up."""
    taken = tuple(now - 12.0 * place for place in range(600, -1, -1))
    steps = (
        StepLoad(name="align", seconds=48.0, left=left),
        StepLoad(name="classify", seconds=24.0, left=left, later=True),
    )
    return Workload(now=now, taken=taken, behind=int(left), steps=steps, cores=cores, busy=cores)


def told(monitor: MonitorPace, minutes: float, cores: float, left: float = 400.0) -> list[str]:
    now = NOW + minutes * MINUTE
    window: Window[Any] = Window((), now, work=work(now, cores, left))
    return [alert.message for alert in monitor.inspect(window)]


def test_is_a_good_plugin() -> None:
    assert problems(MonitorPace) == []


def test_it_warns_when_it_has_been_too_slow_for_a_while() -> None:
    monitor = MonitorPace()
    assert told(monitor, 0, 4.0) == []
    assert told(monitor, 4, 4.0) == []
    (message,) = told(monitor, 5, 4.0)
    assert message.startswith(
        "the processing is 33 % too slow to keep up. What would help: classify takes 33 % of the "
        "time: with it paused until the acquisition has ended it would keep up; or with 3 cores"
    )
    assert (
        ". 300 exposures come in an hour, 200 can be processed, and 400 exposures "
        "(80 min of acquisition) wait. " in message
    )
    assert "with 3 cores more, here or on another machine, it would keep up" in message
    assert "An exposure costs 72 s of a core: align 48 s (67 %), classify 24 s (33 %)" in message


def test_a_burst_is_no_reason() -> None:
    monitor = MonitorPace()
    assert told(monitor, 0, 4.0) == []
    assert told(monitor, 3, 8.0) == []
    assert told(monitor, 6, 4.0) == []


def test_it_warns_until_the_lack_is_half_of_what_it_warned_for() -> None:
    monitor = MonitorPace()
    told(monitor, 0, 5.0)
    assert told(monitor, 5, 5.0)
    assert told(monitor, 6, 5.8)  # 3.3 % too slow: it would not begin to warn
    assert told(monitor, 7, 5.9) == []
    assert told(monitor, 20, 5.8) == []
    assert told(monitor, 30, 5.8) == []


def test_a_little_that_waits_is_none() -> None:
    monitor = MonitorPace()
    assert [told(monitor, minute, 4.0, left=60.0) for minute in range(12)] == [[]] * 12


def test_without_evidence_it_says_nothing() -> None:
    monitor = MonitorPace()
    assert list(monitor.inspect(Window((), NOW))) == []
    assert list(monitor.inspect(Window((), NOW, work=Workload(now=NOW)))) == []


@pytest.mark.parametrize("text", ["8 o'clock", "08:00"])
def test_an_end_needs_a_day(text: str) -> None:
    with pytest.raises(ValidationError, match="expected a date and a time"):
        PaceLimits(acquisition_ends=text)
    assert PaceLimits(acquisition_ends="2026-03-14 08:00").acquisition_ends
