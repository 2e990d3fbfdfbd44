"""Stores in a backup: whole as of one moment, and never the raw files that SQLite is writing."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import insert, select

from icestream.store import sqlite
from icestream.store import tables as t
from icestream.store.files import current_files
from icestream.store.open import FILE, open_store
from icestream.store.pointer import read_pointer

__all__ = ["is_part_of_a_store", "named_files", "snapshot", "stamp"]

_PAGE = 2000
_BESIDE = ("-wal", "-shm", "-journal")


def is_part_of_a_store(name: str) -> bool:
    """Whether a name is that of a file which SQLite keeps beside a database."""
    return name.endswith(_BESIDE)


def stamp(file: Path) -> str:
    """Changes whenever something was written to a store since."""
    said = []
    for each in (file, file.with_name(f"{file.name}-wal")):
        try:
            status = each.stat()
            said.append(f"{status.st_size}.{status.st_mtime_ns}")
        except OSError:
            said.append("")
    return "/".join(said)


def snapshot(folder: Path, name: str, target: Path) -> Path:
    """Copy a store of a session into `target`, as it is now, while it is being written.

    Parameters
    ----------
    folder
        The session's.
    name
        Of the store, relative to that. The session's own may be kept elsewhere, on a local disk or
        in PostgreSQL: it becomes a SQLite file, with which the session goes on in any folder.
    target
        Folder of the copies.

    Returns
    -------
    Path
        The copy.

    Raises
    ------
    OSError
        If it cannot be copied.
    """
    made = target / name
    made.parent.mkdir(parents=True, exist_ok=True)
    pointer = read_pointer(folder) if name == FILE else None
    if pointer is not None and pointer.url:
        _from_database(folder, made)
    else:
        file = Path(pointer.file) if pointer is not None and pointer.file else folder / name
        sqlite.copy(file if file.exists() else folder / name, made)
    # When it was made says what is in it: two copies of a store that rests are the same.
    newest = max(_times(folder, name, pointer is not None), default=0)
    if newest:
        os.utime(made, ns=(newest, newest))
    return made


def _times(folder: Path, name: str, elsewhere: bool) -> Iterator[int]:
    if elsewhere:
        return
    for each in (folder / name, folder / f"{name}-wal"):
        try:
            yield each.stat().st_mtime_ns
        except OSError:
            continue


def _from_database(folder: Path, made: Path) -> None:
    """Copy a store of PostgreSQL into a SQLite file, as of one moment."""
    partial = made.with_name(f"{made.name}.whole")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    source = open_store(folder, readonly=True)
    copy = open_store(partial)
    try:
        engine = source.engine.execution_options(isolation_level="REPEATABLE READ")
        with engine.connect() as reading, copy.write(durable=True) as writing:
            for table in t.metadata.sorted_tables:
                writing.execute(table.delete())
                for rows in reading.execute(select(table)).mappings().partitions(_PAGE):
                    writing.execute(insert(table), [dict(row) for row in rows])
    finally:
        copy.close()
        source.close()
    sqlite.copy(partial / FILE, made)
    shutil.rmtree(partial, ignore_errors=True)


def named_files(folder: Path) -> Iterator[str]:
    """Files that a copy of a session's store needs, relative to the session's folder.

    Parameters
    ----------
    folder
        Where the copy is.
    """
    store = open_store(folder, readonly=True)
    try:
        yield from current_files(store)
    finally:
        store.close()
