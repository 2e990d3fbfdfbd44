"""Opening a session's store, wherever it is kept.

A session's store is ``icestream.db`` in its folder. Two cases need more, and then a small file
``store.json`` in the folder says where the store is: a folder on a network file system, where
SQLite's write-ahead log is unsafe (the store lives on a local disk and is copied into the folder
at checkpoints), and a facility that keeps its stores in PostgreSQL.
"""

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, Engine, func, make_url, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from icestream.store import migrate, postgres, sqlite
from icestream.store import tables as t
from icestream.store.places import is_network, state_folder
from icestream.store.pointer import POINTER, BadPointer, Pointer, read_pointer, write_pointer
from icestream.store.reading import Reader

__all__ = ["FILE", "NoStore", "Store", "StoreElsewhere", "open_store"]

FILE = "icestream.db"
"""Name of the store in the session's folder."""


class NoStore(LookupError):
    """The folder has no session in it."""


class StoreElsewhere(OSError):
    """The store is on the local disk of another host, where alone it may be written."""


@dataclass(frozen=True, slots=True)
class Store:
    """One session's store: connections for readers, and for its one writer."""

    folder: Path
    """The session's folder, absolute."""
    engine: Engine
    readonly: bool = False
    file: Path | None = None
    """The SQLite file; None for PostgreSQL."""
    reader: Reader | None = None
    """Of a SQLite file that is only read."""

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading; it holds nobody up."""
        with self.engine.connect().execution_options(**{sqlite.READS: True}) as connection:
            yield connection

    def held(self) -> contextlib.AbstractContextManager[None]:
        """Let what this thread reads within the block open the store once; see `Reader.held`."""
        return contextlib.nullcontext() if self.reader is None else self.reader.held()

    @contextlib.contextmanager
    def write(self, *, durable: bool = False) -> Iterator[Connection]:
        """One transaction: everything in it happens, or nothing.

        What is `durable` outlives a power cut from the moment when others can see it, and so does
        all that was written before. Other transactions may be lost then, the newest first.
        """
        if self.readonly:
            raise PermissionError(f"the store of {self.folder} was opened for reading only")
        with (
            self.engine.connect().execution_options(**{sqlite.DURABLE: durable}) as connection,
            connection.begin(),
        ):
            yield connection

    @property
    def remote(self) -> bool:
        """Whether the file in the folder is only a copy of a store kept on a local disk."""
        return self.file is not None and self.file.parent != self.folder

    def checkpoint(self) -> None:
        """Copy a store that is kept on a local disk into the session's folder."""
        if self.remote and self.file is not None:
            sqlite.copy(self.file, self.folder / FILE)

    def close(self) -> None:
        """Give up all connections."""
        self.engine.dispose()
        if self.reader is not None:
            self.reader.close()


def open_store(
    folder: Path | str,
    *,
    readonly: bool = False,
    upgrade: bool = True,
    older: bool = True,
    url: str | None = None,
) -> Store:
    """Open the store of the session in `folder`.

    Parameters
    ----------
    folder
        The session's folder.
    readonly
        For readers: nothing is created, migrated or written.
    upgrade
        Create the store where there is none, and bring it to the present schema: for the session's
        coordinator. Others that write, a request say, do so to a store as it is.
    older
        For readers: a store in a SQLite file that an earlier version left is read in a private copy
        that is brought to the present schema. False: it is refused.
    url
        A PostgreSQL database to create the store in, as SQLAlchemy writes it
        (``postgresql+psycopg://user@host/database``); it gets a schema of its own. A password is
        not kept: PostgreSQL's own password file serves. None: SQLite.

    Raises
    ------
    NoStore
        If there is no session in `folder`, unless it is to be made.
    OtherSchema
        If another version of icestream runs the session, or ran it last.
    StoreElsewhere
        If not `readonly`, and another host keeps the store, or the folder is a copy of that of
        the session whose store it names.
    BadPointer
        If the file that says where the store is cannot be read.
    """
    folder = Path(folder).absolute()
    pointer = read_pointer(folder)
    if pointer is None and (readonly or not upgrade):
        if not (folder / FILE).exists():
            said = f"it has neither {FILE} nor {POINTER}"
            raise NoStore(f"{folder} holds no icestream session: {said}")
    elif pointer is None:
        pointer = _place(folder, url)
    if pointer is not None and not readonly:
        pointer = _own(folder, pointer)
    if pointer is None and not readonly and upgrade:
        _make(folder / FILE)
    store = _opened(folder, pointer or Pointer(), readonly, create=upgrade)
    try:
        if readonly:
            store = _readable(store, older)
        elif not upgrade:
            _check(store)
        else:
            migrate.upgrade(store.engine)
    except BaseException:
        store.close()
        raise
    return store


