"""Numbers and names of exposures, as people use both."""

from collections.abc import Sequence

from sqlalchemy import select

from icestream.store import tables as t
from icestream.store.open import Store

__all__ = ["numbers_of"]

_MOST = 400
"""Values in one statement."""


def numbers_of(store: Store, exposures: Sequence[str]) -> dict[str, int]:
    """Numbers of exposures in order of arrival, from 1, by their names; of those that there are."""
    wanted = sorted(set(exposures))
    numbers: dict[str, int] = {}
    with store.read() as connection:
        for first in range(0, len(wanted), _MOST):
            chosen = select(t.subject.c.name, t.subject.c.number).where(
                t.subject.c.kind == "exposure",
                t.subject.c.family == "",
                t.subject.c.name.in_(wanted[first : first + _MOST]),
            )
            numbers |= {row.name: row.number for row in connection.execute(chosen)}
    return numbers
