"""What is known of each file that is copied: a small store beside the session's own.

Whatever happens is written here before or after it is done, so that whoever is killed at any
moment goes on from what is true: a file that was being copied is looked at again, one that is
verified is not.
"""

import contextlib
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from icestream.facility.ledger import one_transaction, opened_ledger

__all__ = ["FILE", "CopyEntry", "CopyLedger", "CopyTally", "State"]

FILE = "transfer.db"
"""Its name in the folder ``.facility`` of the session."""

State = Literal[
    "seen", "settling", "ready", "copying", "verified", "cleaned", "gone", "older", "failed"
]
"""``ready`` waits for its turn; ``gone`` went away at the source before it was copied; ``older`` is
from before the session, or from after it: another one's."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS file (
    id INTEGER PRIMARY KEY,
    name BLOB NOT NULL UNIQUE,
    state TEXT NOT NULL,
    why TEXT NOT NULL DEFAULT '',
    size INTEGER NOT NULL DEFAULT -1,
    modified INTEGER NOT NULL DEFAULT -1,
    changed INTEGER NOT NULL DEFAULT -1,
    digest TEXT NOT NULL DEFAULT '',
    copied_size INTEGER NOT NULL DEFAULT -1,
    found REAL NOT NULL,
    rested REAL NOT NULL,
    due REAL NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    at REAL NOT NULL DEFAULT 0,
    class INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS file_state ON file (state, due);
CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_COLUMNS = (
    "id, name, state, why, size, modified, changed, digest, copied_size, found, rested, due, "
    "tries, at, class"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyEntry:
    """One file; times are seconds since the epoch, where nothing else is said."""

    id: int
    name: str
    """Relative to the source, and to the copy."""
    state: State
    why: str
    """What it waits for, or why it failed."""
    size: int
    """Bytes at the source; -1 before the first look."""
    modified: int
    changed: int
    """Time of change of its content, and of its inode, in nanoseconds; -1 where unknown."""
    digest: str
    """Of the copy, as it was read back; empty before."""
    copied_size: int
    """Bytes of the copy; -1 while there is none."""
    found: float
    rested: float
    """When it was last seen to change."""
    due: float
    """When to look at it again."""
    tries: int
    at: float
    """When it got its state."""
    movie: bool


@dataclass(frozen=True, slots=True)
class CopyTally:
    """Files of one state."""

    files: int
    bytes: int


class CopyLedger:
    """The ledger of one session's copy; one process writes, any may read.

    Parameters
    ----------
    path
        Of its SQLite file, which is made with its folder.
    readonly
        Only read; the file has to be there.
    """

    def __init__(self, path: Path, *, readonly: bool = False) -> None:
        self.path = path
        self._connection = opened_ledger(path, _SCHEMA, readonly=readonly)
        self._lock = threading.RLock()

    def close(self) -> None:
        """Give the file up."""
        self._connection.close()

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Let all that is written within be one transaction."""
        with self._lock, one_transaction(self._connection):
            yield

    def see(self, names: Iterable[tuple[str, bool]], now: float) -> int:
        """Note files that were found, each with whether it is a movie; how many are new."""
        rows = [(os.fsencode(name), now, now, int(movie)) for name, movie in names]
        with self.writing():
            before = self._connection.total_changes
            self._connection.executemany(
                "INSERT INTO file (name, state, found, rested, class) VALUES (?, 'seen', ?, ?, ?)"
                # What was removed and is there again is another file, whatever it is called.
                " ON CONFLICT (name) DO UPDATE SET state = 'seen', rested = excluded.rested,"
                " why = '', due = 0, size = -1, copied_size = -1"
                " WHERE file.state IN ('gone', 'cleaned')",
                rows,
            )
            return self._connection.total_changes - before

    def put(self, entry: CopyEntry | int, **values: Any) -> None:
        """Change what is known of a file; with a new ``state``, since when."""
        if "state" in values:
            values.setdefault("at", time.time())
        columns = ", ".join(f"{name} = ?" for name in values)
        number = entry if isinstance(entry, int) else entry.id
        with self._lock:
            self._connection.execute(
                f"UPDATE file SET {columns} WHERE id = ?",  # noqa: S608 - names of columns, no values
                (*values.values(), number),
            )

    def get(self, name: str) -> CopyEntry | None:
        """What is known of one file."""
        found = self._select("WHERE name = ?", [os.fsencode(name)])
        return found[0] if found else None

    def due(self, states: Sequence[State], now: float, most: int) -> list[CopyEntry]:
        """Files of these states that it is time to look at, those longest due first."""
        marks = ", ".join("?" * len(states))
        return self._select(
            f"WHERE state IN ({marks}) AND due <= ? ORDER BY due, id LIMIT ?", [*states, now, most]
        )

    def ready(self, *, movies: bool, most: int) -> list[CopyEntry]:
        """Files that may be copied, in the order in which they were found."""
        return self._select(
            "WHERE state = 'ready' AND class = ? ORDER BY id LIMIT ?", [int(movies), most]
        )

    def of_state(self, state: State, after: int = 0, most: int = 1000) -> list[CopyEntry]:
        """Files of a state behind a number, in the order of their numbers."""
        return self._select("WHERE state = ? AND id > ? ORDER BY id LIMIT ?", [state, after, most])

    def newest_copied(self, most: int) -> list[CopyEntry]:
        """Files that were copied last."""
        return self._select("WHERE state = 'verified' ORDER BY id DESC LIMIT ?", [most])

    def every(self) -> Iterator[CopyEntry]:
        """All files, in the order in which they were found."""
        after = 0
        while page := self._select("WHERE id > ? ORDER BY id LIMIT 1000", [after]):
            yield from page
            after = page[-1].id

    def tallies(self) -> Mapping[State, CopyTally]:
        """How many files, and how many bytes, are in each state."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT state, COUNT(*), SUM(MAX(size, 0)) FROM file GROUP BY state"
            ).fetchall()
        return {state: CopyTally(files, total or 0) for state, files, total in rows}

    def reasons(self, most: int = 5) -> list[tuple[str, str, int, str]]:
        """Why files wait or failed: (state, why, how many, one of them), the most common first."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT state, why, COUNT(*), MIN(name) FROM file WHERE why != '' AND state IN"
                " ('seen', 'settling', 'ready', 'failed', 'gone', 'verified')"
                " GROUP BY state, why ORDER BY COUNT(*) DESC, why LIMIT ?",
                [most],
            ).fetchall()
        return [(state, why, count, os.fsdecode(name)) for state, why, count, name in rows]

    def copied_since(self, when: float) -> int:
        """Bytes that were copied since then."""
        with self._lock:
            found = self._connection.execute(
                "SELECT SUM(copied_size) FROM file WHERE state = 'verified' AND at > ?", [when]
            ).fetchone()[0]
        return int(found or 0)

    def look_again(self, why: str) -> None:
        """Let files that were left for a reason be looked at anew."""
        with self._lock:
            self._connection.execute(
                "UPDATE file SET state = 'seen', why = '', size = -1, due = 0"
                " WHERE state = 'older' AND why = ?",
                [why],
            )

    def last_found(self) -> float:
        """When a file of the session was last found; 0 before the first."""
        asked = "SELECT MAX(found) FROM file WHERE state != 'older'"
        with self._lock:
            found = self._connection.execute(asked).fetchone()[0]
        return float(found or 0.0)

    def note(self, name: str, value: str) -> None:
        """Keep a short text."""
        with self._lock:
            self._connection.execute(
                "INSERT INTO note VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                [name, value],
            )

    def noted(self, name: str) -> str:
        """A text that was kept; empty where none was."""
        with self._lock:
            found = self._connection.execute(
                "SELECT value FROM note WHERE name = ?", [name]
            ).fetchone()
        return str(found[0]) if found else ""

    def _select(self, where: str, values: Sequence[Any]) -> list[CopyEntry]:
        with self._lock:
            rows = self._connection.execute(
                f"SELECT {_COLUMNS} FROM file {where}",  # noqa: S608 - written in this file
                values,
            ).fetchall()
        return [_entry(row) for row in rows]


def _entry(row: Sequence[Any]) -> CopyEntry:
    id_, name, state, why, size, modified, changed, digest, copied, *times, movie = row
    found, rested, due, tries, at = times
    return CopyEntry(
        id=id_,
        name=os.fsdecode(name),
        state=state,
        why=why,
        size=size,
        modified=modified,
        changed=changed,
        digest=digest,
        copied_size=copied,
        found=found,
        rested=rested,
        due=due,
        tries=tries,
        at=at,
        movie=bool(movie),
    )
