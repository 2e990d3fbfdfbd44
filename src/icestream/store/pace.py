"""How fast movies come and are processed, and when the last came: from the newest rows alone."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from icestream.model.arrivals import usual_interval
from icestream.store import tables as t
from icestream.store.current import current
from icestream.store.events import ExposureStateChanged, SessionStateChanged, StepStateChanged
from icestream.store.open import Store

__all__ = ["Pace", "count_waiting", "found_times", "looks_for_more", "pace", "went_on"]

HOUR = 3600.0
RECENT = 600.0
"""A rate is what happened in this many seconds."""
SPAN, ITEMS = 300.0, 5
"""Less than this is no evidence for a rate: seconds, and movies found."""
NEWEST = 500
"""Exposures that are looked at."""
_EVENTS = 50_000
"""The newest events that are looked at."""
LATENCIES = 50
"""Exposures whose delay is the session's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a session gets on; what there is no evidence for is None."""

    found: float | None = None
    """Movies found in an hour."""
    processed: float | None = None
    """Movies processed in an hour."""
    delay: float | None = None
    """Seconds from a movie's being found to its being processed, the median of the last fifty."""
    last: float | None = None
    """When the last movie was found, seconds since the epoch."""
    awaited: float | None = None
    """Since when the next one is awaited: the last was found, or the session went on, then."""
    interval: float | None = None
    """Usual seconds between two movies."""


def pace(store: Store, now: float, *, finished: bool = False) -> Pace:
    """How fast movies come and are processed; its cost does not grow with the session.

    Parameters
    ----------
    store
        The session's.
    now
        Seconds since the epoch.
    finished
        The session has ended: rates are the means of its whole time.
    """
    times = found_times(store)
    if not times:
        return Pace()
    with store.read() as connection:
        settled = _settled(connection)
        span, found, processed = _counted(connection, times, settled, now, finished=finished)
    known = found >= ITEMS and span >= SPAN
    newest = sorted(settled, key=lambda one: one.first)[-LATENCIES:]
    late = [max(0.0, one.first - one.found) for one in newest]
    return Pace(
        found=found / span * HOUR if known else None,
        processed=processed / span * HOUR if known else None,
        delay=statistics.median(late) if late else None,
        last=times[-1],
        awaited=max(times[-1], went_on(store)),
        interval=usual_interval(times),
    )


def found_times(store: Store, limit: int = NEWEST) -> list[float]:
    """When the newest exposures were found, the oldest first."""
    column = t.exposure.c
    chosen = select(column.found).order_by(column.id.desc()).limit(limit)
    with store.read() as connection:
        return sorted(connection.execute(chosen).scalars())


def went_on(store: Store) -> float:
    """When movies were looked for again: the session was started, or a pause was ended.

    What did not come before that was not missed. Seconds since the epoch; 0 where the newest events
    do not tell of it.
    """
    event = t.event.c
    with store.read() as connection:
        last = int(connection.execute(select(func.max(event.seq))).scalar() or 0)
        sources = select(t.revision.c.step_id).where(t.revision.c.kind == "source")
        chosen = (
            select(event.time, event.document)
            .where(event.seq > last - _EVENTS)
            .where(
                (event.kind == SessionStateChanged.kind)
                | ((event.kind == StepStateChanged.kind) & event.step_id.in_(sources))
            )
            .order_by(event.seq.desc())
        )
        resumed = (
            row.time
            for row in connection.execute(chosen)
            if json.loads(row.document).get("state") == "running"
        )
        return next(resumed, 0.0)


def count_waiting(store: Store) -> int:
    """Exposures that were found and need something more."""
    chosen = select(func.count()).where(t.exposure.c.state == "going")
    with store.read() as connection:
        return int(connection.execute(chosen).scalar_one())


def looks_for_more(store: Store) -> bool:
    """Whether a source of the session waits for more movies: it has not ended, nor is it paused."""
    with store.read() as connection:
        members = current(connection, None)
        chosen = (
            select(t.revision.c.id)
            .join(members, members.c.revision_id == t.revision.c.id)
            .where(t.revision.c.kind == "source", t.revision.c.state == "running")
            .limit(1)
        )
        return connection.execute(chosen).first() is not None


@dataclass(frozen=True, slots=True)
class _Settled:
    """One exposure that needs nothing more."""

    found: float
    first: float
    """When it had been through all steps for the first time."""


def _settled(connection: Connection) -> list[_Settled]:
    """The newest exposures that need nothing more."""
    column, task = t.exposure.c, t.task.c
    newest = (
        select(column.id, column.found)
        .where(column.state != "going")
        .order_by(column.id.desc())
        .limit(NEWEST)
        .subquery()
    )
    of_steps = (
        select(
            newest.c.id,
            newest.c.found,
            func.min(task.ended).label("first"),
        )
        .join(t.task, task.subject_id == newest.c.id)
        .where(task.ended.is_not(None))
        .group_by(newest.c.id, newest.c.found, task.step_id)
        .subquery()
    )
    steps = of_steps.c
    chosen = select(steps.found, func.max(steps.first).label("first"))
    rows = connection.execute(chosen.group_by(steps.id, steps.found))
    return [_Settled(*row) for row in rows]


def _counted(
    connection: Connection,
    times: Sequence[float],
    settled: Sequence[_Settled],
    now: float,
    *,
    finished: bool,
) -> tuple[float, int, int]:
    """Seconds, and how many movies were found and processed in them."""
    column = t.exposure.c
    first = float(connection.execute(select(func.min(column.found))).scalar_one())
    if finished:
        going = select(func.count()).select_from(t.exposure)
        total = int(connection.execute(going).scalar_one())
        left = int(connection.execute(going.where(column.state == "going")).scalar_one())
        last = max([times[-1], *(one.first for one in settled)])
        return last - first, total, total - left
    since = max(now - RECENT, first)
    if len(times) == NEWEST:
        since = max(since, times[0])  # of those that came before nothing was read
    found = sum(time >= since for time in times)
    return now - since, found, _ended_since(connection, since)


def _ended_since(connection: Connection, since: float) -> int:
    """Exposures, old or new, that came to an end since then; told by the newest events."""
    event = t.event.c
    last = int(connection.execute(select(func.max(event.seq))).scalar() or 0)
    chosen = (
        select(event.subject_id, event.document)
        .where(event.seq > last - _EVENTS, event.kind == ExposureStateChanged.kind)
        .where(event.time >= since)
        .order_by(event.seq)
    )
    states = {row.subject_id: json.loads(row.document) for row in connection.execute(chosen)}
    return sum(said["state"] != "going" for said in states.values())
