"""Forecasts in words, as people are told them everywhere."""

import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from icestream.model.filling import HORIZON, Filling
from icestream.model.forecast import Forecast, Remedy

__all__ = [
    "FIRST",
    "behind_words",
    "cost_words",
    "filling_document",
    "filling_words",
    "forecast_document",
    "outlook_words",
    "remedy_words",
]

_HOUR = 3600.0
FIRST = {
    "newest": "the newest go first",
    "oldest": "the oldest go first",
    "both": "the newest and the oldest go in turn",
}
"""Orders in words."""


def outlook_words(said: Forecast, now: float) -> str:
    """When it will have caught up, or by how much it is too slow; empty where it is up to date."""
    if said.outlook == "halted":
        return "nothing is processed now"
    if said.outlook == "falling behind" and said.slow:
        alone = f"; {_time(said.alone)} of work if nothing more came" if said.alone else ""
        return f"at this rate it will not catch up: {100 * said.slow:.0f} % too slow{alone}"
    if said.outlook == "level":
        return "as much comes as is processed: it stays as far behind"
    if said.outlook != "catching up" or said.until is None:
        return ""
    text = f"caught up at about {_clock(said.until, now)}{_between(said, now)}"
    if said.ends is not None and said.until > said.ends > now:
        text += f", {_time(said.until - said.ends)} after the end of acquisition"
    return text


def behind_words(said: Forecast, many: str) -> str:
    """How far behind it is: exposures, and hours of acquisition."""
    hours = f" ({_time(said.hours * _HOUR)} of acquisition)" if said.hours else ""
    return f"{said.behind:,} {many}{hours}"


def remedy_words(remedy: Remedy) -> str:
    """What would help, and by how much."""
    then = "it would keep up" if remedy.enough else f"{remedy.able:.0f} an hour could be processed"
    if remedy.kind == "later":
        several = len(remedy.steps) > 1
        names = " and ".join(filter(None, [", ".join(remedy.steps[:-1]), remedy.steps[-1]]))
        return (
            f"{names} {'take' if several else 'takes'} {100 * remedy.share:.0f} % of the time: "
            f"with {'them' if several else 'it'} paused until the acquisition has ended {then}"
        )
    cores = f"{remedy.cores} core{'' if remedy.cores == 1 else 's'}"
    if remedy.kind == "others":
        return f"other sessions have {cores} that this one may use: with them {then}"
    return f"with {cores} more, here or on another machine, {then}"


def cost_words(said: Forecast) -> Iterator[str]:
    """What each step costs, the dearest first: ``align 12.3 s (61 %)``."""
    for step in said.costs:
        seconds = step.seconds or 0.0
        yield f"{step.name} {seconds:.3g} s ({100 * seconds / said.cost:.0f} %)"


def filling_words(said: Filling, now: float) -> str:
    """When a disk will be full: ``full at about 04:10 (03:30 to 05:20)``; empty while unknown."""
    if said.state == "unknown":
        return ""
    if said.until is not None:
        return f"full at about {_clock(said.until, now)}{_between(said, now)}"
    far = f"not full within {HORIZON / 86400.0:.0f} days as it fills now"
    return (
        far if said.soonest is None else f"{far}, or at {_clock(said.soonest, now)} at the soonest"
    )


def filling_document(said: Filling, now: float | None = None) -> dict[str, Any]:
    """How a disk fills for programs, with the words that people are told where `now` is given."""
    document = asdict(said)
    return document if now is None else document | {"words": filling_words(said, now)}


def forecast_document(said: Forecast, now: float | None = None) -> dict[str, Any]:
    """The forecast for programs, with the words that people are told where `now` is given."""
    document = {
        name: getattr(said, name)
        for name in ("outlook", "behind", "hours", "found", "able", "until", "soonest", "latest")
    }
    document |= {
        "slow": said.slow,
        "alone": said.alone,
        "closed": said.closed,
        "ends": said.ends,
        "costs": {step.name: step.seconds for step in said.costs},
        "helps": [asdict(remedy) | {"words": remedy_words(remedy)} for remedy in said.remedies],
    }
    if now is not None:
        document["words"] = outlook_words(said, now)
    return document


def _between(said: Forecast | Filling, now: float) -> str:
    soonest = said.soonest
    if soonest is None:
        return ""
    if said.latest is None:
        return f" (not before {_clock(soonest, now)}, perhaps much later)"
    if said.latest - soonest < 120.0:
        return ""
    return f" ({_clock(soonest, now)} to {_clock(said.latest, now)})"


def _clock(moment: float, now: float) -> str:
    """A time of today or tonight, and its day where it is farther away."""
    near = moment - now < 20 * _HOUR
    return time.strftime("%H:%M" if near else "%a %H:%M", time.localtime(moment))


def _time(seconds: float) -> str:
    minutes = max(1, round(seconds / 60.0))
    if minutes < 90:
        return f"{minutes} min"
    return f"{seconds / _HOUR:.1f} h" if minutes < 48 * 60 else f"{seconds / 86400.0:.0f} days"
