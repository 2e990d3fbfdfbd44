"""Stores in SQLite files."""

import contextlib
import errno
import os
import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool, QueuePool

from icestream.store.reading import Reader, uri

__all__ = ["DURABLE", "READS", "connect", "connect_reader", "copy", "sync_folder"]

READS = "icestream_reads"
"""Execution option of a connection that only reads: it does not wait for who writes."""

DURABLE = "icestream_durable"
"""Execution option of a connection whose transaction is on the disk before others can see it."""


def connect(file: Path, *, making: bool = False) -> Engine:
    """An engine that writes the SQLite file `file`: ahead to a log, unless it is being made."""
    log = "DELETE" if making else "WAL"

    def opened() -> sqlite3.Connection:
        connection = sqlite3.connect(
            uri(file, "?mode=rwc"),
            uri=True,
            timeout=30.0,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute(f"PRAGMA journal_mode={log}")
        connection.execute("PRAGMA cache_size=-16000")
        return connection

    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        sync = "FULL" if options.get(DURABLE, False) or log != "WAL" else "NORMAL"
        if connection.info.get("sync") != sync:
            connection.exec_driver_sql(f"PRAGMA synchronous={sync}")
            connection.info["sync"] = sync
        reads = options.get(READS, False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    # The writer's threads come and go; SQLAlchemy's own choice, a connection for each of five
    # threads, closes any of them for a sixth, in the midst of a transaction.
    engine = create_engine("sqlite://", creator=opened, poolclass=QueuePool)
    event.listen(engine, "begin", begin)
    return engine


def connect_reader(reader: Reader) -> Engine:
    """An engine that reads what a reader opens."""

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    # Nothing is held between reads, so that a session's folder can be moved away.
    engine = create_engine("sqlite://", creator=reader.open, poolclass=NullPool)
    event.listen(engine, "begin", begin)
    return engine


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
