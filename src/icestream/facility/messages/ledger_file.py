"""The file of the ledger of messages: its tables, and all-or-nothing changes of them."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from icestream.facility.ledger import one_transaction, opened_ledger

__all__ = ["MessageFile", "OtherLedger"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS inbox (
  id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE, digest TEXT NOT NULL,
  kind TEXT NOT NULL, source TEXT NOT NULL, body BLOB NOT NULL, headers TEXT NOT NULL,
  reply_to TEXT NOT NULL, who TEXT NOT NULL, arrived REAL NOT NULL, times INTEGER NOT NULL,
  again INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL, tried INTEGER NOT NULL DEFAULT 0, next REAL NOT NULL DEFAULT 0,
  reason TEXT NOT NULL DEFAULT '', session TEXT NOT NULL DEFAULT '',
  folder TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS inbox_due ON inbox (state, next);
CREATE INDEX IF NOT EXISTS inbox_folder ON inbox (folder);
CREATE TABLE IF NOT EXISTS laid (
  path BLOB PRIMARY KEY, inbox_id INTEGER NOT NULL, written INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS answer (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, inbox_id INTEGER NOT NULL,
  document TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS answer_inbox ON answer (inbox_id);
CREATE TABLE IF NOT EXISTS outbox (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, queue TEXT NOT NULL, headers TEXT NOT NULL,
  body TEXT NOT NULL, made REAL NOT NULL, tried INTEGER NOT NULL DEFAULT 0,
  next REAL NOT NULL DEFAULT 0, sent REAL, reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (next) WHERE sent IS NULL;
CREATE INDEX IF NOT EXISTS outbox_sent ON outbox (sent);
CREATE TABLE IF NOT EXISTS begun (at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS followed (
  folder TEXT PRIMARY KEY, inbox_id INTEGER, name TEXT NOT NULL, after INTEGER NOT NULL DEFAULT 0,
  about TEXT NOT NULL DEFAULT '{}', over REAL, at REAL, life INTEGER NOT NULL DEFAULT 0
);
PRAGMA user_version = 2;
"""
_FROM_FIRST = """
BEGIN IMMEDIATE;
ALTER TABLE followed ADD COLUMN at REAL;
ALTER TABLE followed ADD COLUMN life INTEGER NOT NULL DEFAULT 0;
PRAGMA user_version = 2;
COMMIT;
"""
_VERSION = 2


class OtherLedger(OSError):
    """A ledger of a version that is not known here."""


class MessageFile:
    """A SQLite file, which is made where it is not there.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    OtherLedger
        If a newer version wrote it.
    OSError
        If its folder cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._turn = threading.RLock()
        self._connection = opened_ledger(path, "", durable=True)  # acknowledged when it is written
        self._connection.row_factory = sqlite3.Row
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version > _VERSION:
            self._connection.close()
            raise OtherLedger(
                f"{path} was written by a newer version of icestream: use that, or name another "
                "file as messages.ledger"
            )
        if version < _VERSION:
            self._connection.executescript(_FROM_FIRST if version == 1 else _SCHEMA)
        with self.transaction():
            if self.one("SELECT at FROM begun") is None:
                self.write("INSERT INTO begun (at) VALUES (?)", time.time())

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; one inside another is part of it."""
        with self._turn:
            if self._connection.in_transaction:
                yield
                return
            with one_transaction(self._connection):
                yield

    def write(self, statement: str, *values: Any) -> int:
        """Carry a statement out; how many rows it changed."""
        with self._turn:
            return self._connection.execute(statement, values).rowcount

    def insert(self, statement: str, values: tuple[Any, ...]) -> int:
        """Add a row; its number."""
        with self._turn:
            return int(self._connection.execute(statement, values).lastrowid or 0)

    def all(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        """All rows that a statement finds."""
        with self._turn:
            return self._connection.execute(statement, values).fetchall()

    def one(self, statement: str, *values: Any) -> sqlite3.Row | None:
        """The first row that a statement finds; None where it finds none."""
        found = self.all(statement, *values)
        return found[0] if found else None
