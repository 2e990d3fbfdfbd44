"""Which grid squares the newest exposures were taken on."""

import json
from typing import Any

from sqlalchemy import select

from icestream.model.squares import Square, squares_of
from icestream.store import tables as t
from icestream.store.open import Store
from icestream.store.workload import acquired_at

__all__ = ["newest_squares"]

_NEWEST = 2000
"""Exposures that are looked at, so that the cost does not grow with the session."""


def newest_squares(store: Store, limit: int = _NEWEST) -> tuple[Square, ...]:
    """Squares of the newest exposures; of the oldest of many there may have been more."""
    column = t.exposure.c
    chosen = select(column.found, column.details).order_by(column.id.desc()).limit(limit)
    with store.read() as connection:
        rows = connection.execute(chosen).all()
    told = [(float(row.found), json.loads(row.details or "{}")) for row in rows]
    times = [acquired_at(details) for _, details in told]
    # One clock for all: that of the microscope, where all say when they were taken.
    clock = [found for found, _ in told] if None in times else [time or 0.0 for time in times]
    squares = squares_of(
        (when, _name(details)) for when, (_, details) in zip(clock, told, strict=True)
    )
    return squares[1:] if len(rows) == limit else squares


def _name(details: dict[str, Any]) -> str | None:
    name = details.get("grid_square")
    return None if name is None else str(name)
