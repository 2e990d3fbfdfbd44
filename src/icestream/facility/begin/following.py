"""How sessions stand, followed into the registry; one whose process was lost goes on by itself."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from icestream.engine.machine.lock import SessionBusy, as_it_is, holder
from icestream.facility.answering import Silent
from icestream.facility.duties.duty import Duty
from icestream.facility.file import FacilityFile
from icestream.facility.opened import Facility
from icestream.facility.registry.records import KnownSession
from icestream.facility.registry.sessions import change_session, sessions
from icestream.starting.begin import NOT_STARTED, NotStarted, go_on, wait_for_it
from icestream.store import queries
from icestream.store.follow import commit_mark
from icestream.store.migrate import OtherSchema
from icestream.store.open import NoStore, open_store
from icestream.store.pace import found_times
from icestream.store.records import SessionRecord

__all__ = ["follow_sessions", "session_duties"]

_EVERY = 10.0
_MOST = 5
"""Times in a row that a session is started again by itself."""
_PAUSE = 60.0
"""Seconds between two of them, at least; twice as many each time."""
_FOLLOWED = ("new", "running", "stopped", "failed", "done")
_SELDOM = 600.0
"""Seconds after which one that is over is asked again whose store does not show its changes."""
_LONG, _MINUTE = 86400.0, 60.0
"""Seconds after its end from when on a session is looked at only so often."""
_OVER = ("done", "stopped", "failed")


def session_duties(file: FacilityFile) -> Iterable[Duty]:
    """The duty that follows sessions; every facility with microscopes has it."""
    if file.microscopes:
        yield Duty(
            name="sessions",
            what="follows sessions, and starts those again whose process was lost",
            every=_EVERY,
            act=SessionsFollowed().act,
        )


class SessionsFollowed:
    """All sessions of a facility; what is kept in memory only saves asking again."""

    def __init__(self) -> None:
        self._rest: dict[int, tuple[object, float, float]] = {}
        """What the stores of sessions that are over were, when they were asked, and looked at."""

    def act(self, facility: Facility, stop: threading.Event) -> str:
        """Write down how each session stands; of those that are over only where it is news."""
        return follow_sessions(facility, stop, self._asked)

    def _asked(self, known: KnownSession) -> dict[str, Any]:
        if known.state not in _OVER:
            self._rest.pop(known.id, None)
            return _values(known)
        now = time.time()
        last, at, looked = self._rest.get(known.id, (None, 0.0, 0.0))
        if now - (known.ended or now) > _LONG and now - looked < _MINUTE:
            return {}
        before = _mark(known)
        self._rest[known.id] = (last, at, now)
        if last == before and (before[0] is not None or now - at < _SELDOM):
            return {}
        values = _values(known)
        if _is_as(known, values):
            self._rest[known.id] = (_mark(known), now, now)
        return values


def _mark(known: KnownSession) -> tuple[object, ...]:
    """What is another where a session that is over may be so no more."""
    return commit_mark(Path(known.folder)), known.state, known.ended, known.exposures


def _is_as(known: KnownSession, values: Mapping[str, Any]) -> bool:
    return all(getattr(known, name) == value for name, value in values.items())


def follow_sessions(
    facility: Facility,
    stop: threading.Event,
    asked: Callable[[KnownSession], dict[str, Any]] | None = None,
) -> str:
    """Write down how each session stands, and let those go on whose process was lost.

    Parameters
    ----------
    asked
        Says what is otherwise of a session than the registry has it; by default its store does.
    """
    asked = _values if asked is None else asked
    with facility.registry.read() as connection:
        known = [one for one in sessions(connection) if one.state in _FOLLOWED]
    known.sort(key=lambda one: one.state in _OVER)  # those that run do not wait for the others
    counts = {"running": 0, "started again": 0}
    lost = []
    for one in known:
        if stop.is_set():
            break
        try:
            facility.disks.require(Path(one.folder))
        except Silent as error:
            lost.append(one.said(str(error)))
            continue
        values = asked(one)
        if values.get("state") == "lost":
            values = _revived(facility, one)
            counts["started again"] += values.get("state") == "running"
            if values.get("reason"):
                why = "" if one.confidential else f" ({values['reason']})"
                lost.append(f"{one.shown}{why}")
        counts["running"] += values.get("state", one.state) == "running"
        if any(getattr(one, name) != value for name, value in values.items()):
            with facility.registry.write() as connection:
                change_session(connection, one.id, **values)
    said = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    return "; ".join([said or "none runs", *lost])


def _values(known: KnownSession) -> dict[str, Any]:
    """What is otherwise of a session than the registry has it; ``lost`` where its process is."""
    folder = Path(known.folder)
    try:
        with closing(open_store(folder, readonly=True)) as store:
            before = queries.session(store)
            exposures = sum(queries.count_exposures(store).values())
            found = found_times(store, limit=1)
    except (NoStore, OtherSchema, DBAPIError, OSError) as error:
        if isinstance(error, NoStore) and not folder.exists() and folder.parent.exists():
            return {"state": "gone", "reason": "its folder is not there any more"}
        return {}  # a disk that is away is no news of a session
    now = as_it_is(before, folder)
    if now.state in _OVER and holder(folder):
        # Its process has not come to say so, or somebody else has taken the session for a moment.
        return {"state": "running", "exposures": exposures}
    if before.state == "stopped" and before.reason == NOT_STARTED:  # no process has come to it
        rests = known.state in ("new", "stopped")
        return {"exposures": exposures} if rests else {"state": "lost"}
    if now.state == "stopped" and before.state not in _OVER:
        ended = known.state == "stopped" and (known.ended or 0.0) >= before.changed
        return {"exposures": exposures} if ended else {"state": "lost"}  # a person ended it
    state = now.state if now.state in _OVER else "running"
    values: dict[str, Any] = {"state": state, "exposures": exposures, "reason": now.reason}
    values["taken"] = found[-1] if found else known.taken
    values["ended"] = _ended(known, now) if state in _OVER else None
    if state == "running" and known.revivals and _did_well(known):
        values["revivals"] = 0
    return values


def _ended(known: KnownSession, now: SessionRecord) -> float:
    return now.changed if known.ended is None else known.ended


def _did_well(known: KnownSession) -> bool:
    return time.time() - (known.revived or 0.0) > _PAUSE * 2.0**known.revivals


def _revived(facility: Facility, known: KnownSession) -> dict[str, Any]:
    """Start a session again, unless it was too often or a moment ago."""
    now, tried = time.time(), known.revivals
    if tried >= _MOST:
        reason = f"its process ended {tried} times in a row: icestream session start {known.name}"
        return {"state": "failed", "reason": reason, "ended": known.ended or now}
    if now - (known.revived or 0.0) < _PAUSE * 2.0 ** (tried - 1):
        return {}
    try:
        started = go_on(Path(known.folder), state=facility.loaded.settings.state)
        wait_for_it(started)
    except SessionBusy:
        return {}
    except (NotStarted, LookupError, OSError) as error:
        return {"reason": str(error), "revived": now, "revivals": tried + 1}
    return {"state": "running", "reason": "", "revived": now, "revivals": tried + 1}
