"""All that a registry holds, from a file or from PostgreSQL into the other or into its like."""

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Table, func, insert, literal, select, text

from icestream.facility.registry.open import FacilityRegistry
from icestream.facility.registry.tables import metadata
from icestream.store import sqlite

__all__ = ["FilledRegistry", "NotEmpty", "NotTheSame", "contents", "digest_of", "fill"]

_PAGE = 2000
_OF_THE_MOMENT = frozenset({"duty"})
"""How duties go now: of no use to a registry that comes back."""
_BY_ITSELF = frozenset({"duty", "microscope", "source"})
"""Tables in which there is something as soon as anybody has opened a facility."""


class NotEmpty(RuntimeError):
    """A registry has something in it already, which nothing is put beside."""


class NotTheSame(RuntimeError):
    """What was written, read again, is something else."""


@dataclass(frozen=True, slots=True)
class FilledRegistry:
    """What was put into a registry."""

    rows: dict[str, int]
    """Of each table that has any."""
    digest: str
    """As `digest_of` says it."""


def contents(registry: FacilityRegistry) -> dict[str, int]:
    """Rows of each table that has any."""
    with registry.read() as connection:
        return _counted(connection)


def digest_of(registry: FacilityRegistry) -> str:
    """A digest of all that it holds, alike for a file and for PostgreSQL."""
    with _as_of_now(registry) as connection:
        return _digest(connection)


def fill(target: FacilityRegistry, source: FacilityRegistry) -> FilledRegistry:
    """Put all that one registry holds into another that is empty, or nothing.

    It is as of one moment, whoever writes meanwhile, and is read again and compared before it
    stays. Invoices come in the order in which they were issued: the rules of the database that
    keep them as they are hold for this as well.

    Raises
    ------
    NotEmpty
        If the target has something in it.
    NotTheSame
        If it could not be kept as it was.
    """
    with _as_of_now(source) as reading, target.write() as writing:
        _require_empty(writing, target.place)
        for table in _tables():
            for rows in _rows(reading, table):
                writing.execute(insert(table), rows)
            _count_on(writing, table)
        digest = _digest(writing)
        if digest != _digest(reading):
            raise NotTheSame(
                f"what was read out of {source.place} is not what {target.place} holds after it "
                "was written there: nothing was kept"
            )
        return FilledRegistry(_counted(writing), digest)


@contextlib.contextmanager
def _as_of_now(registry: FacilityRegistry) -> Iterator[Connection]:
    """A connection that reads one state of it, and holds nobody up who writes."""
    options: dict[str, Any] = {sqlite.READS: True}
    if registry.file is None:
        options["isolation_level"] = "REPEATABLE READ"
    with registry.engine.connect().execution_options(**options) as connection:
        yield connection


def _tables() -> Iterator[Table]:
    """Those that others point to come first."""
    return (one for one in metadata.sorted_tables if one.name not in _OF_THE_MOMENT)


def _rows(connection: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    asked = select(table).order_by(*table.primary_key.columns)
    for rows in connection.execute(asked).mappings().partitions(_PAGE):
        yield [dict(row) for row in rows]


def _counted(connection: Connection) -> dict[str, int]:
    asked = {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in _tables()
    }
    return {name: rows for name, rows in asked.items() if rows}


def _digest(connection: Connection) -> str:
    made = hashlib.blake2b(digest_size=16)
    for table in _tables():
        # The two databases sort texts in different ways.
        found = connection.execute(select(table)).partitions(_PAGE)
        rows = sorted(_mark(row) for page in found for row in page)
        made.update(f"{table.name} {len(rows)}\n".encode())
        made.update(b"".join(rows))
    return made.hexdigest()


def _mark(row: Row[Any]) -> bytes:
    return hashlib.blake2b(repr(tuple(row)).encode(), digest_size=16).digest()


def _require_empty(connection: Connection, place: str) -> None:
    """See that nothing is in it, keep others from writing, and take out what comes by itself."""
    if connection.dialect.name == "postgresql":
        names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
        connection.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))
    held = {n: rows for n, rows in _counted(connection).items() if n not in _BY_ITSELF}
    if held:
        said = ", ".join(f"{name}: {rows}" for name, rows in held.items())
        raise NotEmpty(
            f"the registry {place} is not empty (rows of {said}), and only an empty one is filled "
            "from a backup: name another with facility.registry, or put this one aside"
        )
    for name in _BY_ITSELF:
        connection.execute(metadata.tables[name].delete())


def _count_on(connection: Connection, table: Table) -> None:
    """Let PostgreSQL number what is added after the rows that there are."""
    if connection.dialect.name != "postgresql" or "id" not in table.columns:
        return
    sequence = func.pg_get_serial_sequence(literal(table.name), literal("id"))
    last = select(func.max(table.c.id)).scalar_subquery()
    connection.execute(select(func.setval(sequence, func.coalesce(last, 1), last.is_not(None))))
