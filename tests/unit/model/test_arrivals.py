"""How often movies come."""

import pytest

from icestream.model.arrivals import rhythm_of, usual_interval


@pytest.mark.parametrize(
    ("times", "interval"),
    [
        ([0.0, 10.0, 20.0, 30.0, 41.0], 10.0),
        ([0.0, 10.0, 20.0, 30.0], None),
        ([5.0] * 100, None),  # a folder that was full
        ([0.0, 0.0, 0.0, 10.0, 20.0, 30.0, 600.0], 10.0),
    ],
)
def test_the_usual_interval(times: list[float], interval: float | None) -> None:
    assert usual_interval(times) == interval


def runs(*lengths: float, every: float = 10.0, pause: float = 300.0) -> list[float]:
    """Movies in runs of so many seconds, with pauses between them."""
    times, now = list[float](), 0.0
    for length in lengths:
        times += [now + every * number for number in range(int(length / every) + 1)]
        now = times[-1] + pause
    return times


def test_five_minutes_are_needed_to_know_how_movies_come() -> None:
    times = runs(290.0)
    assert rhythm_of(times, 299.0) is None
    assert rhythm_of(times, 300.0) is not None
    assert rhythm_of([], 1e6) is None


def test_runs_and_pauses_are_told_apart() -> None:
    times = runs(1200.0, 1800.0, 600.0)
    found = rhythm_of(times, times[-1] + 20.0)
    assert found is not None
    assert (found.runs, found.pauses, found.pausing) == ((1200.0, 1800.0), (300.0, 300.0), False)
    assert found.since == 620.0
    assert found.rate == pytest.approx(0.1)
    assert found.mean == pytest.approx(0.1 * 3620.0 / 4220.0)


def test_a_pause_that_lasts_is_one_until_it_is_far_too_long() -> None:
    times = runs(1200.0, 1800.0)
    resting = rhythm_of(times, times[-1] + 200.0)
    assert resting is not None
    assert (resting.pausing, resting.since, resting.over) == (True, 200.0, False)
    over = rhythm_of(times, times[-1] + 3.1 * 600.0)
    assert over is not None
    assert (over.over, over.mean) == (True, 0.0)


def test_the_rate_is_of_late() -> None:
    slow = runs(7200.0, every=20.0)
    times = [*slow, *(slow[-1] + time for time in runs(3600.0, every=8.0)[1:])]
    found = rhythm_of(times, times[-1])
    assert found is not None
    assert found.rate == pytest.approx(1 / 8.0, rel=0.1)


@pytest.mark.parametrize("flood", [[0.0] * 500, [20.0] * 40 + [70.0] * 40, [600.0] * 500])
def test_what_was_there_before_the_session_is_no_rate(flood: list[float]) -> None:
    """What a folder held is found in the first minutes; what a network brings late, later."""
    found = rhythm_of(sorted([*flood, *runs(1200.0)]), 1200.0)
    assert found is not None
    assert found.rate == pytest.approx(0.1, rel=0.1)
