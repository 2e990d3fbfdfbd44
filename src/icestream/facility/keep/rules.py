"""The rules: what of a session may be removed now, and why not. Nothing is looked at or changed.

A class of data goes when all of this is so: there is a rule for it, the session was ended for long
enough, nobody and nothing holds it, and people were told for long enough. A file of it goes when it
is what it was when its copy was verified.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from icestream.facility.keep.kinds import Data, Keep, KeepException, KeepRule
from icestream.facility.registry.records import DataHold, Notice

__all__ = ["DAY", "READ", "Copy", "Decision", "FileFacts", "SessionFacts", "decide", "hindrance"]

DAY = 86400.0

READ = "read"
"""What hinders a file until its content was compared with what its copy holds."""
_CHANGED = "it has changed since its copy was verified"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFacts:
    """What is known of a session when it is decided; times are seconds since the epoch."""

    project: str = ""
    team: str = ""
    ended: float | None
    """When it was last processed; None: it goes on, or nobody knows."""
    holds: Sequence[DataHold] = ()
    busy: Sequence[str] = ()
    """What is under way with it, in words: it runs, it is copied, it is exported."""
    notices: Sequence[Notice] = ()
    now: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of one class of data of one session."""

    kind: Data
    state: Literal["kept", "held", "busy", "waits", "warned", "due"]
    """kept: for ever. held: somebody wants it. busy: something is under way. waits: its time has
    not come. warned: people have not been told for long enough. due: it goes now."""
    why: str
    rule: KeepRule | None = None
    due: float = math.inf
    """When its time comes, by the rule; infinity: never."""
    last: float = math.inf
    """The earliest at which it can go: people have been told for long enough then, too."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of a file in a backup, which was read back there and found right."""

    backup: str
    size: int
    modified: int
    """Nanoseconds since the epoch: of the file as it was copied."""
    digest: str
    at: float
    """When it was copied, seconds since the epoch."""
    volume: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """What is known of a file when it is decided."""

    kind: str
    size: int
    modified: int
    """Nanoseconds since the epoch."""
    changed: float
    """When its inode last changed, seconds since the epoch."""
    is_file: bool = True
    """An ordinary file: no link, no device."""
    is_store: bool = False
    """A database, of which a backup has a copy of its state at a moment, and not the file."""


def decide(keep: Keep, kind: Data, facts: SessionFacts) -> Decision:
    """What becomes of a class of data of a session now."""
    rule = keep.rule(kind)
    exception = _exception(keep, kind, facts)
    for hold in facts.holds:
        if hold.holds(kind, facts.now):
            until = "" if hold.until is None else f" until {_day(hold.until)}"
            return Decision(kind=kind, state="held", why=f"held by {hold.who}{until}: {hold.why}")
    if exception is not None and exception.hold:
        why = exception.why or "the facility file has an exception for it"
        return Decision(kind=kind, state="held", why=f"held: {why}")
    if rule is None:
        return Decision(kind=kind, state="kept", why="there is no rule for it")
    if exception is not None and exception.after is not None:
        rule = rule.model_copy(update={"after": exception.after})
    if math.isinf(rule.after):
        return Decision(kind=kind, state="kept", why="its rule says never", rule=rule)
    if facts.busy:
        return Decision(kind=kind, state="busy", why="; ".join(facts.busy), rule=rule)
    if facts.ended is None:
        return Decision(kind=kind, state="busy", why="it has not ended", rule=rule)
    return _in_time(kind, rule, facts, facts.ended + rule.after * DAY)


def _in_time(kind: Data, rule: KeepRule, facts: SessionFacts, due: float) -> Decision:
    last = due
    if rule.warn:
        told = [one.told for one in facts.notices if one.kind == kind and _is_of(one, due)]
        last = max(due, min(told) + min(rule.warn) * DAY) if told else math.inf
    if facts.now < due:
        return Decision(
            kind=kind, state="waits", rule=rule, due=due, last=last,
            why=f"{rule.after:g} days after it ended are over on {_day(due)}",
        )  # fmt: skip
    if facts.now < last:
        said = "people have not been told yet"
        if not math.isinf(last):
            said = f"people were told, and have until {_day(last)}"
        return Decision(kind=kind, state="warned", why=said, rule=rule, due=due, last=last)
    why = f"{rule.after:g} days after it ended were over on {_day(due)}"
    return Decision(kind=kind, state="due", why=why, rule=rule, due=due, last=last)


def hindrance(kind: Data, rule: KeepRule, file: FileFacts, copies: Sequence[Copy]) -> str:
    """Why a file is not removed although its class may be; empty where nothing speaks against it.

    ``read`` asks for its content to be compared with what the copy holds: its times alone do not
    tell whether it changed.
    """
    if file.kind != kind:
        return f"it is not of the class {kind}"
    if not file.is_file:
        return "it is no ordinary file"
    if rule.needs == "nothing":
        return ""
    if not copies:
        return "no backup has a verified copy of it"
    if file.is_store:
        newest = max(max(one.at * 1e9, one.modified) for one in copies)
        return "" if file.modified <= newest else _CHANGED
    same = [one for one in copies if (one.size, one.modified) == (file.size, file.modified)]
    if not same:
        return _CHANGED
    if any(file.changed <= one.at for one in same):
        return ""
    return READ


def _exception(keep: Keep, kind: Data, facts: SessionFacts) -> KeepException | None:
    """The exception that holds for a session: one that holds it wins, then the longest time."""
    fit = [
        one
        for one in keep.exceptions
        if kind in one.classes and (facts.project in one.project or facts.team in one.team)
    ]
    return max(fit, key=lambda one: (one.hold, one.after or 0.0), default=None)


def _is_of(notice: Notice, due: float) -> bool:
    """Whether people were told of this time: one that has moved later is another."""
    return abs(notice.due - due) < DAY


def _day(when: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(when))
