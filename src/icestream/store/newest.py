"""The newest of what a session measured, and its newest map: read backwards, never as a whole."""

import json
import statistics
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from sqlalchemy import Connection, func, select

from icestream.model import (
    Gain,
    Micrograph,
    Movie,
    Particles,
    SelectedParticles,
    Taken,
    Volume,
    taken_words,
    type_name,
)
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.current import Branch, current
from icestream.store.items import item_of
from icestream.store.open import Store
from icestream.store.records import StandingRecord

__all__ = [
    "Median",
    "newest_exposure",
    "newest_gain",
    "newest_map",
    "newest_medians",
    "newest_micrograph",
    "newest_particles",
    "newest_settled",
    "newest_taken",
    "newest_values",
]

NEWEST = 50
"""Exposures in a median."""
_SEVERAL = 4
"""Steps that may measure the same, such as a consensus and what it is made from."""


_WINDOW = 4096
"""Rows of qualities that are looked at first: those of some two hundred exposures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Median:
    """The median of a quality of the newest exposures, in the unit of files."""

    name: str
    value: float
    count: int


def newest_medians(
    store: Store, names: Iterable[str], standing: StandingRecord | None = None
) -> dict[str, Median]:
    """Medians of the newest fifty values of qualities, of the deepest step that measures them.

    Where nothing has been measured since a change, the values are those that stand from before.
    """
    medians = {}
    for name in names:
        for branch in (None, standing) if standing is not None else (None,):
            values = newest_values(store, name, branch)
            if values:
                median = statistics.median(values)
                medians[name] = Median(name=name, value=median, count=len(values))
                break
    return medians


def newest_values(store: Store, name: str, branch: Branch) -> list[float]:
    """Values of a quality, the newest first, of the deepest step among those that measure it."""
    with store.read() as connection:
        members = current(connection, branch)
        chosen = select(members.c.revision_id, t.revision.c.depth, members.c.id).join(
            t.revision, t.revision.c.id == members.c.revision_id
        )
        steps = {row.revision_id: (row.depth, -row.id) for row in connection.execute(chosen)}
        rows = _newest_rows(connection, name, steps)
    deepest = max((steps[row.revision_id] for row in rows), default=None)
    values = [row.value for row in rows if steps[row.revision_id] == deepest]
    return [value for value in values[:NEWEST] if isfinite(value)]


def _newest_rows(connection: Connection, name: str, revisions: Collection[int]) -> Sequence[Any]:
    """The newest values of a quality in some revisions, the newest first.

    They are looked for among the newest rows, and in more where they are not there.
    """
    quality, most = t.quality.c, _SEVERAL * NEWEST
    last = int(connection.execute(select(func.max(quality.id))).scalar() or 0)
    window = _WINDOW
    while True:
        chosen = (
            select(quality.value, quality.revision_id)
            # As an expression, so that rows are read from the newest on: by the index of names all
            # that were ever measured are read, and sorted.
            .where(quality.id > last - window, quality.name + "" == name)
            .where((quality.revision_id + 0).in_(list(revisions)))
            .order_by(quality.id.desc())
            .limit(most)
        )
        rows = connection.execute(chosen).all()
        if len(rows) == most or window >= last:
            return rows
        window *= 8


def newest_exposure(store: Store) -> tuple[int, str] | None:
    """Number and name of the newest exposure that needs nothing more; None: there is none."""
    exposure = t.exposure.c
    # One state at a time, which the index answers at once, however long the session is.
    chosen = [
        select(func.max(exposure.id)).where(exposure.state == state)
        for state in ("done", "rejected", "failed")
    ]
    with store.read() as connection:
        newest = [connection.execute(one).scalar() for one in chosen]
        last = max((one for one in newest if one is not None), default=None)
        called = select(t.subject.c.number, t.subject.c.name).where(t.subject.c.id == last)
        row = connection.execute(called).one_or_none()
    return None if row is None else (row.number, row.name)


def newest_settled(store: Store, limit: int = NEWEST) -> list[tuple[str, tuple[str, ...]]]:
    """State and reasons of the newest exposures that need nothing more, the newest first."""
    exposure = t.exposure.c
    chosen = (
        select(exposure.state, exposure.reasons)
        .where(exposure.state != "going")
        .order_by(exposure.id.desc())
        .limit(limit)
    )
    with store.read() as connection:
        rows = connection.execute(chosen).all()
    return [(row.state, tuple(json.loads(row.reasons))) for row in rows]


def newest_map(store: Store, standing: StandingRecord | None = None) -> Volume | None:
    """The newest map of the session, or the one that stands from before a change."""
    for branch in (None, standing) if standing is not None else (None,):
        for step in reversed(queries.steps(store, branch=branch)):
            if step.kind != "batch" or not step.counts.done:
                continue
            for record in queries.latest_results(store, step.name, limit=1, branch=branch):
                for port, kind in record.types.items():
                    if kind == type_name(Volume):
                        return item_of(store, record, port, Volume)
    return None


def newest_gain(store: Store, standing: StandingRecord | None = None) -> Gain | None:
    """What is known last of the gain; None where no step looks at it."""
    found = _deepest(store, (Gain,), standing)
    return found if isinstance(found, Gain) else None


def newest_particles(store: Store, standing: StandingRecord | None = None) -> Particles | None:
    """The newest particles of the deepest step that makes some."""
    found = _deepest(store, (Particles, SelectedParticles), standing)
    return found if isinstance(found, Particles) else None


def newest_micrograph(
    store: Store, standing: StandingRecord | None = None, *, branch: str | None = None
) -> Micrograph | None:
    """The newest micrograph of the deepest step of a branch that makes some."""
    found = _deepest(store, (Micrograph,), standing, branch)
    return found if isinstance(found, Micrograph) else None


def _deepest(
    store: Store,
    kinds: Sequence[type],
    standing: StandingRecord | None,
    branch: str | None = None,
) -> object:
    """The newest item of one of some types, of the deepest step that has made one."""
    names = {type_name(kind): kind for kind in kinds}
    for one in (branch, standing) if standing is not None else (branch,):
        for step in reversed(queries.steps(store, branch=one)):
            if not step.counts.done:
                continue
            for record in queries.latest_results(store, step.name, limit=1, branch=one):
                for port, name in record.types.items():
                    if name in names:
                        item: object = item_of(store, record, port, names[name])
                        return item
    return None


def newest_taken(store: Store) -> tuple[Taken | None, Movie | Micrograph | None]:
    """What the session takes in, in words, and the newest that it took in.

    Nothing where nothing was taken: what it would be, the protocols of its sources know.
    """
    kinds: list[str] = []
    newest: Movie | Micrograph | None = None
    for step in queries.steps(store):
        if step.kind != "source":
            continue
        for record in queries.latest_results(store, step.name, limit=1):
            for port, kind in record.types.items():
                kinds.append(kind)
                if kind == type_name(Movie):
                    newest = item_of(store, record, port, Movie)
                elif kind == type_name(Micrograph):
                    newest = item_of(store, record, port, Micrograph)
    return (taken_words(kinds) if kinds else None), newest
