"""A small SQLite file that one process at a time writes, and others look into."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from icestream.facility.ledger import one_transaction, opened_ledger

__all__ = ["LedgerBusy", "LedgerFile"]

_VERSION = 1
_FACT = "CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL)"


class LedgerBusy(RuntimeError):
    """Another process is at it."""


class LedgerFile:
    """Tables and facts in a file; what is written is on the disk before it is relied on.

    Parameters
    ----------
    path
        Of the file; its folder is made.
    tables
        Statements that make the tables where they are not there.
    readonly
        To look only. FileNotFoundError where there is no file.
    """

    def __init__(self, path: Path, tables: Sequence[str], *, readonly: bool = False) -> None:
        self.path = path
        if readonly:
            if not self.path.exists():
                raise FileNotFoundError(self.path)
            self._db = opened_ledger(self.path, "", readonly=True)
            return
        self.path.parent.mkdir(exist_ok=True)  # and no session's folder that is gone
        self._db = opened_ledger(self.path, "", durable=True)
        with self._all():
            for table in (_FACT, *tables):
                self._db.execute(table)
            self._put("version", _VERSION)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only one who delivers; the kernel lets go when the process ends.

        Raises
        ------
        LedgerBusy
            Where another process does.
        """
        path = self.path.with_suffix(".lock")
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), "r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                holder = file.read().strip() or "another process"
                raise LedgerBusy(f"{path}: {holder} is delivering") from None
            file.truncate(0)
            file.write(f"process {os.getpid()}")
            file.flush()
            yield

    def fact(self, name: str, default: Any = None) -> Any:
        """A value that was kept by `keep`."""
        row = self._db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return default if row is None else json.loads(row[0])

    def keep(self, **facts: Any) -> None:
        """Keep values that JSON can hold."""
        with self._all():
            for name, value in facts.items():
                self._put(name, value)

    def changes(self) -> int:
        """Another number after another process wrote to the ledger."""
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    def _put(self, name: str, value: Any) -> None:
        self._db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, json.dumps(value)))

    def _among(self, chosen: str, ids: Iterable[str]) -> Iterator[tuple[str, str]]:
        wanted = list(ids)
        for first in range(0, len(wanted), 900):
            some = wanted[first : first + 900]
            yield from self._db.execute(chosen.format(", ".join("?" * len(some))), some)

    @contextlib.contextmanager
    def _all(self) -> Iterator[None]:
        """One transaction: all of it happens, or nothing."""
        with one_transaction(self._db):
            yield
