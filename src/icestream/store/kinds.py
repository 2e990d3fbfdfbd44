"""Events of some kinds, found by the index of kinds, a page at a time."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, select, union_all

from icestream.store import tables as t

__all__ = ["numbers_of_kinds"]

_MOST = 100
"""Kinds that are asked for one by one: SQLite joins 500 questions at most."""


def numbers_of_kinds(kinds: Iterable[str], *, after: int, limit: int) -> Select[Any]:
    """Numbers of the first events of some kinds after one, `limit` of each kind.

    The first `limit` of all are among them. Of several kinds together everything that follows would
    be read, and sorted, for each page.
    """
    event = t.event.c
    later = select(event.seq).where(event.seq > after)
    wanted = tuple(dict.fromkeys(kinds))
    if not 0 < len(wanted) <= _MOST:
        return later.where(event.kind.in_(wanted))
    first = later.order_by(event.seq).limit(limit)
    parts = [first.where(event.kind == kind).subquery() for kind in wanted]
    return select(union_all(*(select(part.c.seq) for part in parts)).subquery().c.seq)
