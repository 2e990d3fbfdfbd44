"""The duty: what the rules ask for is done, or only said, over and over."""

import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from icestream.facility.duties.duty import Duty
from icestream.facility.duties.troubles import tell_troubles
from icestream.facility.file import FacilityFile, LoadedFacility
from icestream.facility.keep.aside import Busy, Moved, put_aside, settle
from icestream.facility.keep.copies import BackupCopies
from icestream.facility.keep.inventory import kept_inventory, take_inventory
from icestream.facility.keep.kinds import Keep
from icestream.facility.keep.known import Layout
from icestream.facility.keep.later import bring_back, remove_for_good
from icestream.facility.keep.planning import (
    RemovalPlan,
    decisions,
    facts_of,
    layout_of,
    plan_removal,
)
from icestream.facility.keep.rules import Decision, SessionFacts
from icestream.facility.keep.storage import forecast
from icestream.facility.keep.telling import due_notices, tell_owners
from icestream.facility.kinds import Flaw
from icestream.facility.opened import Facility
from icestream.facility.registry import removals as rows
from icestream.facility.registry.records import KnownSession
from icestream.facility.registry.sessions import sessions
from icestream.settings import Settings

__all__ = ["Done", "keep_duties", "keep_flaws", "keep_house", "look_after", "plans"]

DUTY = "keep"
"""Under which the registry knows whether staff were told that the disk fills."""
_RUNNING, _ENDED = 3600.0, 86400.0
"""Seconds after which a place is looked at again, while its session goes on and later."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Done:
    """What was done about sessions' data."""

    removed: list[Moved] = field(default_factory=list)
    for_good: list[Moved] = field(default_factory=list)
    would: list[RemovalPlan] = field(default_factory=list)
    """What would have been removed, where nothing is."""
    told: int = 0
    busy: list[str] = field(default_factory=list)
    """What has to wait for something else."""

    def words(self) -> str:
        """In a line."""
        parts = []
        if any(one.files for one in self.removed):
            parts.append(f"put {_amount(self.removed)} aside")
        if self.for_good:
            parts.append(f"removed {_amount(self.for_good)} for good")
        if self.would:
            size = sum(one.bytes for one in self.would)
            files = sum(len(one.lines) for one in self.would)
            parts.append(f"would put {files} files ({_size(size)}) aside: act is not set")
        if self.told:
            parts.append(f"gave {self.told} warnings")
        left = sum(len(one.left) for one in (*self.removed, *self.for_good))
        left += sum(len(one.left) for one in self.would)
        if left:
            parts.append(f"{left} files stay that are due")
        if self.busy:
            parts.append(f"waits: {self.busy[0]}")
        return "; ".join(parts) or "nothing is due"


def keep_duties(file: FacilityFile) -> Iterable[Duty]:
    """The duty of what is kept, where the file has rules."""
    if file.keep is None:
        return ()
    return (
        Duty(
            name=DUTY,
            what="removes what rules say, and tells owners before",
            every=file.keep.every * 3600.0,
            lasts=86400.0,
            act=_act,
        ),
    )


def _act(facility: Facility, stop: threading.Event) -> str:
    done = keep_house(facility, stop)
    _watch_disk(facility)
    return done.words()


def keep_house(
    facility: Facility, stop: threading.Event | None = None, *, act: bool | None = None
) -> Done:
    """Look after the data of all sessions: finish what was interrupted, warn, put aside, remove.

    Parameters
    ----------
    facility
        The facility.
    stop
        Ends it soon.
    act
        Whether to remove; as the facility file says when not given.
    """
    keep, done = facility.file.keep or Keep(), Done()
    with facility.registry.read() as connection:
        found = [one for one in sessions(connection) if one.state != "gone"]
    for session in found:
        if stop is not None and stop.is_set():
            break
        try:
            facility.disks.require(Path(session.folder), Path(session.place))
            layout = layout_of(facility, session)
            if layout is None or not layout.place.is_dir():
                continue
            look_after(facility, session, layout, done, act=keep.act if act is None else act)
        except Busy as error:
            done.busy.append(session.said(str(error)))
        except (OSError, sqlite3.Error) as error:
            said = str(error)
            if isinstance(error, OSError) and error.filename:
                said = f"{error.filename}: {error.strerror or error}"
            done.busy.append(session.said(said))
            _log.warning(f"data could not be looked after: {done.busy[-1]}")
    return done


def look_after(
    facility: Facility, session: KnownSession, layout: Layout, done: Done, *, act: bool
) -> None:
    """Look after the data of one session.

    Raises
    ------
    Busy
        If something else is done with it now.
    OSError
        If its place cannot be read or written.
    """
    settle(facility, session, layout)
    _finish(facility, session, layout, done)
    _refresh(session, layout)
    facts = facts_of(facility, session, layout)
    for decision in decisions(facility.file.keep or Keep(), facts):
        if act:
            done.told += _warn(facility, session, layout, decision, facts)
        if decision.state != "due" or _is_empty(session, layout, decision):
            continue
        plan = plan_removal(session, layout, decision, _copies(facility), compare=act)
        if not act:
            done.would += [plan] if plan.lines or plan.left else []
            continue
        outcome = put_aside(facility, plan, "the rules")
        if outcome is not None:
            take_inventory(layout)
        outcome = outcome or Moved(0)
        outcome.left += plan.left
        done.removed.append(outcome)


