"""Silence: movies that stop coming are told, what is meant to end is not."""

import random

import pytest

from icestream.model import Alert
from icestream.model.squares import Square
from icestream.protocol import Figure, Window
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


def test_the_time_for_which_a_session_was_stopped_is_no_silence() -> None:
    found = tuple(10.0 * n for n in range(30))
    night = 36_000.0

    def said(waited: float) -> list[Alert]:
        began = found[-1] + night
        window: Window = Window(  # type: ignore[type-arg]
            now=began + waited, found=found, open=True, since=began
        )
        return [one for one in MonitorArrivals().inspect(window) if isinstance(one, Alert)]

    assert said(60.0) == []
    (alert,) = said(600.0)
    assert alert.message.startswith("nothing new came for 10 min")


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


# -- grid squares ----------------------------------------------------------------------------------


def squares(*counts: int) -> tuple[Square, ...]:
    """Squares that gave so many, the last of which is being recorded."""
    last = len(counts) - 1
    return tuple(
        Square(name=f"{1000 + place}", count=count, last=float(place), left=place < last)
        for place, count in enumerate(counts)
    )


def of_squares(*counts: int, **limits: float) -> list[Alert]:
    window: Window = Window(squares=squares(*counts))  # type: ignore[type-arg]
    said = MonitorArrivals(ArrivalLimits(**limits)).inspect(window)
    return [one for one in said if isinstance(one, Alert)]


def test_a_square_that_was_left_after_few_is_said() -> None:
    (alert,) = of_squares(60, 55, 70, 62, 9, 4)
    assert (alert.key, alert.level) == ("arrivals.square", "notice")
    assert alert.message.startswith(
        "grid square 1004 was left after 9 exposures; a square of this session gives 61 usually. "
    )


def test_the_square_that_is_being_recorded_is_not_judged() -> None:
    assert of_squares(60, 55, 70, 62, 9) == []


def test_it_ends_with_the_next_square_that_gives_as_many_as_usual() -> None:
    assert of_squares(60, 55, 70, 62, 9, 58, 3) == []


def test_several_in_a_row_are_a_warning() -> None:
    (alert,) = of_squares(60, 55, 70, 62, 9, 8, 1, 30)
    assert alert.level == "warning"
    assert "left after 1 exposure, the last of 3 in a row that gave few; " in alert.message


def test_nothing_is_usual_before_four_squares_were_left() -> None:
    assert of_squares(60, 55, 70, 9, 4) == []


def test_squares_that_differ_by_much_say_less_of_few() -> None:
    assert of_squares(20, 90, 35, 140, 60, 25, 20, 4) == []
    assert of_squares(58, 61, 60, 62, 59, 57, 20, 4)


def test_how_few_are_few_can_be_set() -> None:
    assert of_squares(58, 61, 60, 62, 59, 57, 35, 4, square_min=70.0)
    assert of_squares(58, 61, 60, 62, 59, 57, 35, 4) == []
    assert of_squares(58, 61, 60, 62, 59, 57, 1, 4, square_min=0.0) == []


def test_the_figure_shows_all_squares() -> None:
    window: Window = Window(squares=squares(60, 55, 3))  # type: ignore[type-arg]
    (figure,) = (one for one in MonitorArrivals().inspect(window) if isinstance(one, Figure))
    assert list(figure.y) == [60.0, 55.0, 3.0]
    assert list(MonitorArrivals().inspect(Window())) == []  # nothing tells the squares


@pytest.mark.parametrize(("spread", "most"), [(0.15, 0.01), (0.3, 0.03), (0.5, 0.06)])
def test_squares_of_which_none_is_cut_short_raise_little(spread: float, most: float) -> None:
    """Of clean sessions of 30 squares that differ by so much, part of squares that are told."""
    chance, told, judged = random.Random(5), 0, 0
    for _ in range(100):
        counts = [max(1, round(60 * chance.lognormvariate(0.0, spread))) for _ in range(30)]
        for end in range(6, len(counts)):
            judged += 1
            told += bool(of_squares(*counts[:end]))
    assert told <= most * judged


@pytest.mark.parametrize(("spread", "least"), [(0.15, 0.95), (0.3, 0.95), (0.5, 0.9)])
def test_squares_that_are_left_after_a_sixth_are_found(spread: float, least: float) -> None:
    chance, found = random.Random(6), 0
    for _ in range(200):
        counts = [max(1, round(60 * chance.lognormvariate(0.0, spread))) for _ in range(12)]
        found += bool(of_squares(*counts, 10, 5))
    assert found >= least * 200
