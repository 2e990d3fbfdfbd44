"""Holds: what people want to stay, whatever the rules say."""

import time

from sqlalchemy import Connection, insert, select, update

from icestream.facility.registry import tables as t
from icestream.facility.registry.records import DataHold

__all__ = ["add_hold", "holds", "release"]


def add_hold(
    connection: Connection,
    session: int,
    *,
    kind: str = "",
    why: str,
    who: str,
    until: float | None = None,
) -> int:
    """Keep a session, or a class of its data; the hold's number."""
    told = {"session_id": session, "class": kind, "why": why, "who": who, "until": until}
    made = connection.execute(insert(t.hold).values(at=time.time(), **told))
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])


def release(connection: Connection, session: int, *, kind: str | None = None, who: str) -> int:
    """End the holds of a session, or those of one class; how many there were."""
    ours = (t.hold.c.session_id == session) & t.hold.c.released.is_(None)
    if kind is not None:
        ours &= t.hold.c["class"] == kind
    ended = update(t.hold).where(ours).values(released=time.time(), released_by=who)
    return connection.execute(ended).rowcount


def holds(
    connection: Connection, session: int | None = None, *, released: bool = False
) -> tuple[DataHold, ...]:
    """Holds of a session, or all of them, the oldest first; those released only when asked for."""
    asked = select(t.hold).order_by(t.hold.c.id)
    if session is not None:
        asked = asked.where(t.hold.c.session_id == session)
    if not released:
        asked = asked.where(t.hold.c.released.is_(None))
    return tuple(
        DataHold(session=row.pop("session_id"), kind=row.pop("class"), **row)
        for row in map(dict, connection.execute(asked).mappings())
    )