def plans(facility: Facility, session: KnownSession, layout: Layout) -> Iterator[RemovalPlan]:
    """What becomes of each class of a session's data now; nothing is changed."""
    facts = facts_of(facility, session, layout)
    for decision in decisions(facility.file.keep or Keep(), facts):
        yield plan_removal(session, layout, decision, _copies(facility), compare=False)


def keep_flaws(known: LoadedFacility, settings: Settings) -> Iterator[Flaw]:
    """What is wrong with the rules of what is kept."""
    keep = known.file.keep
    if keep is None:
        return
    if keep.mail and keep.mail not in settings.channels:
        there = ", ".join(settings.channels) or "none"
        yield Flaw("keep.mail", f"the settings have no channel {keep.mail!r}; there are {there}")
    elif keep.mail and settings.channels[keep.mail].kind != "email":
        yield Flaw("keep.mail", f"the channel {keep.mail!r} is no email: owners are told by mail")
    if keep.handover is not None and known.file.handover is not None:
        what = (
            f"what people fetch lies in {known.file.handover.folder}, and goes by handover.days; "
            "the rule is for a folder of that name in each session's place: leave it out, or leave "
            "[handover] out"
        )
        yield Flaw("keep.handover", what)
    for kind, rule in keep.rules.items():
        if keep.act and rule.warn and not _can_tell(known, settings):
            what = (
                "its owners are to be told before, and the settings have no channel of the staff: "
                "nothing would ever be removed. Name channels in facility.staff, or write warn = []"
            )
            yield Flaw(f"keep.{kind}.warn", what)
        if kind in ("raw", "project") and rule.needs == "nothing":
            what = f"the {kind} data are removed without a copy of them anywhere"
            yield Flaw(f"keep.{kind}.needs", what, stops=False)
    if keep.rules and not keep.act:
        yield Flaw("keep.act", "nothing is removed, only said: write act = true", stops=False)


def _can_tell(known: LoadedFacility, settings: Settings) -> bool:
    names = (*known.file.facility.staff, *([known.file.keep.mail] if known.file.keep else []))
    return any(name in settings.channels for name in names)


def _copies(facility: Facility) -> BackupCopies:
    """What the backups of the facility file hold."""
    return BackupCopies(facility.file.backup)


def _finish(facility: Facility, session: KnownSession, layout: Layout, done: Done) -> None:
    """Go on with what was interrupted, and remove for good what lay aside for long enough."""
    with facility.registry.read() as connection:
        found = rows.removals(connection, session=session.id)
    now = time.time()
    for one in found:
        if one.state == "undoing":
            bring_back(facility, session, layout, one, one.who)
        elif one.state == "purging" or (one.state == "removed" and one.until <= now):
            try:
                done.for_good.append(remove_for_good(facility, layout, one, _copies(facility)))
            except Busy as error:
                done.busy.append(session.said(str(error)))


def _refresh(session: KnownSession, layout: Layout) -> None:
    """Look at a place again when what is known of it is old."""
    known = kept_inventory(layout.folder)
    patience = _RUNNING if session.ended is None else _ENDED
    if known is None or time.time() - known.at > max(patience, 20 * known.seconds):
        take_inventory(layout)


def _is_empty(session: KnownSession, layout: Layout, decision: Decision) -> bool:
    """Whether nothing of a class was left at the last look, and nothing came since."""
    here = kept_inventory(layout.folder)
    if here is None or here.problem or session.ended is None or here.at < session.ended:
        return False
    return decision.kind not in here.tallies


def _warn(
    facility: Facility,
    session: KnownSession,
    layout: Layout,
    decision: Decision,
    facts: SessionFacts,
) -> int:
    keep = facility.file.keep or Keep()
    wanted = due_notices(keep, decision, facts.notices, facts.now)
    here = kept_inventory(layout.folder)
    tally = None if here is None else here.tallies.get(decision.kind)
    if not wanted or tally is None or not tally.files:
        return 0
    return int(bool(tell_owners(facility, session, decision, wanted, tally.bytes)))


def _watch_disk(facility: Facility) -> None:
    """Tell staff when the disk will be full soon, and when that is over."""
    keep = facility.file.keep or Keep()
    found = forecast(facility)
    soon = found.early is not None and found.early < keep.alert
    wrong = {}
    if soon and found.early is not None:
        message = (
            f"the disk of {facility.sessions} may be full in {found.early:.0f} days "
            f"(as likely as not in {_days(found.days)}): icestream facility forecast says why"
        )
        wrong["facility.disk"] = (time.time(), message)
    tell_troubles(facility, "facility.disk", wrong, level="warning", patience=0.0)


def _days(days: float | None) -> str:
    return "more than two years" if days is None else f"{days:.0f} days"


def _amount(outcomes: Iterable[Moved]) -> str:
    found = list(outcomes)
    files = sum(one.files for one in found)
    return f"{files} files ({_size(sum(one.bytes for one in found))})"


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
