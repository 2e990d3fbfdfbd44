"""All exposures of a session at once: what a reader begins with that follows it from then on."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select

from icestream.store import tables as t
from icestream.store.current import Branch
from icestream.store.current import current as current_of
from icestream.store.events import ExposureStateChanged
from icestream.store.open import Store
from icestream.store.records import ExposureRecord

__all__ = [
    "ExposureTimes",
    "WholeColumn",
    "every_exposure",
    "every_value",
    "exposure_times",
    "newest_value",
]

_PAGE = 5000
_PAIR = np.dtype([("subject", np.int64), ("value", np.float64)])


@dataclass(frozen=True, slots=True)
class ExposureTimes:
    """When something happened to exposures, by their ids; seconds since the epoch."""

    upto: int
    """Number of the last event that was looked at."""
    last: dict[int, float] = field(default_factory=dict)
    """When something last happened to each."""
    ended: dict[int, float] = field(default_factory=dict)
    """When each needed nothing more for the first time."""


@dataclass(frozen=True, slots=True)
class WholeColumn:
    """What one step measured of a quality, on all exposures, in order of commit."""

    step: str
    name: str
    subjects: NDArray[np.int64]
    values: NDArray[np.float64]


def every_exposure(store: Store) -> Iterator[ExposureRecord]:
    """All exposures in order of arrival, without the states of their tasks."""
    last = 0
    chosen = (
        select(t.exposure, t.subject.c.name, t.subject.c.number)
        .join(t.subject, t.subject.c.id == t.exposure.c.id)
        .order_by(t.exposure.c.id)
        .limit(_PAGE)
    )
    while True:
        with store.read() as connection:
            rows = connection.execute(chosen.where(t.exposure.c.id > last)).all()
        for row in rows:
            yield ExposureRecord(
                id=row.id,
                number=row.number,
                name=row.name,
                state=row.state,
                reasons=tuple(json.loads(row.reasons)),
                found=row.found,
                details=json.loads(row.details),
            )
        if len(rows) < _PAGE:
            return
        last = rows[-1].id


def exposure_times(store: Store, *, branch: str | None = None) -> ExposureTimes:
    """When something happened to each exposure, as the events of the session tell.

    Of a branch, where one is named, its tasks tell: events say of the adopted one alone when an
    exposure needed nothing more.
    """
    if branch is not None:
        return _times_beside(store, branch)
    event = t.event.c
    ours = t.event.join(t.exposure, t.exposure.c.id == event.subject_id)
    with store.read() as connection:
        upto = int(connection.execute(select(func.max(event.seq))).scalar() or 0)
        newest = (
            select(event.subject_id, func.max(event.time).label("time"))
            .select_from(ours)
            .where(event.seq <= upto)
            .group_by(event.subject_id)
        )
        last = {row.subject_id: row.time for row in connection.execute(newest)}
        ends = (
            select(event.subject_id, event.time, event.document)
            .select_from(ours)
            .where(event.kind == ExposureStateChanged.kind, event.seq <= upto)
            .order_by(event.seq)
        )
        ended: dict[int, float] = {}
        for part in connection.execute(ends).partitions(_PAGE):
            for row in part:
                going = json.loads(row.document).get("state") == "going"
                if row.subject_id not in ended and not going:
                    ended[row.subject_id] = row.time
    return ExposureTimes(upto, last, ended)


def _times_beside(store: Store, branch: str) -> ExposureTimes:
    with store.read() as connection:
        upto = int(connection.execute(select(func.max(t.event.c.seq))).scalar() or 0)
        members = current_of(connection, branch)
        chosen = (
            select(t.task.c.subject_id, func.max(t.task.c.ended).label("time"))
            .join(members, members.c.revision_id == t.task.c.revision_id)
            .join(t.exposure, t.exposure.c.id == t.task.c.subject_id)
            .where(t.task.c.ended.is_not(None))
            .group_by(t.task.c.subject_id)
        )
        times = {row.subject_id: row.time for row in connection.execute(chosen)}
    return ExposureTimes(upto, times, times)


def newest_value(store: Store) -> int:
    """Number of the newest value that was measured; 0 before the first."""
    with store.read() as connection:
        return int(connection.execute(select(func.max(t.quality.c.id))).scalar() or 0)


def every_value(store: Store, upto: int, *, branch: Branch = None) -> Iterator[WholeColumn]:
    """What each step of a branch measured on exposures, a column for each quality.

    The deepest step comes last: what it measured counts.

    Parameters
    ----------
    upto
        Number of the last value that is wanted, as `newest_value` tells it.
    """
    quality = t.quality.c
    with store.read() as connection:
        current = current_of(connection, branch)
        ordered = (
            select(current.c.name, current.c.revision_id)
            .join(t.revision, t.revision.c.id == current.c.revision_id)
            .order_by(t.revision.c.depth, current.c.id.desc())
        )
        steps = connection.execute(ordered).all()
        for step, revision in steps:
            of_step = select(quality.name).where(quality.revision_id == revision).distinct()
            for name in sorted(connection.execute(of_step).scalars()):
                chosen = (
                    select(quality.subject_id, quality.value)
                    .join(t.exposure, t.exposure.c.id == quality.subject_id)
                    .where(quality.revision_id == revision, quality.name == name)
                    .where(quality.id <= upto)
                    .order_by(quality.id)
                )
                cursor = connection.execute(chosen).cursor
                assert cursor is not None  # a query has one
                # Straight from the driver: a row object for each value takes twice as long.
                pairs = np.fromiter(iter(cursor.fetchone, None), dtype=_PAIR)
                if pairs.size:  # else it was measured on batches
                    yield WholeColumn(step, name, pairs["subject"].copy(), pairs["value"].copy())
