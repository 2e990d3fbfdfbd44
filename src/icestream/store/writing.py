"""Writing a store: rows gathered in memory, written in one transaction.

There is one writer per session. It numbers new rows itself, so rows can refer to each other before
any of them is written, and each table is written with one statement however many rows it gets.
"""

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, Update, bindparam, func, insert, select, update

from icestream.shown import printable
from icestream.store import tables as t
from icestream.store.events import Event, document_of
from icestream.store.logged import log_events

__all__ = ["Numbers", "Writes"]

_NUMBERED = (
    t.subject, t.step, t.revision, t.link, t.task, t.result, t.quality, t.alert, t.decision,
    t.sample, t.arrival, t.segment, t.mute, t.delivery, t.correction,
)  # fmt: skip
_ORDER = {table: position for position, table in enumerate(t.metadata.sorted_tables)}
"""Tables before those that refer to them: PostgreSQL holds the references to be true."""


class Numbers:
    """The next number of each table's rows."""

    def __init__(self, connection: Connection) -> None:
        self._last: dict[str, int] = {}
        for table in _NUMBERED:
            self._last[table.name] = self._highest(connection, table.c.id)
        self._last["event"] = self._highest(connection, t.event.c.seq)

    @staticmethod
    def _highest(connection: Connection, column: Any) -> int:
        return int(connection.execute(select(func.coalesce(func.max(column), 0))).scalar_one())

    def next(self, table: str) -> int:
        """A number that no row of `table` has."""
        self._last[table] += 1
        return self._last[table]

    def last(self, table: str) -> int:
        """The number given last."""
        return self._last[table]


class Writes:
    """What one transaction will write."""

    def __init__(self, numbers: Numbers, now: float) -> None:
        self.numbers = numbers
        self.now = now
        self._inserts: dict[Table, list[dict[str, Any]]] = defaultdict(list)
        self._updates: dict[tuple[Table, tuple[str, ...]], list[dict[str, Any]]] = defaultdict(list)
        self._counts: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        self._reached: dict[int, float] = defaultdict(float)

    def insert(self, table: Table, **row: Any) -> int:
        """Add a row; returns its number, given to it when the table numbers its rows."""
        if "id" in table.c and "id" not in row:
            row["id"] = self.numbers.next(table.name)
        self._inserts[table].append(_kept(row))
        return int(row.get("id", 0))

    def update(self, table: Table, id_: int, **values: Any) -> None:
        """Change columns of the row numbered `id_`."""
        self._updates[table, tuple(sorted(values))].append({"id_": id_, **_kept(values)})

    def count(self, revision_id: int, **changes: float) -> None:
        """Add to the counters of a revision."""
        counts = self._counts[revision_id]
        for name, change in changes.items():
            counts[name] += change

    def reach(self, revision_id: int, memory: float) -> None:
        """Raise a revision's counter of memory to this at least."""
        self._reached[revision_id] = max(memory, self._reached[revision_id])

    def event(
        self, event: Event, *, step_id: int | None = None, subject_id: int | None = None
    ) -> int:
        """Append an event of the catalogue; returns its sequence number."""
        seq = self.numbers.next("event")
        self._inserts[t.event].append(
            {
                "seq": seq,
                "time": self.now,
                "kind": event.kind,
                "step_id": step_id,
                "subject_id": subject_id,
                "document": document_of(event),
            }
        )
        return seq

    def counts(self) -> Mapping[int, Mapping[str, float]]:
        """Changes of the counters, by revision."""
        return self._counts

    def flush(self, connection: Connection) -> None:
        """Write everything over `connection`, and log what people look for; the caller commits."""
        for table in sorted(self._inserts, key=_ORDER.__getitem__):
            rows = self._inserts[table]
            for same in _alike(rows):
                connection.execute(insert(table), same)
        for (table, names), rows in self._updates.items():
            connection.execute(_update_of(table, names), rows)
        changed: list[dict[str, Any]] = [
            {"of": revision} | {name: by for name, by in sorted(changes.items()) if by}
            for revision, changes in self._counts.items()
        ]
        for same in _alike([row for row in changed if len(row) > 1]):
            connection.execute(_count_of(tuple(same[0])[1:]), same)
        if self._reached:
            most = [{"of": revision, "most": most} for revision, most in self._reached.items()]
            connection.execute(_reach(), most)
        log_events(connection, self._inserts.get(t.event, ()))
        # What has been written is not written again when more is added to the same transaction.
        self._inserts.clear()
        self._updates.clear()
        self._counts.clear()
        self._reached.clear()


def _kept(row: dict[str, Any]) -> dict[str, Any]:
    """A row that a database can keep: a name of a file may be no text, and is in many messages."""
    for name, value in row.items():
        if isinstance(value, str) and not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                row[name] = printable(value)
    return row


@cache
def _update_of(table: Table, names: tuple[str, ...]) -> Update:
    """The statement that changes these columns of the rows that have a number."""
    changed: dict[str, Any] = {name: bindparam(name) for name in names}
    return update(table).where(table.c.id == bindparam("id_")).values(changed)


@cache
def _count_of(names: tuple[str, ...]) -> Update:
    """The statement that adds to these counters of a revision."""
    counter = t.counter.c
    more = {name: bindparam(name, type_=counter[name].type) for name in names}
    changed = {name: counter[name] + more[name] for name in names}
    return update(t.counter).where(counter.revision_id == bindparam("of")).values(changed)


@cache
def _reach() -> Update:
    """The statement that raises the counter of memory of a revision."""
    counter, most = t.counter.c, bindparam("most", type_=t.counter.c.memory.type)
    ours = (counter.revision_id == bindparam("of"), counter.memory < most)
    return update(t.counter).where(*ours).values(memory=most)


def _alike(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Group rows that give the same columns, as one statement needs it."""
    groups: dict[frozenset[str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[frozenset(row)].append(row)
    return list(groups.values())
