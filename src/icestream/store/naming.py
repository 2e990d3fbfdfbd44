"""Names, numbers and grid squares of all exposures of a session, without anything else."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from icestream.store import tables as t
from icestream.store.open import Store

__all__ = ["Named", "exposure_reasons", "named_exposures"]


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


def exposure_reasons(
    store: Store, state: str, *, told: bool = False
) -> Iterator[tuple[str, list[str]]]:
    """Name and reasons of each exposure in a state, in order of arrival.

    `told`: of those alone that have reasons. Of what is done it is few.
    """
    column = t.exposure.c
    chosen = (
        select(t.subject.c.name, column.reasons)
        .join(t.subject, t.subject.c.id == column.id)
        .where(column.state == state)
        .order_by(column.id)
    )
    if told:
        chosen = chosen.where(column.reasons != "[]")
    with store.read() as connection:
        rows = connection.execute(chosen).all()
    for row in rows:
        yield row.name, json.loads(row.reasons)
