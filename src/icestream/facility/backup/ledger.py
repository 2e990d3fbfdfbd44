"""What a backup holds of a session, file by file: the store ``backup-NAME.db`` beside its own.

A copy of it goes with each backup, so that a backup tells by itself what it should hold.
"""

import contextlib
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from icestream.facility.ledger import one_transaction, opened_ledger

__all__ = ["BackedFile", "BackupLedger", "Sum"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS kept (
    name BLOB PRIMARY KEY,
    volume TEXT NOT NULL,
    size INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    digest TEXT NOT NULL DEFAULT '',
    link BLOB NOT NULL DEFAULT x'',
    at REAL NOT NULL,
    gone REAL,
    checked REAL,
    wrong TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS former (
    name BLOB NOT NULL, place BLOB NOT NULL, volume TEXT NOT NULL, size INTEGER NOT NULL,
    digest TEXT NOT NULL, at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedFile:
    """One file of a backup; times are seconds since the epoch."""

    name: str
    """``movies/…`` or ``processing/…``, as the backup has it."""
    volume: str
    """Identity of the disk or the folder that it is on."""
    size: int
    modified: int
    """Nanoseconds since the epoch."""
    digest: str = ""
    """BLAKE2b-128 of the copy as it was read back; empty where another machine only said that it
    is the same, and of links."""
    link: str = ""
    at: float = 0.0
    """When it was copied."""
    gone: float | None = None
    """When it was found to be gone from the session; it is kept all the same."""
    checked: float | None = None
    """When it was last read and found right."""
    wrong: str = ""
    """What was wrong with it when it was last read."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Files and bytes of a part of a backup."""

    files: int
    bytes: int
    gone_files: int
    gone_bytes: int
    wrong: int


_COLUMNS = "name, volume, size, modified, digest, link, at, gone, checked, wrong"


class BackupLedger:
    """The ledger of one session in one backup; one process writes, any may read."""

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

    def keep(self, kept: BackedFile) -> None:
        """Note a file that is in the backup now."""
        row = (
            *(os.fsencode(kept.name), kept.volume, kept.size, kept.modified, kept.digest),
            *(os.fsencode(kept.link), kept.at, kept.gone, kept.checked, kept.wrong),
        )
        marks = ", ".join("?" * len(row))
        with self._lock:
            self._connection.execute(
                f"INSERT OR REPLACE INTO kept ({_COLUMNS}) VALUES ({marks})",  # noqa: S608
                row,
            )

    def get(self, name: str) -> BackedFile | None:
        """What is known of one file."""
        found = self._select("WHERE name = ?", [os.fsencode(name)])
        return found[0] if found else None

    def lost(self, names: Iterable[str], now: float) -> None:
        """Note files that are gone from the session."""
        rows = [(now, os.fsencode(name)) for name in names]
        with self.writing():
            self._connection.executemany(
                "UPDATE kept SET gone = ? WHERE name = ? AND gone IS NULL", rows
            )

    def checked(self, name: str, now: float, wrong: str) -> None:
        """Note what reading a file again came to."""
        with self._lock:
            self._connection.execute(
                "UPDATE kept SET wrong = ?, checked = CASE WHEN ? = '' THEN ? ELSE checked END"
                " WHERE name = ?",
                [wrong, wrong, now, os.fsencode(name)],
            )

    def forget(self, name: str) -> None:
        """A file is no longer in the backup."""
        with self._lock:
            self._connection.execute("DELETE FROM kept WHERE name = ?", [os.fsencode(name)])

    def every(self, begins: str = "") -> Iterator[BackedFile]:
        """All files whose names begin so, in the order of their names."""
        after, start = b"", os.fsencode(begins)
        while page := self._select(
            "WHERE name > ? AND substr(name, 1, ?) = ? ORDER BY name LIMIT 2000",
            [after, len(start), start],
        ):
            yield from page
            after = os.fsencode(page[-1].name)

    def names(self, begins: str) -> set[str]:
        """Names of all files whose names begin so."""
        start = os.fsencode(begins)
        with self._lock:
            rows = self._connection.execute(
                "SELECT name FROM kept WHERE name >= ? AND substr(name, 1, ?) = ?",
                [start, len(start), start],
            ).fetchall()
        return {os.fsdecode(name) for (name,) in rows}

    def lose(self, volume: str) -> tuple[int, int]:
        """Give up what is on a disk: how many files, and those the session has no more of them."""
        with self.writing():
            files, gone = self._connection.execute(
                "SELECT COUNT(*), COALESCE(SUM(gone IS NOT NULL), 0) FROM kept WHERE volume = ?",
                [volume],
            ).fetchone()
            self._connection.execute("DELETE FROM former WHERE volume = ?", [volume])
            self._connection.execute("DELETE FROM kept WHERE volume = ?", [volume])
            if files:
                self.note("whole", "")
        return files, gone

    def gone_since(self, before: float) -> list[BackedFile]:
        """Files that have been gone from the session since before a time."""
        return self._select("WHERE gone < ?", [before])

    def replaced(self, kept: BackedFile, place: str, now: float) -> None:
        """Note where an earlier content of a file is kept."""
        row = (os.fsencode(kept.name), os.fsencode(place), kept.volume, kept.size, kept.digest, now)
        with self._lock:
            self._connection.execute("INSERT INTO former VALUES (?, ?, ?, ?, ?, ?)", row)

    def former(self, before: float = float("inf")) -> list[tuple[str, str, int, float]]:
        """Earlier contents that are kept: (name, place in the backup, bytes, when replaced)."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT name, place, size, at FROM former WHERE at < ? ORDER BY at", [before]
            ).fetchall()
        return [(os.fsdecode(n), os.fsdecode(place), size, at) for n, place, size, at in rows]

    def drop_former(self, place: str) -> None:
        """An earlier content is not kept any more."""
        with self._lock:
            self._connection.execute("DELETE FROM former WHERE place = ?", [os.fsencode(place)])

    def sums(self) -> dict[str, Sum]:
        """Files and bytes of each part: ``movies`` and ``processing``."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT CASE WHEN substr(name, 1, 7) = CAST('movies/' AS BLOB) THEN 'movies'"
                " ELSE 'processing' END, COUNT(*), SUM(size), SUM(gone IS NOT NULL),"
                " SUM(CASE WHEN gone IS NULL THEN 0 ELSE size END), SUM(wrong != '')"
                " FROM kept GROUP BY 1"
            ).fetchall()
        return {part: Sum(*sums) for part, *sums in rows}

    def volumes(self) -> dict[str, int]:
        """Files on each disk that was used, by its identity."""
        with self._lock:
            return dict(
                self._connection.execute("SELECT volume, COUNT(*) FROM kept GROUP BY 1").fetchall()
            )

    def note(self, name: str, value: str) -> None:
        """Keep a short text."""
        with self._lock:
            self._connection.execute("INSERT OR REPLACE INTO note VALUES (?, ?)", [name, value])

    def noted(self, name: str) -> str:
        """A text that was kept; empty where none was."""
        with self._lock:
            found = self._connection.execute(
                "SELECT value FROM note WHERE name = ?", [name]
            ).fetchone()
        return str(found[0]) if found else ""

    def _select(self, where: str, values: Sequence[object]) -> list[BackedFile]:
        with self._lock:
            rows = self._connection.execute(
                f"SELECT {_COLUMNS} FROM kept {where}",  # noqa: S608 - written in this file
                values,
            ).fetchall()
        return [
            BackedFile(
                name=os.fsdecode(name),
                volume=volume,
                size=size,
                modified=modified,
                digest=digest,
                link=os.fsdecode(link),
                at=at,
                gone=gone,
                checked=checked,
                wrong=wrong,
            )
            for name, volume, size, modified, digest, link, at, gone, checked, wrong in rows
        ]
