"""What is wrong and staff are told of, until they know that it is over."""

from typing import Any

from sqlalchemy import Connection, delete, or_, select

from icestream.facility.registry import tables as t
from icestream.facility.registry.records import KnownTrouble
from icestream.facility.registry.rows import keep

__all__ = ["forget_trouble", "keep_trouble", "troubles"]


def keep_trouble(connection: Connection, key: str, **values: Any) -> None:
    """Write down what is wrong, or something about it: columns of the table."""
    keep(connection, t.trouble, {"key": key}, values, once=("since",))


def forget_trouble(connection: Connection, key: str) -> None:
    """It is over, and whoever knew of it knows that."""
    connection.execute(delete(t.trouble).where(t.trouble.c.key == key))


def troubles(connection: Connection, of: str) -> tuple[KnownTrouble, ...]:
    """Those of something: its own, and with keys below it (``OF/…``), in order of their keys."""
    key = t.trouble.c.key
    asked = select(t.trouble).where(or_(key == of, key.startswith(f"{of}/", autoescape=True)))
    found = connection.execute(asked.order_by(key)).mappings()
    # LIKE of SQLite takes capitals for small letters.
    return tuple(KnownTrouble(**row) for row in found if row["key"].startswith(of))
