"""Names, numbers and grid squares of all exposures of a session, without anything else."""

import json
from dataclasses import dataclass

from sqlalchemy import select

from icestream.store import tables as t
from icestream.store.open import Store

__all__ = ["Named", "named_exposures"]


@dataclass(frozen=True, slots=True)
class Named:
    """What an exposure is called."""

    number: int
    """In order of arrival, from 1: what screens show."""
    name: str
    square: str = ""
    """Name of its grid square, where the metadata said."""


def named_exposures(store: Store, *, squares: bool = False) -> tuple[Named, ...]:
    """All exposures in order of arrival, with their grid `squares` where these are asked for."""
    chosen = (
        select(t.subject.c.number, t.subject.c.name)
        .where(t.subject.c.kind == "exposure")
        .order_by(t.subject.c.number)
    )
    if not squares:
        with store.read() as connection:
            return tuple(Named(row.number, row.name) for row in connection.execute(chosen))
    chosen = chosen.add_columns(t.exposure.c.details).join(
        t.exposure, t.exposure.c.id == t.subject.c.id
    )
    with store.read() as connection:
        return tuple(
            Named(row.number, row.name, str(json.loads(row.details).get("grid_square") or ""))
            for row in connection.execute(chosen)
        )
