"""What was measured on the newest exposures, in the order in which they were taken."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, Row, Subquery, func, select, union

from icestream.model import Exposure, MeasuredExposure, from_document
from icestream.store import tables as t
from icestream.store.current import current as current_of
from icestream.store.open import Store

__all__ = ["MeasuredWindow", "measured_exposures"]

_BATCHES = 100
"""Newest values of batches that are looked at."""


@dataclass(frozen=True, slots=True)
class MeasuredWindow:
    """The newest exposures with what was measured on them."""

    exposures: tuple[MeasuredExposure, ...] = ()
    """In the order in which they were taken."""
    revisions: Mapping[str, int] = field(default_factory=dict)
    """Which revision of a step each quality is of."""


def measured_exposures(store: Store, names: Collection[str], limit: int = 500) -> MeasuredWindow:
    """The newest exposures, by any step that reports these qualities; the deepest of several.

    A quality of a batch is that of its newest exposure. The cost does not grow with the session:
    at most `limit` exposures that were found last are read, and as many that were measured last.
    """
    with store.read() as connection:
        current = current_of(connection, None)
        subjects = _newest(connection, current, limit)
        reported, revisions = _values(connection, current, names, subjects)
        rows = connection.execute(
            select(t.exposure.c.id, t.exposure.c.found, t.exposure.c.details, t.subject.c.name)
            .join(t.subject, t.subject.c.id == t.exposure.c.id)
            .where(t.exposure.c.id.in_({*reported, *subjects}))
        ).all()
    # The newest were found one after another; of those before them, some may be missing.
    shots = _shots(rows, reported, set(subjects[-limit:]))
    return MeasuredWindow(tuple(shots[-limit:]), revisions)


def _newest(connection: Connection, current: Subquery, limit: int) -> list[int]:
    """Exposures that were found last, and those of which a task ended last."""
    found = select(t.exposure.c.id).order_by(t.exposure.c.id.desc()).limit(limit).subquery()
    parts = [select(found.c.id)]
    running = select(t.revision.c.id).join(current, current.c.revision_id == t.revision.c.id)
    for revision in connection.execute(running).scalars().all():
        ended = (
            select(t.task.c.subject_id.label("id"))
            .where(t.task.c.revision_id == revision)
            .order_by(t.task.c.serial.desc())
            .limit(limit)
            .subquery()
        )
        parts.append(select(ended.c.id))
    both = union(*parts).subquery()
    known = select(both.c.id).join(t.exposure, t.exposure.c.id == both.c.id)
    return sorted(connection.execute(known).scalars())


def _values(
    connection: Connection, current: Subquery, names: Collection[str], subjects: Iterable[int]
) -> tuple[dict[int, dict[str, float]], dict[str, int]]:
    """Values by exposure and name, and the revision that each name is of."""
    quality = t.quality.c
    chosen = (
        select(quality.subject_id, quality.name, quality.value, t.revision.c.id, t.revision.c.depth)
        .join(current, current.c.revision_id == quality.revision_id)
        .join(t.revision, t.revision.c.id == quality.revision_id)
        .where(quality.name.in_(list(names)))
    )
    rows = connection.execute(chosen.where(quality.subject_id.in_(list(subjects)))).all()
    batches = connection.execute(
        chosen.join(t.subject, t.subject.c.id == quality.subject_id)
        .where(t.subject.c.kind == "batch")
        .order_by(quality.id.desc())
        .limit(_BATCHES)
    ).all()
    newest = _newest_of(connection, batches)
    depths: dict[str, tuple[int, int]] = {}
    for row in [*rows, *batches]:
        depths[row.name] = max(depths.get(row.name, (-1, -1)), (row.depth, row.id))
    revisions = {name: revision for name, (_, revision) in depths.items()}
    found: dict[int, dict[str, float]] = defaultdict(dict)
    for row in rows:
        if revisions[row.name] == row.id:
            found[row.subject_id][row.name] = row.value
    for row in batches:
        exposure = newest.get((row.id, row.subject_id))
        if exposure is not None and revisions[row.name] == row.id:
            found[exposure].setdefault(row.name, row.value)
    return found, revisions


def _newest_of(connection: Connection, batches: Iterable[Row]) -> dict[tuple[int, int], int]:  # type: ignore[type-arg]
    """The newest exposure of each batch, by revision and subject."""
    subjects = {row.subject_id for row in batches}
    if not subjects:
        return {}
    arrival, task = t.arrival.c, t.task.c
    chosen = (
        select(task.revision_id, task.subject_id, func.max(arrival.subject_id))
        .join(t.task, task.id == arrival.task_id)
        .where(task.subject_id.in_(list(subjects)))
        .group_by(task.revision_id, task.subject_id)
    )
    return {(row[0], row[1]): row[2] for row in connection.execute(chosen)}


def _shots(
    rows: Iterable[Row],  # type: ignore[type-arg]
    reported: Mapping[int, Mapping[str, float]],
    together: Collection[int],
) -> list[MeasuredExposure]:
    """Exposures in the order in which they were taken, by the best clock that all of them have.

    Of those `together` none is missing, though not all may be measured yet.
    """
    known = [(row, _details(row.details, row.name)) for row in rows]
    clock = next(
        clock
        for clock in _CLOCKS
        if all(clock(row, shot) is not None for row, shot in known if row.id in reported)
    )
    timed = [(clock(row, shot), row, shot) for row, shot in known]
    taken = sorted(
        ((when, row.name, row, shot) for when, row, shot in timed if when is not None),
        key=lambda one: one[:2],
    )
    shots = []
    last: float | None = None
    for when, name, row, shot in taken:
        if row.id in reported:
            shots.append(
                MeasuredExposure(
                    exposure=name,
                    taken=when,
                    grid_square=shot.grid_square,
                    foil_hole=shot.foil_hole,
                    group=shot.group,
                    nominal_defocus=shot.nominal_defocus,
                    since_last=when - last if last is not None and row.id in together else None,
                    qualities=reported[row.id],
                )
            )
        last = when if row.id in together else None
    return shots


def _acquired(_row: Row, shot: Exposure) -> float | None:  # type: ignore[type-arg]
    return None if shot.acquired is None else shot.acquired.timestamp()


def _written(_row: Row, shot: Exposure) -> float | None:  # type: ignore[type-arg]
    return None if shot.written is None else shot.written.timestamp()


def _found(row: Row, _shot: Exposure) -> float | None:  # type: ignore[type-arg]
    return float(row.found)


_CLOCKS = (_acquired, _written, _found)
"""When an exposure was taken, the best first."""


def _details(document: str, name: str) -> Exposure:
    """What the metadata say of an exposure; nothing where they said nothing."""
    details = json.loads(document or "{}")
    return from_document(Exposure, details) if details else Exposure(name=name)
