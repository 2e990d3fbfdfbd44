"""The server's own database: people, logins, tokens, shares, and what was done."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from icestream.store.follow import sqlite_mark
from icestream.store.places import is_network

__all__ = ["FILE", "Database", "NewerDatabase"]

FILE = "people.db"
"""Name of the file in the state folder."""

_VERSIONS = (
    """
    CREATE TABLE account (
        name TEXT PRIMARY KEY, full_name TEXT NOT NULL, role TEXT NOT NULL,
        by_groups INTEGER NOT NULL DEFAULT 0,
        source TEXT NOT NULL, subject TEXT, password TEXT,
        disabled INTEGER NOT NULL DEFAULT 0, created REAL NOT NULL, seen REAL
    ) STRICT;
    CREATE UNIQUE INDEX account_subject ON account (source, subject);
    CREATE TABLE login (
        number INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT NOT NULL UNIQUE,
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
        created REAL NOT NULL, seen REAL NOT NULL, address TEXT NOT NULL, agent TEXT NOT NULL
    ) STRICT;
    CREATE TABLE token (
        number INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT NOT NULL UNIQUE,
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
        title TEXT NOT NULL, scopes TEXT NOT NULL, created REAL NOT NULL, expires REAL NOT NULL,
        used REAL, revoked REAL
    ) STRICT;
    CREATE TABLE member (
        session TEXT NOT NULL,
        account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
        added REAL NOT NULL, added_by TEXT NOT NULL, PRIMARY KEY (session, account)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX member_account ON member (account);
    CREATE TABLE share (
        number INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT NOT NULL UNIQUE,
        session TEXT NOT NULL, title TEXT NOT NULL, who TEXT NOT NULL,
        created REAL NOT NULL, expires REAL NOT NULL, opened INTEGER NOT NULL DEFAULT 0,
        revoked REAL
    ) STRICT;
    CREATE TABLE audit (
        number INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL, who TEXT NOT NULL,
        what TEXT NOT NULL, about TEXT NOT NULL, address TEXT NOT NULL, outcome TEXT NOT NULL,
        details TEXT NOT NULL
    ) STRICT;
    CREATE INDEX audit_time ON audit (time);
    CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
        BEGIN SELECT RAISE (ABORT, 'what is in the audit log stays as it is'); END;
    """,
)
"""What each version of the schema adds to the one before."""


class NewerDatabase(RuntimeError):
    """The database was written by a newer version of icestream."""


class Database:
    """The file, and connections to it for any number of threads.

    Parameters
    ----------
    folder
        State folder of the settings; the file is made where it is not there, for its owner alone.

    Raises
    ------
    NewerDatabase
        If a newer version of icestream wrote it.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.file = folder / FILE
        self.file.touch(mode=0o600)  # before SQLite does, for others could read its file
        self._local = not is_network(folder)
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._upgrade()

    def _upgrade(self) -> None:
        with self.write() as connection:
            (found,) = connection.execute("PRAGMA user_version").fetchone()
            if found > len(_VERSIONS):
                raise NewerDatabase(
                    f"{self.file} has schema {found}, this icestream knows up to"
                    f" {len(_VERSIONS)}: use the version that wrote it"
                )
            for number, statements in enumerate(_VERSIONS[found:], found + 1):
                for statement in _single(statements):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection for reading."""
        connection = self._take()
        try:
            yield connection
        finally:
            self._give(connection)

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction: everything in it happens, or nothing."""
        connection = self._take()
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        finally:
            self._give(connection)

    def mark(self) -> object:
        """What is another with every commit, also that of another process."""
        return sqlite_mark(self.file)

    def close(self) -> None:
        """Give up all connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        connection = sqlite3.connect(
            self.file, timeout=10, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        # SQLite's write-ahead log needs shared memory, which a network has not.
        connection.execute(f"PRAGMA journal_mode = {'WAL' if self._local else 'DELETE'}")
        return connection

    def _give(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            self._idle.append(connection)


def _single(statements: str) -> Iterator[str]:
    """Each statement; a trigger has semicolons inside."""
    gathered = ""
    for part in statements.split(";"):
        gathered += part + ";"
        if sqlite3.complete_statement(gathered):
            if gathered.strip(" \n;"):
                yield gathered
            gathered = ""
