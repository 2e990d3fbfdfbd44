"""A day at a facility: sessions begin, movies come, accidents happen, and all has to be there."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from whole_facility.accidents import Outages, all_at_once, befall, kills, outages
from whole_facility.beginning import ask_by_message, begin_all, counts
from whole_facility.reckoning import everything, finished
from whole_facility.watching import Heard, Seen
from whole_facility.world import world

__all__ = ["Day", "DayReport", "live_through"]


@dataclass(frozen=True, kw_only=True)
class Day:
    """What happens."""

    microscopes: int = 3
    movies: int
    """Of each microscope."""
    every: float
    """Seconds between two movies of a microscope."""
    kills: int = 2
    """How often each part is killed."""
    away: float
    """Seconds for which each service and each disk is away."""
    lasts: float
    """Seconds over which accidents are spread, beside the times that things are away."""
    patience: float
    """Seconds for which a duty fails before staff are told."""
    at_once: bool = False
    """Bookings are there before the duties are, and all but the registry is away at once."""
    seed: int = 1
    wait: float = 7200.0
    """Seconds in which all is to be caught up."""


@dataclass
class DayReport:
    """What came of it."""

    wrong: dict[str, list[str]] = field(default_factory=dict)
    """All that is wrong in the end, by what was compared."""
    accidents: list[str] = field(default_factory=list)
    times: list[dict[str, float]] = field(default_factory=list)
    """Of each session: seconds from its booking being there until it was known, from somebody's
    turn to begin until it had begun, and until its first movie was processed."""
    acquired: float = 0.0
    """Seconds in which the microscopes wrote."""
    processed: float = 0.0
    """Seconds from the first movie until the last was processed."""
    seen: dict[str, Any] = field(default_factory=dict)
    again: dict[str, int] = field(default_factory=dict)
    """Messages that came once more, by queue."""
    starts: dict[str, int] = field(default_factory=dict)


def live_through(folder: Path, day: Day, say: Callable[[str], None] = print) -> DayReport:
    """Let the day happen; what was wrong, and what was measured."""
    report, noted, random = DayReport(), Outages(), Random(day.seed)
    away = all_at_once if day.at_once else outages

    def told(what: str) -> None:
        report.accidents.append(what)
        say(what)

    given = {"patience": day.patience, "booked": day.at_once}
    with world(folder, day.movies, day.every, day.microscopes, **given) as made:
        heard, seen = Heard(made), Seen(made)
        with heard, seen:
            begin_all(made)
            for one in made.microscopes:
                report.times.append(_times(one.times))
                say(f"{one.session} was begun by {one.how}: {report.times[-1]}")
            happening = kills(made) * day.kills + away(made, day.away, noted)
            befall(happening, day.lasts, random, told)
            asked = [f"start-{one.visit}" for one in made.microscopes if one.how == "message"]
            for one in made.microscopes:
                status = {"id": f"status-{one.visit}", "action": "status"}
                asked.append(status["id"])
                ask_by_message(made, {**status, "session": one.session})
            done = [counts(one)["done"] for one in made.microscopes]
            say(f"accidents are over; {done} are processed")
            finished(made, day.wait)
            say("all is processed, delivered and backed up")
            # What was said last is on the queue in a moment.
            time.sleep(10.0)
            written = [told["time"] for one in made.microscopes for told in one.written(made)]
            total = len(made.microscopes) * day.movies
            report.acquired = max(written) - min(written)
            report.processed = next(when for when, count in seen.history if count >= total) - min(
                written
            )
            report.wrong = everything(made, heard, asked, noted, say)
            lags = seen.measured.lags
            report.seen = {
                "answers": dict(seen.measured.answers), "refused": dict(seen.measured.refused),
                "cpu": seen.used(), "memory": dict(seen.memory), "lags": lags,
            }  # fmt: skip
            report.again = dict(heard.again)
            report.starts = {part.name: part.starts for part in (made.server, made.duties)}
    return report


def _times(times: dict[str, float]) -> dict[str, float]:
    return {
        "booking known": round(times["offered"] - times["booked"], 1),
        "session begun": round(times["begun"] - times["turn"], 1),
        "first movie": round(times["first"] - times["turn"], 1),
    }
