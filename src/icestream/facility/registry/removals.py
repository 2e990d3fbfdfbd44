"""Removals: what was put aside of sessions, and who was told before."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from icestream.facility.registry import tables as t
from icestream.facility.registry.records import Notice, Removal, RemovalState
from icestream.facility.registry.rows import keep

__all__ = [
    "UnknownRemoval",
    "add_removal",
    "change_removal",
    "keep_notice",
    "notices",
    "removal",
    "removals",
]


class UnknownRemoval(LookupError):
    """The registry has no removal of that number."""


def add_removal(connection: Connection, session: int, kind: str, **values: Any) -> int:
    """Write down that files are put aside; the removal's number."""
    told = {"session_id": session, "class": kind, "state": "moving", **values}
    made = connection.execute(insert(t.removal).values(told))
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])


def change_removal(connection: Connection, number: int, **values: Any) -> None:
    """Change columns of a removal."""
    connection.execute(update(t.removal).where(t.removal.c.id == number).values(**values))


def removal(connection: Connection, number: int) -> Removal:
    """One removal.

    Raises
    ------
    UnknownRemoval
        If there is none.
    """
    row = connection.execute(select(t.removal).where(t.removal.c.id == number)).mappings().first()
    if row is None:
        raise UnknownRemoval(
            f"there is no removal {number}: icestream facility removals lists those there are"
        )
    return _removal(dict(row))


def removals(
    connection: Connection,
    *,
    session: int | None = None,
    states: Sequence[RemovalState] | None = None,
) -> tuple[Removal, ...]:
    """Removals, the oldest first."""
    asked = select(t.removal).order_by(t.removal.c.id)
    if session is not None:
        asked = asked.where(t.removal.c.session_id == session)
    if states is not None:
        asked = asked.where(t.removal.c.state.in_(states))
    return tuple(_removal(dict(row)) for row in connection.execute(asked).mappings())


def keep_notice(
    connection: Connection, session: int, kind: str, before: float, **values: Any
) -> None:
    """Write down that people were told so many days before."""
    keep(connection, t.notice, {"session_id": session, "class": kind, "before": before}, values)


def notices(connection: Connection, session: int) -> tuple[Notice, ...]:
    """What people were told of a session."""
    asked = select(t.notice).where(t.notice.c.session_id == session)
    return tuple(
        Notice(session=row.pop("session_id"), kind=row.pop("class"), **row)
        for row in map(dict, connection.execute(asked).mappings())
    )


def _removal(row: dict[str, Any]) -> Removal:
    return Removal(session=row.pop("session_id"), kind=row.pop("class"), **row)
