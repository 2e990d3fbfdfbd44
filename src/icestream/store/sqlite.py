"""Stores in SQLite files."""

import contextlib
import errno
import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool, QueuePool

__all__ = ["DURABLE", "READS", "connect", "copy", "sync_folder"]

READS = "icestream_reads"
"""Execution option of a connection that only reads: it does not wait for who writes."""

DURABLE = "icestream_durable"
"""Execution option of a connection whose transaction is on the disk before others can see it."""


def connect(file: Path, readonly: bool, *, making: bool = False) -> Engine:
    """An engine on the SQLite file `file`, in write-ahead mode unless it is only being made."""
    if not readonly:
        return _engine(file, "rwc", immutable=False, log="DELETE" if making else "WAL")
    try:
        _probe(file, "?mode=ro")
    except sqlite3.OperationalError:
        # A closed session in a folder that may not be written to: nobody changes it, and
        # SQLite cannot make the shared-memory file that it otherwise wants.
        return _engine(file, "ro", immutable=True)
    return _engine(file, "ro", immutable=False)


def copy(source: Path, target: Path) -> None:
    """Copy a store that is in use into `target`, whole or not at all; OSError says what failed."""
    partial = target.with_name(target.name + ".part")
    for left in (partial, partial.with_name(partial.name + "-journal")):
        left.unlink(missing_ok=True)  # by a copy that was killed
    try:
        with (
            contextlib.closing(sqlite3.connect(source)) as original,
            contextlib.closing(sqlite3.connect(partial)) as made,
        ):
            original.backup(made)
            made.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        said = f"the store {source} cannot be copied to {target}: {error}"
        raise OSError(errno.EIO, said) from error
    partial.replace(target)


def sync_folder(folder: Path) -> None:
    """Let a power cut not take back what was renamed in a folder."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _uri(file: Path, query: str) -> str:
    return f"file:{quote(str(file))}{query}"


def _probe(file: Path, query: str) -> None:
    connection = sqlite3.connect(_uri(file, query), uri=True)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master")
    finally:
        connection.close()


def _engine(file: Path, mode: str, *, immutable: bool, log: str = "WAL") -> Engine:
    query = f"?mode={mode}" + ("&immutable=1" if immutable else "")

    def opened() -> sqlite3.Connection:
        connection = sqlite3.connect(
            _uri(file, query), uri=True, timeout=30.0, isolation_level=None, check_same_thread=False
        )
        if mode == "rwc":
            connection.execute(f"PRAGMA journal_mode={log}")
            connection.execute("PRAGMA cache_size=-16000")
        return connection

    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        reads = mode == "ro" or options.get(READS, False)
        sync = "FULL" if options.get(DURABLE, False) or log != "WAL" else "NORMAL"
        if mode == "rwc" and connection.info.get("sync") != sync:
            connection.exec_driver_sql(f"PRAGMA synchronous={sync}")
            connection.info["sync"] = sync
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    # Readers hold no connection between reads, so that a session's folder can be moved away. The
    # writer's threads come and go; SQLAlchemy's own choice, a connection for each of five
    # threads, closes any of them for a sixth, in the midst of a transaction.
    pool = NullPool if mode == "ro" else QueuePool
    engine = create_engine("sqlite://", creator=opened, poolclass=pool)
    event.listen(engine, "begin", begin)
    return engine