def _place(folder: Path, url: str | None) -> Pointer | None:
    """Decide where a new store is kept, and leave word of it in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    name = postgres.schema_for(folder)
    if url is not None and not (folder / FILE).exists():
        plain = make_url(url).set(password=None).render_as_string()
        pointer = Pointer(url=plain, schema=name, folder=str(folder))
    elif is_network(folder):
        kept = state_folder() / "stores" / name
        kept.mkdir(parents=True, exist_ok=True)
        pointer = Pointer(file=str(kept / FILE), host=socket.gethostname(), folder=str(folder))
    else:
        return None
    write_pointer(folder, pointer)
    return pointer


def _own(folder: Path, pointer: Pointer) -> Pointer:
    """The pointer as that of `folder`, which may have been moved, but is no copy."""
    before = Path(pointer.folder or folder)
    if before == folder:
        return pointer
    if _is_copy(folder, before, pointer):
        raise StoreElsewhere(
            f"{folder} is a copy of the session in {before}, and its {POINTER} leads to the store "
            f"of that one, which only {before} may write to. Go on there; or delete that folder "
            "first, if this one is to take its place"
        )
    moved = replace(pointer, folder=str(folder))
    write_pointer(folder, moved)
    return moved


def _is_copy(folder: Path, before: Path, pointer: Pointer) -> bool:
    """Whether the folder that a pointer names is still there, and another."""
    try:
        return not before.samefile(folder) and read_pointer(before) == pointer
    except (OSError, BadPointer):
        return False


def _make(file: Path) -> None:
    """Make an empty store in the place of `file`, whole or not at all."""
    if file.exists():
        return  # one that has no tables yet gets them where it is
    partial = file.with_name(f"{file.name}.new")
    for left in ("", "-journal", "-wal", "-shm"):
        partial.with_name(partial.name + left).unlink(missing_ok=True)  # of one that was killed
    engine = sqlite.connect(partial, making=True)
    try:
        migrate.upgrade(engine)
    finally:
        engine.dispose()
    partial.replace(file)
    sqlite.sync_folder(file.parent)


def _readable(store: Store, older: bool) -> Store:
    """The store, or a private copy of it that is brought to the present schema."""
    try:
        _check(store)
    except DBAPIError:
        pass  # what is wrong with it is said to whoever reads
    except migrate.OlderStore as refused:
        if not older or store.file is None:
            raise
        store.close()
        reader = Reader(store.file, _bring_up)
        store = replace(store, engine=sqlite.connect_reader(reader), reader=reader)
        try:
            _check(store)
        except SQLAlchemyError as error:  # it is not the store that its schema says
            store.close()
            raise refused from error
    return store


def _bring_up(copy: Path) -> None:
    """Bring a private copy of a store to the present schema."""
    engine = sqlite.connect(copy, making=True)
    try:
        migrate.upgrade(engine)
    finally:
        engine.dispose()


def _check(store: Store) -> None:
    """Refuse a store of another schema, and one in which no session has begun."""
    begun = migrate.check(store.engine, store.folder) and migrate.has_begun(store.engine)
    if not begun:
        raise NoStore(f"the session in {store.folder} has not begun: its store is still empty")


def _opened(folder: Path, pointer: Pointer, readonly: bool, *, create: bool = True) -> Store:
    if pointer.url:
        connected = postgres.connect(pointer.url, pointer.schema, readonly, create=create)
        return Store(folder, connected, readonly)
    file = Path(pointer.file or folder / FILE)
    if pointer.file and not readonly:
        _check_host(folder, pointer.host)
        _bring_back(folder / FILE, file)
    if readonly and not file.exists():
        file = folder / FILE  # the local disk of another host: its last checkpoint is here
    if not readonly:
        return Store(folder, sqlite.connect(file), readonly, file)
    reader = Reader(file)
    return Store(folder, sqlite.connect_reader(reader), readonly, file, reader)


def _check_host(folder: Path, host: str) -> None:
    if host not in ("", socket.gethostname()):
        raise StoreElsewhere(
            f"the store of {folder} is on the local disk of {host}, and this is "
            f"{socket.gethostname()}; use {host}, or, when it is gone for good, delete "
            f"{folder / POINTER} to go on from the copy in {folder / FILE}"
        )


def _bring_back(copy: Path, file: Path) -> None:
    """Take the copy in the session's folder where the local store is lost, or is behind it."""
    if not copy.exists() or (file.exists() and _epoch(file) >= _epoch(copy)):
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    for left in ("-wal", "-shm"):
        file.with_name(file.name + left).unlink(missing_ok=True)
    sqlite.copy(copy, file)


def _epoch(file: Path) -> int:
    """How many coordinators a store has seen; -1 when it is no session's store yet."""
    reader = Reader(file)
    engine = sqlite.connect_reader(reader)
    try:
        with engine.connect() as connection:
            chosen = select(func.coalesce(func.max(t.session.c.epoch), 0))
            return int(connection.execute(chosen).scalar_one())
    except DBAPIError:
        return -1
    finally:
        engine.dispose()
        reader.close()
