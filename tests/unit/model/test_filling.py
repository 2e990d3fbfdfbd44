"""How the session's disk fills: what is foreseen, and how often that came true."""

from collections.abc import Callable, Iterable
from itertools import pairwise

import pytest

from icestream.model.filling import BLOCK, HORIZON, Filling, FreeSpace, filling_of
from simulated_disks import looks

GB = 1e9


def seen(rate: Callable[[int], float], blocks: int, left: float) -> list[tuple[float, float]]:
    """Readings two minutes apart that end with so many bytes; `rate` in bytes a second."""
    free = [left]
    for block in reversed(range(blocks)):
        free.append(free[-1] + BLOCK * rate(block))
    return [(BLOCK * place, each) for place, each in enumerate(reversed(free))]


def hours(said: Filling, now: float) -> tuple[float, float, float]:
    assert said.until is not None
    assert said.soonest is not None
    assert said.latest is not None
    return tuple((each - now) / 3600.0 for each in (said.soonest, said.until, said.latest))  # type: ignore[return-value]


def test_nothing_is_said_of_too_little() -> None:
    assert filling_of([]) == Filling()
    few = seen(lambda _: GB, 4, 100 * GB)
    assert filling_of(few) == Filling(free=100 * GB)
    assert filling_of(seen(lambda _: GB, 5, 100 * GB)).state == "in sight"


def test_an_even_rate_is_followed_to_its_end_with_doubt() -> None:
    """0.1 GB a second with 1440 GB left: four hours."""
    readings = seen(lambda _: 0.1 * GB, 180, 1440 * GB)
    said = filling_of(readings)
    low, middle, high = hours(said, readings[-1][0])
    assert said.rate == pytest.approx(0.1 * GB)
    assert middle == pytest.approx(4.0, rel=0.05)
    assert 3.0 < low < 3.7
    assert 4.3 < high < 5.5
    assert filling_of(readings) == said


@pytest.mark.parametrize("rate", [0.0, -0.2 * GB, 0.002 * GB])
def test_what_does_not_fill_or_not_soon_is_not_in_sight(rate: float) -> None:
    said = filling_of(seen(lambda _: rate, 60, 1000 * GB))
    assert (said.state, said.until) == ("not in sight", None)
    assert said.rate == pytest.approx(rate)


def test_what_is_just_within_three_days_is_in_sight() -> None:
    rate = 1000 * GB / (0.6 * HORIZON)
    assert filling_of(seen(lambda _: rate, 60, 1000 * GB)).state == "in sight"


@pytest.mark.parametrize("once", [-400 * GB, 400 * GB])
def test_what_was_freed_or_copied_once_is_no_rate(once: float) -> None:
    def rate(block: int) -> float:
        return once / BLOCK if block == 40 else 0.1 * GB

    readings = seen(rate, 60, 1440 * GB)
    assert hours(filling_of(readings), readings[-1][0])[1] == pytest.approx(4.0, rel=0.06)


def test_what_is_moved_away_again_and_again_is_a_rate() -> None:
    """Half of what an hour wrote is moved away at its end: it lasts twice as long."""

    def rate(block: int) -> float:
        return 0.1 * GB - (0.5 * 360 * GB / BLOCK if block % 30 == 15 else 0.0)

    readings = seen(rate, 180, 1440 * GB)
    assert hours(filling_of(readings), readings[-1][0])[1] == pytest.approx(8.0, rel=0.25)


def test_the_last_hour_weighs_more_than_what_was_before() -> None:
    """Twice as fast for an hour: it goes on so for now, and may be as before later."""
    readings = seen(lambda block: (0.1 if block < 150 else 0.2) * GB, 180, 360 * GB)
    assert hours(filling_of(readings), readings[-1][0])[1] == pytest.approx(0.5, rel=0.2)
    far = seen(lambda block: (0.1 if block < 150 else 0.2) * GB, 180, 7200 * GB)
    low, middle, high = hours(filling_of(far), far[-1][0])
    assert 10.0 < middle < 20.0
    assert high - low > 2.0


def test_pauses_of_the_acquisition_are_part_of_the_rate() -> None:
    readings = seen(lambda block: 0.0 if block % 5 == 0 else 0.1 * GB, 60, 1152 * GB)
    assert hours(filling_of(readings), readings[-1][0])[1] == pytest.approx(4.0, rel=0.1)


def test_readings_are_kept_as_blocks_of_the_last_half_day() -> None:
    space = FreeSpace()
    for second in range(0, 24 * 3600, 10):
        space.add(float(second), 1e12 - second * 1e6)
    readings = space.readings
    assert readings[-1] == (86390.0, 1e12 - 86390e6)
    assert len(readings) == 361
    gaps = {later[0] - earlier[0] for earlier, later in pairwise(readings)}
    assert max(gaps) <= BLOCK
    space.add(5.0, 1e12)  # a clock that was set back
    assert space.readings == ((5.0, 1e12),)


def test_brackets_hold_as_often_as_they_say() -> None:
    """Of nights with changing rates; `benchmarks/bench_disk.py` has more of them."""
    told = [look for seed in range(1, 9) for look in looks(seed) if look.full and look.said.until]
    assert len(told) > 100
    assert 0.68 < share(inside(look.said, look.full or 0.0) for look in told) < 0.97


def share(values: Iterable[bool]) -> float:
    every = list(values)
    return sum(every) / len(every)


def inside(said: Filling, full: float) -> bool:
    late = said.latest is None or full <= said.latest + 300.0
    return said.soonest is not None and said.soonest - 300.0 <= full and late
