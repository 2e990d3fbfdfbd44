"""The three answers at the head of the page.

Does the microscope deliver, are the data good, does the processing keep up?
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from icestream.model import QUALITIES, Taken
from icestream.model.arrivals import usual_interval
from icestream.report.follow import Follower
from icestream.store.records import AlertRecord

__all__ = ["RECENT", "Answer", "data_answer", "recent_values", "verdicts"]

RECENT = 50
"""Exposures that count as the present."""
_FEW = 3
"""Fewer exposures say nothing of the data."""
_GOOD, _POOR = 0.8, 0.5
"""Shares of accepted exposures."""
_QUIET = 5.0
"""Times the usual interval between two movies after which the microscope is said to be quiet."""
_SHORTEST = 120.0
"""Seconds; a shorter silence is never one."""
_LIMIT = re.compile(
    r"^(?:\S+: )?(.*?) [-\u2212\d.,e+]+ ?\S* (is (?:above|below)) (?:the limit of )?(.*)$"
)
_LONGEST = 90

State = Literal["good", "watch", "bad", "unknown", "ended"]
Answer = tuple[State, str, str]
"""A state, a word or two, and a line that says why."""


def verdicts(
    follower: Follower, alerts: Sequence[AlertRecord], rates: Mapping[str, Any], taken: Taken
) -> list[dict[str, Any]]:
    """The answers, each with its state, a word or two, and a line that says why.

    Parameters
    ----------
    follower
        What is known of the session.
    alerts
        Those that hold now.
    rates
        As the page draws them, with the time of now.
    taken
        What the session takes in.
    """
    return [
        {"about": about, "state": state, "word": word, "why": why}
        for about, (state, word, why) in (
            ("Microscope", _microscope(follower, alerts, rates, taken)),
            ("Data", _data(follower, alerts)),
            ("Processing", _processing(follower, rates, taken)),
        )
    ]


def _microscope(
    follower: Follower, alerts: Sequence[AlertRecord], rates: Mapping[str, Any], taken: Taken
) -> Answer:
    found, state = follower.found, follower.session.state
    if state in ("done", "stopped"):
        word = "Session finished" if state == "done" else "Session stopped"
        return "ended", word, f"{taken.count(found)} found"
    if not found:
        return "unknown", "Waiting", f"no {taken.one} has come yet"
    if any(alert.key == "arrivals.silent" for alert in alerts):
        return "bad", f"No {taken.many} come", "see the alert"
    usual = usual_interval(follower.arrivals(RECENT))
    silence = rates["now"] - rates["awaited"]
    if usual is not None and silence > max(_QUIET * usual, _SHORTEST):
        return "watch", "Quiet", f"usually a {taken.one} comes every {_time(usual)}"
    speed = rates["found"]
    why = f"{speed:,.0f} {taken.many} an hour" if speed else f"{taken.count(found)} so far"
    return "good", "Delivering", why


def _data(follower: Follower, alerts: Sequence[AlertRecord]) -> Answer:
    states, reasons = _recent_states(follower)
    return data_answer(states, reasons, len(follower.table), alerts)


def data_answer(
    states: str, reasons: Sequence[str], total: int, alerts: Iterable[AlertRecord]
) -> Answer:
    """Whether the data are good: a state, a word or two, and a line that says why.

    Parameters
    ----------
    states
        Of the newest exposures that are settled: a letter each, ``a`` for those accepted.
    reasons
        Why those were rejected that were.
    total
        All exposures.
    alerts
        Those that hold now.
    """
    settled = len(states)
    if not settled:
        return "unknown", "Not known yet", "no exposure is processed yet"
    accepted = states.count("a")
    many = "exposure" if settled == 1 else "exposures"
    of = settled if settled == total else f"the last {settled}"
    why = f"{accepted} of {of}{'' if reasons else f' {many}'} accepted"
    if reasons:
        blamed, count = Counter(map(_blamed, reasons)).most_common(1)[0]
        why += f"; {'most often' if count < len(reasons) else 'rejected'}: {blamed}"
    if settled < _FEW:
        return "unknown", "Too few to tell", why
    warned = [alert for alert in alerts if alert.level != "notice" and _on_quality(alert)]
    share = accepted / settled
    if share < _POOR:
        return "bad", "Poor", why
    if share < _GOOD or warned:
        return "watch", "Mixed" if share < _GOOD else "Look at the alert", why
    return "good", "Good", why


def _processing(follower: Follower, rates: Mapping[str, Any], taken: Taken) -> Answer:
    table = follower.table
    behind, failed = table.counts["p"], table.counts["f"]
    said = f" · {failed:,} failed" if failed else ""
    rests = follower.record is not None and follower.record.state != "active"
    over = rests or follower.session.state in ("done", "stopped")
    state: State = "ended" if over else "good"
    if follower.session.state in ("paused", "held"):
        return "watch", "Paused", f"{taken.count(behind)} to go{said}"
    if not len(table):
        return "unknown" if state == "good" else state, "Nothing to do", "no exposure yet"
    if failed > 0.1 * len(table):
        return "bad", "Failures", f"{failed:,} of {taken.count(len(table))} failed"
    if not behind:
        return state, "All processed" if state == "ended" else "Up to date", _delay(rates) + said
    if state == "ended":
        return "watch", "Not all processed", f"{taken.count(behind)} to go{said}"
    if rates["forecast"] is None:  # foreseen is what the adopted branch does
        return "good", "In progress", f"{taken.count(behind)} to go{said}"
    word, why = _outlook(rates["forecast"], f"{taken.count(behind)} in progress")
    return "good" if word in ("Keeping up", "Catching up") else "watch", word, why + said


def _outlook(forecast: Mapping[str, Any], otherwise: str) -> tuple[str, str]:
    """A word, and when it will have caught up or what would help."""
    outlook, slow = forecast["outlook"], forecast["slow"]
    if outlook == "falling behind":
        return "Falling behind", f"{100 * slow:.0f} % too slow{_help(forecast)}"
    if outlook == "level":
        return "Behind", forecast["words"]
    if outlook == "catching up":
        return "Too slow" if slow else "Catching up", forecast["words"]
    return "Keeping up", otherwise


def _help(forecast: Mapping[str, Any]) -> str:
    """The first thing that would be enough, in few words."""
    for remedy in forecast["helps"]:
        if remedy["enough"] and remedy["kind"] == "later":
            return f"; pausing {' and '.join(remedy['steps'])} would help"
        if remedy["enough"]:
            cores = "core" if remedy["cores"] == 1 else "cores"
            return f"; {remedy['cores']} {cores} more would keep up"
    return ""


def _delay(rates: Mapping[str, Any]) -> str:
    latency = rates["latency"]
    return "" if latency is None else f"{_time(latency)} from file to result"


def _recent_states(follower: Follower) -> tuple[str, list[str]]:
    """States of the newest exposures that are settled, and why they were rejected."""
    table, states, reasons = follower.table, "", []
    for order in range(len(table) - 1, max(-1, len(table) - 1 - 4 * RECENT), -1):
        state = chr(table.state[order])
        if state == "p":
            continue
        states += state
        if state == "r" and table.reasons[order]:
            reasons.append(table.reasons[order])
        if len(states) == RECENT:
            break
    return states, reasons


def recent_values(follower: Follower, name: str) -> list[float]:
    """A quality of the newest exposures, in the unit of the store; empty where none has it."""
    histogram = follower.table.qualities.get(name)
    if histogram is None:
        return []
    return [value for value in histogram.values[-RECENT:] if np.isfinite(value)]


def _blamed(reasons: str) -> str:
    """The first reason without what is only of this exposure: ``Defocus above 5 µm``."""
    first = re.sub(r" \([^()]*\)$", "", reasons.split("; ", maxsplit=1)[0])
    found = _LIMIT.match(first)
    if found:
        return _small(f"{found[1]} {found[2].removeprefix('is ')} {found[3]}")[:_LONGEST]
    plain = _small(re.sub(r"^\S+: ", "", first))
    return plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 1]}…"


def _small(text: str) -> str:
    """A sentence as a part of another; an acronym stays."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _on_quality(alert: AlertRecord) -> bool:
    """Whether an alert is about what was measured on exposures."""
    families = {name.partition(".")[0] for name in QUALITIES}
    return alert.key.partition(".")[0] in families


def _time(seconds: float) -> str:
    if seconds < 90.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400.0 else f"{seconds / 3600:.1f} h"
