"""Values that monitors measured, read backwards: the newest of however many."""

from collections.abc import Iterable

from sqlalchemy import select

from icestream.store import tables as t
from icestream.store.open import Store
from icestream.store.records import SampleRecord

__all__ = ["newest_samples"]


def newest_samples(
    store: Store, since: float = 0.0, names: Iterable[str] | None = None, *, most: int = 10_000
) -> tuple[SampleRecord, ...]:
    """The newest values since a moment, in order; at most so many."""
    column = t.sample.c
    chosen = select(t.sample).where(column.time >= since).order_by(column.id.desc()).limit(most)
    if names is not None:
        chosen = chosen.where(column.name.in_(list(names)))
    with store.read() as connection:
        rows = connection.execute(chosen).all()
    return tuple(
        SampleRecord(id=row.id, time=row.time, name=row.name, value=row.value, unit=row.unit)
        for row in reversed(rows)
    )
