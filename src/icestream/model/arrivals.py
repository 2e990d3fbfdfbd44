"""How often movies come, told from when they were found."""

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Rhythm", "pause_after", "rhythm_of", "usual_interval"]

_GAPS = 4
"""Fewer gaps between movies say nothing of what is usual."""
_SPAN = 300.0
"""Seconds of movies without which there is no rhythm."""
_PAUSE, _SHORTEST = 6.0, 90.0
"""A gap is a pause when it is so many times the usual one, and no fewer seconds."""
_FADE = 1200.0
"""Seconds of acquisition after which a gap weighs 1/e of a new one."""
_FLOOD, _FULL = 10, 2
"""Times the usual of a minute that are no rate; the second in the first minutes of all."""
_LAST = 6
"""Runs and pauses that say what the next are like."""
_OVER = 3.0
"""Times the longest pause after which nothing more is expected."""


def usual_interval(times: Iterable[float]) -> float | None:
    """Median seconds between two movies; None where fewer than five moments are known.

    Movies that were found together count as one: a folder may have held those of a whole day.

    Parameters
    ----------
    times
        When each was found, in seconds, in any order.
    """
    moments = sorted({round(time) for time in times})
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    return float(statistics.median(gaps)) if len(gaps) >= _GAPS else None


def pause_after(usual: float) -> float:
    """Seconds between two movies above which they are a pause, for those that are usual."""
    return max(_PAUSE * usual, _SHORTEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How movies come: runs at some rate, with pauses between them."""

    rate: float
    """Movies in a second of a run; recent ones weigh more."""
    spread: float
    """Relative standard error of the rate."""
    runs: tuple[float, ...] = ()
    """Seconds of the last runs that have ended."""
    pauses: tuple[float, ...] = ()
    """Seconds of the last pauses that have ended."""
    since: float = 0.0
    """Seconds for which the present run or pause has lasted."""
    pausing: bool = False
    over: bool = False
    """Whether the silence is so long that nothing more is expected."""

    @property
    def mean(self) -> float:
        """Movies in a second, the pauses included; 0 when nothing more is expected."""
        if self.over:
            return 0.0
        runs = [*self.runs, *([] if self.pausing else [self.since])]
        pauses = [*self.pauses, *([self.since] if self.pausing else [])]
        running, resting = sum(runs), sum(pauses)
        return self.rate * running / (running + resting) if running else self.rate


def rhythm_of(times: Sequence[float], now: float) -> Rhythm | None:
    """How movies come lately; None before five minutes of them are known.

    Parameters
    ----------
    times
        When each was found, in seconds, the oldest first.
    now
        In seconds.
    """
    times = _without_flood(times)
    usual = usual_interval(times)
    if usual is None or now - times[0] < _SPAN:
        return None
    pause = pause_after(usual)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    runs, pauses, run = [], [], 0.0
    weights = total = squares = age = 0.0
    for gap in gaps:
        if gap > pause:
            runs.append(run)
            pauses.append(gap)
            run = 0.0
        else:
            run += gap
    for gap in reversed(gaps):
        if gap <= pause:
            age += gap
            weight = math.exp(-age / _FADE)
            weights, total = weights + weight, total + weight * gap
            squares += weight * weight
    silence = max(0.0, now - times[-1])
    pausing = silence > pause
    longest = max(pauses, default=pause)
    return Rhythm(
        rate=weights / total,
        spread=math.sqrt(squares) / weights,
        runs=tuple([*runs, *([run] if pausing else [])][-_LAST:]),
        pauses=tuple(pauses[-_LAST:]),
        since=silence if pausing else run + silence,
        pausing=pausing,
        over=pausing and silence > _OVER * max(longest, 600.0),
    )


def _without_flood(times: Sequence[float]) -> Sequence[float]:
    """Without minutes in which more were found than usually: they had been there before.

    At the beginning that is what a source finds in its folder; later, what a network that came back
    brings at once.
    """
    minutes = Counter(int(time // 60) for time in times)
    if len(minutes) < _GAPS:
        return times
    usual = statistics.median(minutes.values())
    flooded = {minute for minute, count in minutes.items() if count > _FLOOD * usual}
    for minute in sorted(minutes):
        if minutes[minute] <= _FULL * usual:
            break
        flooded.add(minute)
    return [time for time in times if int(time // 60) not in flooded] or times
