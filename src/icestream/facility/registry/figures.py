"""Figures of sessions, and drift between them."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, update

from icestream.facility.registry import tables as t
from icestream.facility.registry.microscopes import microscope_number
from icestream.facility.registry.records import KnownDrift, KnownFigure, MeasuredSession
from icestream.facility.registry.rows import keep

__all__ = [
    "begin_drift",
    "change_drift",
    "confidential_sessions",
    "drifts",
    "figures",
    "keep_figures",
    "measured",
]


def keep_figures(
    connection: Connection, session: int, about: Mapping[str, Any], found: Iterable[KnownFigure]
) -> None:
    """Write down the figures of a session in the place of those it had.

    Parameters
    ----------
    about
        The other columns of `measured`.
    """
    keep(connection, t.measured, {"session_id": session}, about)
    connection.execute(delete(t.figure).where(t.figure.c.session_id == session))
    rows = [
        {
            "session_id": session,
            "name": one.name,
            "value": one.value,
            "spread": one.spread,
            "count": one.count,
            "by": one.by,
        }
        for one in found
    ]
    if rows:
        connection.execute(insert(t.figure), rows)


def measured(connection: Connection) -> dict[int, MeasuredSession]:
    """Which sessions were measured, by their numbers."""
    rows = connection.execute(select(t.measured)).mappings()
    return {row["session_id"]: MeasuredSession(**row) for row in rows}


def figures(connection: Connection) -> dict[int, dict[str, KnownFigure]]:
    """Figures of all sessions, by their numbers and names."""
    found: dict[int, dict[str, KnownFigure]] = {}
    for row in connection.execute(select(t.figure)).mappings():
        values = dict(row)
        of = found.setdefault(values.pop("session_id"), {})
        of[row["name"]] = KnownFigure(**values)
    return found


def confidential_sessions(connection: Connection) -> frozenset[int]:
    """Numbers of the sessions that are confidential, themselves or by their projects."""
    asked = (
        select(t.session.c.id)
        .join(t.project, t.project.c.id == t.session.c.project_id, isouter=True)
        .where(or_(t.session.c.confidential, t.project.c.confidential))
    )
    return frozenset(connection.execute(asked).scalars())


def begin_drift(connection: Connection, microscope: str, **values: Any) -> int:
    """Write down that a figure of a microscope drifts; its number."""
    number = microscope_number(connection, microscope)
    made = connection.execute(
        insert(t.drift).values(microscope_id=number, **values)
    ).inserted_primary_key
    assert made is not None
    return int(made[0])


def change_drift(connection: Connection, number: int, **values: Any) -> None:
    """Change columns of a drift."""
    connection.execute(update(t.drift).where(t.drift.c.id == number).values(**values))


def drifts(
    connection: Connection, *, microscope: str | None = None, over: bool = True
) -> tuple[KnownDrift, ...]:
    """What drifted, the oldest first; with `over` not those alone that still do."""
    asked = (
        select(t.drift, t.microscope.c.name.label("microscope"))
        .join(t.microscope, t.microscope.c.id == t.drift.c.microscope_id)
        .order_by(t.drift.c.began, t.drift.c.id)
    )
    if microscope is not None:
        asked = asked.where(t.microscope.c.name == microscope)
    if not over:
        asked = asked.where(or_(t.drift.c.over.is_(None), t.drift.c.told_over.is_(None)))
    return tuple(
        KnownDrift(
            id=row.id,
            microscope=row.microscope,
            figure=row.figure,
            series=row.series,
            session=row.session_id,
            began=row.began,
            over=row.over,
            message=row.message,
            told=row.told,
            told_over=row.told_over,
        )
        for row in connection.execute(asked)
    )
