"""Rows that are written once, whoever writes them and how often."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, select, update
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["keep", "number_of"]


def keep(
    connection: Connection,
    table: Table,
    key: Mapping[str, Any],
    values: Mapping[str, Any],
    *,
    once: Sequence[str] = (),
) -> None:
    """Write a row, or change the one that is there.

    Parameters
    ----------
    key
        The columns by which it is told from others, which have a constraint of their own.
    values
        The other columns.
    once
        Those of them that stay as they are where the row is there.
    """
    changed = {name: value for name, value in values.items() if name not in once}
    if changed:
        there = update(table).values(changed)
        for name, value in key.items():
            there = there.where(table.c[name] == value)
        if connection.execute(there).rowcount:
            return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    written = dialect.insert(table).values({**key, **values})
    if changed:  # somebody else may have written it in between
        written = written.on_conflict_do_update(index_elements=list(key), set_=changed)
    else:
        written = written.on_conflict_do_nothing(index_elements=list(key))
    connection.execute(written)


def number_of(connection: Connection, table: Table, **key: Any) -> int | None:
    """The number of the row with these columns; None where there is none."""
    asked = select(table.c.id)
    for name, value in key.items():
        asked = asked.where(table.c[name] == value)
    found: int | None = connection.execute(asked).scalar_one_or_none()
    return found
