"""How the facility's duties go."""

from typing import Any

from sqlalchemy import Connection, select

from icestream.facility.registry import tables as t
from icestream.facility.registry.records import DutyState
from icestream.facility.registry.rows import keep

__all__ = ["duties", "duty", "keep_duty"]


def keep_duty(connection: Connection, name: str, **values: Any) -> None:
    """Write down how a duty goes: columns of the table."""
    keep(connection, t.duty, {"name": name}, values)


def duty(connection: Connection, name: str) -> DutyState:
    """How a duty goes; one that never began has no times."""
    asked = select(t.duty).where(t.duty.c.name == name)
    row = connection.execute(asked).mappings().one_or_none()
    return DutyState(name=name) if row is None else DutyState(**row)


def duties(connection: Connection) -> tuple[DutyState, ...]:
    """All that ever began, by name."""
    found = connection.execute(select(t.duty).order_by(t.duty.c.name))
    return tuple(DutyState(**row) for row in found.mappings())
