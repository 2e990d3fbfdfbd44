"""What the events of a session are about, without a look at each of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from icestream.store import tables as t
from icestream.store.open import Store
from icestream.store.records import ExposureRecord

__all__ = ["Touched", "event_time", "every_id", "exposures_of", "touched"]


@dataclass(frozen=True, slots=True)
class Touched:
    """What some events are about."""

    exposures: tuple[int, ...]
    """Ids of exposures, in order of arrival."""
    kinds: frozenset[str]
    """Kinds of events that there are among them."""
    batches: bool
    """Whether some are about batches, such as a snapshot of the 2D classes."""


def touched(store: Store, *, after: int, until: int) -> Touched:
    """What the events with numbers above `after`, up to `until`, are about."""
    event = t.event.c
    within = (event.seq > after, event.seq <= until)
    kinds = select(event.kind).where(*within).distinct()
    subjects = select(event.subject_id).where(*within, event.subject_id.is_not(None)).distinct()
    about = select(t.subject.c.id, t.subject.c.kind).where(t.subject.c.id.in_(subjects))
    with store.read() as connection:
        rows = connection.execute(about.order_by(t.subject.c.id)).all()
        return Touched(
            exposures=tuple(row.id for row in rows if row.kind == "exposure"),
            kinds=frozenset(connection.execute(kinds).scalars()),
            batches=any(row.kind == "batch" for row in rows),
        )


def event_time(store: Store, number: int) -> float | None:
    """When the event with a number happened; None: there is none."""
    with store.read() as connection:
        chosen = select(t.event.c.time).where(t.event.c.seq == number)
        return connection.execute(chosen).scalar()


def last_event_by(store: Store, moment: float) -> int:
    """Number of the newest event that had happened at a moment; 0: there was none."""
    with store.read() as connection:
        chosen = select(func.max(t.event.c.seq)).where(t.event.c.time <= moment)
        return int(connection.execute(chosen).scalar() or 0)


def every_id(store: Store) -> tuple[int, ...]:
    """Ids of all exposures, in order of arrival."""
    with store.read() as connection:
        return tuple(
            connection.execute(select(t.exposure.c.id).order_by(t.exposure.c.id)).scalars()
        )


def exposures_of(store: Store, ids: Sequence[int]) -> tuple[ExposureRecord, ...]:
    """Exposures by their ids, in order of arrival, without the states of their tasks."""
    chosen = (
        select(t.exposure, t.subject.c.name, t.subject.c.number)
        .join(t.subject, t.subject.c.id == t.exposure.c.id)
        .where(t.exposure.c.id.in_(ids))
        .order_by(t.exposure.c.id)
    )
    with store.read() as connection:
        return tuple(
            ExposureRecord(
                id=row.id,
                number=row.number,
                name=row.name,
                state=row.state,
                reasons=tuple(json.loads(row.reasons)),
                found=row.found,
                details=json.loads(row.details),
            )
            for row in connection.execute(chosen)
        )
