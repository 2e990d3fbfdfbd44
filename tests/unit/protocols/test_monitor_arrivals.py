"""Silence: movies that stop coming are told, what is meant to end is not."""

import pytest

from icestream.protocol import Window
from icestream.protocol.conformance import problems
from icestream.protocols.monitor_arrivals import ArrivalLimits, MonitorArrivals

MINUTE = 60.0


def told(
    *, every: float, silence: float, count: int = 20, open_: bool = True, **limits: float
) -> list[str]:
    """Keys of the alerts so long after the last of movies that came one each `every` seconds."""
    found = tuple(1.7e9 + every * number for number in range(count))
    window: Window = Window((), found[-1] + silence, None, found, open_)  # type: ignore[type-arg]
    monitor = MonitorArrivals(ArrivalLimits(**limits))
    return [alert.key for alert in monitor.inspect(window)]


def test_is_a_good_plugin() -> None:
    assert problems(MonitorArrivals) == []


@pytest.mark.parametrize(
    ("every", "silence", "warns"),
    [
        (15.0, 4.9 * MINUTE, False),  # 20 times the interval, but not long
        (15.0, 5.1 * MINUTE, True),
        (5 * MINUTE, 9.9 * MINUTE, False),  # a tilt series takes its time
        (5 * MINUTE, 10.1 * MINUTE, True),
    ],
)
def test_it_warns_after_two_intervals_and_five_minutes(
    every: float, silence: float, warns: bool
) -> None:
    assert told(every=every, silence=silence) == (["arrivals.silent"] if warns else [])


def test_the_limits_can_be_set() -> None:
    assert told(every=15.0, silence=61.0, silence_min=1.0)
    assert not told(every=15.0, silence=59.0, silence_min=1.0)
    assert not told(every=15.0, silence=149.0, silence_min=1.0, silence_factor=10.0)


def test_what_has_ended_or_was_paused_may_be_silent() -> None:
    assert told(every=15.0, silence=1e4, open_=False) == []


def test_nothing_is_usual_before_some_movies_have_come() -> None:
    assert told(every=15.0, silence=1e4, count=4) == []
    assert told(every=0.0, silence=1e4, count=500) == []  # a folder that was full
    window: Window = Window((), 1.0, None, (), True)  # type: ignore[type-arg]
    assert list(MonitorArrivals().inspect(window)) == []


def test_it_says_how_long_and_what_is_usual() -> None:
    found = tuple(15.0 * number for number in range(20))
    window: Window = Window((), found[-1] + 1500.0, None, found, True)  # type: ignore[type-arg]
    (alert,) = MonitorArrivals().inspect(window)
    assert alert.message.startswith(
        "nothing new came for 25 min; usually an exposure comes every 15 s. "
    )
    assert alert.level == "warning"
