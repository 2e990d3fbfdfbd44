"""What all ledgers of a facility have in common: SQLite files that one process writes."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from icestream.store.places import is_network

__all__ = ["one_transaction", "opened_ledger"]


def opened_ledger(
    path: Path, schema: str, *, readonly: bool = False, durable: bool = False
) -> sqlite3.Connection:
    """A connection to a ledger, which is made with its folder unless it is only read.

    Parameters
    ----------
    schema
        Statements that make its tables where they are not there.
    durable
        What is written is on the disk before it is relied on, should the power fail.
    """
    if not readonly:
        path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={'ro' if readonly else 'rwc'}",
        uri=True,
        timeout=30.0,
        isolation_level=None,
        check_same_thread=False,
    )
    if not readonly:
        # A log beside the file needs memory that hosts share; nobody has that over a network.
        shared = is_network(path.parent)
        connection.execute(f"PRAGMA journal_mode={'DELETE' if shared else 'WAL'}")
        connection.execute(f"PRAGMA synchronous={'FULL' if durable or shared else 'NORMAL'}")
        connection.executescript(schema)
    return connection


@contextlib.contextmanager
def one_transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Let all that is written within happen, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
