"""Reading a store beside its writer, also without the right to write there."""

import contextlib
import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from icestream.store import reading
from icestream.store.reading import Reader, StoreBusy

NOBODY = 65534


@pytest.fixture
def file() -> Iterator[Path]:
    """In a folder that everybody can look into, and whose name would mean something in a URI."""
    folder = Path(tempfile.mkdtemp(prefix="50% of #1?mode=memory"))
    folder.chmod(0o755)
    yield folder / "store.db"
    shutil.rmtree(folder)


@pytest.fixture
def writer(file: Path) -> Iterator[sqlite3.Connection]:
    writer = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("CREATE TABLE number (n INTEGER PRIMARY KEY)")
    yield writer
    writer.close()


@contextlib.contextmanager
def without_permission(folder: Path) -> Iterator[None]:
    """Be somebody who may read in a folder and write nothing."""
    if os.geteuid() == 0:
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)
        return
    modes = {path: path.stat().st_mode for path in (folder, *folder.iterdir())}
    for path in modes:
        path.chmod(0o555 if path == folder else 0o444)
    try:
        yield
    finally:
        for path, mode in modes.items():
            if path.exists():
                path.chmod(mode)


@pytest.fixture
def killed(file: Path, writer: sqlite3.Connection) -> Path:
    """What a coordinator that was killed left: a number is in its log alone."""
    writer.execute("INSERT INTO number VALUES (1)")
    left = file.parent / "killed.db"
    for end in ("", "-wal"):
        shutil.copyfile(f"{file}{end}", f"{left}{end}")
    return left


def numbers(reader: Reader) -> list[int]:
    with contextlib.closing(reader.open()) as connection:
        return [row[0] for row in connection.execute("SELECT n FROM number")]


def copies(reader: Reader) -> list[Path]:
    return [] if reader._folder is None else list(reader._folder.iterdir())


def test_a_live_store_is_read_as_it_is(file: Path, writer: sqlite3.Connection) -> None:
    reader = Reader(file)
    with without_permission(file.parent):
        assert numbers(reader) == []
        writer.execute("INSERT INTO number VALUES (1)")
        assert numbers(reader) == [1]
    assert (copies(reader), reader.mark()) == ([], None)


def test_the_log_of_a_coordinator_that_was_killed_is_read(killed: Path) -> None:
    """The store alone has an old state, in which this table is not even made."""
    before = sorted(path.name for path in killed.parent.iterdir())
    reader = Reader(killed)
    with without_permission(killed.parent):
        assert numbers(reader) == [1]
        assert len(copies(reader)) == 1
        assert copies(reader)[0].parent.stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in killed.parent.iterdir()) == before
    reader.close()
    assert copies(reader) == []


def test_an_archive_is_read_without_a_copy(file: Path, writer: sqlite3.Connection) -> None:
    writer.execute("INSERT INTO number VALUES (1)")
    writer.close()
    reader = Reader(file)
    with without_permission(file.parent):
        assert numbers(reader) == [1]
    assert copies(reader) == []
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_copy_is_made_anew_when_something_was_written_but_not_all_the_time(
    file: Path, writer: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Reader(file, lambda copy: None)
    writer.execute("INSERT INTO number VALUES (1)")
    monkeypatch.setattr(reading, "_FRESH", 600.0)
    assert numbers(reader) == [1]
    mark = reader.mark()
    writer.execute("INSERT INTO number VALUES (2)")
    assert numbers(reader) == [1]
    assert reader.mark() == mark
    reader._again = 0.0
    assert numbers(reader) == [1, 2]
    assert reader.mark() != mark
    reader._again = 0.0
    mark = reader.mark()
    assert reader.mark() == mark  # nothing was written since
    assert len(copies(reader)) == 1
    reader.close()


def test_copies_are_whole_while_the_store_is_written(
    file: Path, writer: sqlite3.Connection, tmp_path: Path
) -> None:
    """Two rows are written together, again and again, with many copies into the store itself."""
    writer.execute("PRAGMA wal_autocheckpoint=1")
    writer.execute("CREATE TABLE pair (a INTEGER, b TEXT)")
    writer.execute("INSERT INTO pair VALUES (0, ''), (0, '')")
    stop = threading.Event()

    def write() -> None:
        count = 0
        while not stop.wait(0.0005):
            count += 1
            writer.execute("UPDATE pair SET a = ?, b = ?", (count, "x" * 20_000))

    thread = threading.Thread(target=write)
    thread.start()
    seen = set()
    try:
        for number in range(40):
            with contextlib.suppress(StoreBusy):
                reading._copy(file, tmp_path / f"{number}.db")
                with contextlib.closing(sqlite3.connect(tmp_path / f"{number}.db")) as made:
                    assert made.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                    (values,) = made.execute("SELECT min(a), max(a) FROM pair").fetchall()
                assert values[0] == values[1]
                seen.add(values[0])
    finally:
        stop.set()
        thread.join()
    assert seen


def test_a_log_that_begins_anew_all_the_time_is_told(
    file: Path, writer: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = iter(range(100))
    monkeypatch.setattr(reading, "_header", lambda log: b"%d" % next(headers))
    with pytest.raises(StoreBusy, match="cannot be read from outside now; try it again"):
        numbers(Reader(file, lambda copy: None))


def test_a_copy_is_prepared_before_it_is_read(file: Path, writer: sqlite3.Connection) -> None:
    def prepare(copy: Path) -> None:
        with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as connection:
            connection.execute("INSERT INTO number VALUES (7)")

    reader = Reader(file, prepare)
    assert numbers(reader) == [7]
    assert writer.execute("SELECT count(*) FROM number").fetchone() == (0,)
    reader.close()


def test_a_store_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        Reader(tmp_path / "nothing.db").open()
    assert list(tmp_path.iterdir()) == []


def test_within_a_block_a_thread_opens_a_store_once(
    file: Path, writer: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *given, **more: opened.append("") or connect(*given, **more)
    )
    reader = Reader(file)

    def read() -> sqlite3.Connection:
        connection = reader.open()
        connection.execute("SELECT * FROM number").fetchall()
        connection.close()
        return connection

    with reader.held(), reader.held():
        first = read()
        assert [read(), read()] == [first, first]
        both = reader.open(), reader.open()
        assert both[0] is not both[1]
        for one in both:
            one.close()
        other = threading.Thread(target=read)
        other.start()
        other.join()
    assert len(opened) == 3, "one of a thread at a time, and one of the other thread"
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        first.execute("SELECT 1")
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        read().execute("SELECT 1")
    writer.execute("INSERT INTO number VALUES (1)")
    with reader.held():
        connection = reader.open()
        assert connection.execute("SELECT n FROM number").fetchall() == [(1,)]
        writer.execute("INSERT INTO number VALUES (2)")
        connection.close()
        assert reader.open().execute("SELECT n FROM number").fetchall() == [(1,), (2,)]
