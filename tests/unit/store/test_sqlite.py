"""Stores in SQLite files: readers beside the writer, closed folders, whole copies."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from icestream.store import sqlite
from icestream.store.reading import Reader

COUNT = text("SELECT count(*) FROM number")


def add(engine: Engine, *numbers: int) -> None:
    with engine.begin() as connection:
        for number in numbers:
            connection.execute(text("INSERT INTO number VALUES (:n)"), {"n": number})


def count(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(COUNT).scalar_one())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """In a folder whose name would mean something in a URI."""
    folder = tmp_path / "50% of #1?mode=memory"
    folder.mkdir()
    return folder / "store.db"


@pytest.fixture
def writer(file: Path) -> Iterator[Engine]:
    engine = sqlite.connect(file)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE number (n INTEGER PRIMARY KEY)"))
    yield engine
    engine.dispose()


@pytest.fixture
def reader(file: Path, writer: Engine) -> Iterator[Engine]:
    assert writer is not None
    engine = sqlite.connect_reader(Reader(file))
    yield engine
    engine.dispose()


def test_a_reader_sees_what_is_committed_and_is_not_held_up(writer: Engine, reader: Engine) -> None:
    add(writer, 1)
    with writer.begin() as connection:
        connection.execute(text("INSERT INTO number VALUES (2)"))
        assert count(reader) == 1
    assert count(reader) == 2


def test_a_reader_sees_one_moment_for_as_long_as_it_reads(writer: Engine, reader: Engine) -> None:
    with reader.connect() as connection:
        assert connection.execute(COUNT).scalar() == 0
        add(writer, 1)
        assert connection.execute(COUNT).scalar() == 0
    assert count(reader) == 1


def test_a_reader_cannot_write(reader: Engine) -> None:
    with pytest.raises(OperationalError, match="readonly database"):
        add(reader, 1)


def test_a_transaction_that_raises_leaves_nothing(writer: Engine) -> None:
    with pytest.raises(OperationalError), writer.begin() as connection:
        connection.execute(text("INSERT INTO number VALUES (1)"))
        connection.execute(text("INSERT INTO nothing VALUES (1)"))
    assert count(writer) == 0


def test_writers_take_turns_instead_of_failing(file: Path, writer: Engine) -> None:
    """Somebody writes a command while the coordinator commits: it waits for its turn."""
    other = sqlite.connect(file)
    begun = threading.Event()

    def command() -> None:
        begun.set()
        add(other, 2)

    waiting = threading.Thread(target=command)
    with writer.begin() as connection:
        connection.execute(COUNT)  # a transaction that writes only after it has read
        waiting.start()
        assert begun.wait(10.0)
        connection.execute(text("INSERT INTO number VALUES (1)"))
    waiting.join(10.0)
    assert count(writer) == 2
    other.dispose()


def test_threads_come_and_go_while_a_transaction_is_open(writer: Engine) -> None:
    """Each takes a connection of its own, and none loses its for another's sake."""
    with writer.begin() as connection:
        for number in range(20):
            thread = threading.Thread(target=lambda: writer.pool.connect().close())
            thread.start()
            thread.join()
            connection.execute(text("INSERT INTO number VALUES (:n)"), {"n": number})
    assert count(writer) == 20


def test_a_reader_makes_no_store(tmp_path: Path) -> None:
    with pytest.raises(OperationalError, match="unable to open"):
        count(sqlite.connect_reader(Reader(tmp_path / "nothing.db")))
    assert list(tmp_path.iterdir()) == []


def test_a_copy_is_whole_although_the_store_is_in_use(
    tmp_path: Path, file: Path, writer: Engine
) -> None:
    add(writer, *range(100))
    with writer.begin() as connection:
        connection.execute(text("INSERT INTO number VALUES (1000)"))
        sqlite.copy(file, tmp_path / "copy.db")
    made = sqlite3.connect(tmp_path / "copy.db")
    assert made.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert made.execute("PRAGMA journal_mode").fetchone() == ("delete",)  # no file beside it
    assert made.execute("SELECT count(*), max(n) FROM number").fetchone() == (100, 99)
    made.close()
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {"copy.db"}


def test_a_copy_that_fails_leaves_the_earlier_one(
    tmp_path: Path, file: Path, writer: Engine
) -> None:
    add(writer, 1)
    sqlite.copy(file, tmp_path / "copy.db")
    writer.dispose()
    file.write_bytes(b"no database at all" * 1000)
    with pytest.raises(OSError, match="cannot be copied to .*: file is not a database"):
        sqlite.copy(file, tmp_path / "copy.db")
    made = sqlite3.connect(tmp_path / "copy.db")
    assert made.execute("SELECT count(*) FROM number").fetchone() == (1,)
    made.close()


def test_what_a_copy_that_was_killed_left_is_no_hindrance(
    tmp_path: Path, file: Path, writer: Engine
) -> None:
    add(writer, 1)
    (tmp_path / "copy.db.part").write_bytes(b"half of a database" * 1000)
    sqlite.copy(file, tmp_path / "copy.db")
    made = sqlite3.connect(tmp_path / "copy.db")
    assert made.execute("SELECT count(*) FROM number").fetchone() == (1,)
    made.close()
