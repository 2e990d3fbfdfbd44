"""The monitor of changes: says what changed, when, where, of which exposures, and why."""

import re
import time
from dataclasses import replace

from icestream.model import Alert, MeasuredExposure
from icestream.processing.simulate.measurements import Fault, simulate_measurements
from icestream.protocol import Window
from icestream.protocol.conformance import problems
from icestream.protocols.monitor_changes import ChangeLimits, MonitorChanges


def said(monitor: MonitorChanges, shots: list[MeasuredExposure], **revisions: int) -> list[Alert]:
    window: Window = Window(exposures=tuple(shots), revisions=revisions)  # type: ignore[type-arg]
    return list(monitor.inspect(window))


def test_is_a_good_plugin() -> None:
    assert problems(MonitorChanges) == []


def test_nothing_is_said_of_nothing() -> None:
    assert said(MonitorChanges(), []) == []


def test_an_alert_says_what_when_where_and_why() -> None:
    shots = simulate_measurements(41, 262, [Fault(kind="astigmatism", first=250, size=900.0)])
    monitor = MonitorChanges()
    assert said(monitor, shots[:250]) == []
    (alert,) = said(monitor, shots)
    assert alert.key == "changes.astigmatism"
    assert alert.level == "warning"
    assert re.match(r"astigmatism jumped by \d+ Å at \d\d:\d\d, ", alert.message)
    assert "the beam was realigned" in alert.message
    assert "What to do: " in alert.message
    assert alert.cause.startswith("the beam was realigned")
    assert alert.extent is not None
    assert alert.extent.first == alert.exposure
    assert alert.extent.last == shots[-1].exposure
    first = next(i for i, shot in enumerate(shots) if shot.exposure == alert.exposure)
    assert alert.extent.count == len(shots) - first
    assert alert.began == shots[first].taken
    assert time.strftime("%H:%M", time.localtime(alert.began)) in alert.message


def test_the_limits_are_those_of_the_parameters() -> None:
    shots = simulate_measurements(41, 262, [Fault(kind="astigmatism", first=250, size=900.0)])
    assert said(MonitorChanges(ChangeLimits(astigmatism=3000.0)), shots) == []


def test_a_change_that_a_person_made_in_the_session_is_none() -> None:
    shots = simulate_measurements(42, 262, [Fault(kind="defocus", first=250, size=6000.0)])
    monitor = MonitorChanges()
    assert said(monitor, shots[:250], **{"ctf.defocus": 3}) == []
    assert said(monitor, shots, **{"ctf.defocus": 4}) == []


def test_a_cause_that_is_not_certain_is_called_unclear() -> None:
    shots = simulate_measurements(43, 275)
    more = [
        MeasuredExposure(
            exposure=shot.exposure,
            taken=shot.taken,
            grid_square=shot.grid_square,
            group=shot.group,
            nominal_defocus=shot.nominal_defocus,
            qualities={
                name: value * (4.0 if name == "picks.count" and i >= 250 else 1.0)
                for name, value in shot.qualities.items()
            },
        )
        for i, shot in enumerate(shots)
    ]
    (alert,) = said(MonitorChanges(), more)
    assert alert.level == "notice"
    assert alert.cause == "the cause is unclear"
    assert "number of particles rose to" in alert.message


def test_a_change_that_was_is_told_as_one_that_is_over() -> None:
    shots = simulate_measurements(44, 300)
    off = [
        replace(shot, qualities={**shot.qualities, "ctf.astigmatism": 1600.0, "ctf.angle": 30.0})
        if 200 <= i < 230
        else shot
        for i, shot in enumerate(shots)
    ]
    monitor = MonitorChanges()
    assert said(monitor, off[:200]) == []
    (alert,) = said(monitor, off)
    assert re.match(r"astigmatism jumped by \d+ Å from \d\d:\d\d to \d\d:\d\d, ", alert.message)
    assert alert.extent is not None
    assert f"It is over, after {alert.extent.count} exposures. " in alert.message
    assert abs(alert.extent.count - 30) <= 2
    last = next(shot for shot in off if shot.exposure == alert.extent.last)
    assert abs(off.index(last) - 229) <= 1
    assert alert.extent.ended == last.taken
    assert said(monitor, off) == []


def test_a_change_that_stays_is_told_to_be_usual_now() -> None:
    shots = simulate_measurements(45, 290, [Fault(kind="defocus", first=210, size=6000.0)])
    monitor = MonitorChanges(ChangeLimits(settled=40))
    assert [alert.extent and alert.extent.ended for alert in said(monitor, shots[:230])] == [None]
    (alert,) = said(monitor, shots)
    assert "is taken as usual now. " in alert.message
    assert alert.extent is not None
    assert alert.extent.ended is not None


def test_what_had_to_wait_is_told_once_it_has_come() -> None:
    """The newest first: when those between come, newer ones were looked at already."""
    fault = Fault(kind="astigmatism", first=300, size=900.0)
    shots = [
        *simulate_measurements(41, 520, [fault])[:380],
        *simulate_measurements(41, 520)[380:],
    ]
    monitor = MonitorChanges()
    for seen, waiting in (
        (shots[:250], 2),
        ([*shots[:250], *shots[420:470]], 170),
        ([*shots[:250], *shots[400:]], 150),
    ):
        window: Window = Window(exposures=tuple(seen[-500:]), waiting=waiting)  # type: ignore[type-arg]
        assert [alert for alert in monitor.inspect(window) if "astigmatism" in alert.key] == []
    window = Window(exposures=tuple(shots[-500:]), earlier=lambda number: tuple(shots[-number:]))
    (alert,) = (alert for alert in monitor.inspect(window) if "astigmatism" in alert.key)
    assert alert.extent is not None
    assert alert.extent.ended is not None
    first = next(i for i, shot in enumerate(shots) if shot.exposure == alert.extent.first)
    assert abs(first - 300) <= 4
    assert list(monitor.inspect(window)) == []
