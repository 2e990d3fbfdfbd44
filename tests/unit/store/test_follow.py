"""Following reads every event once, in order, and wakes soon after a commit, at no cost before."""

import contextlib
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event as hooks
from sqlalchemy import insert, update

from icestream.store import follow as module
from icestream.store import reading, sqlite
from icestream.store import tables as t
from icestream.store.events import SCHEMA, ExposureFound, SessionStateChanged
from icestream.store.follow import EventFollower, commit_mark, newest_event, sqlite_mark
from icestream.store.open import FILE, Store, open_store
from icestream.store.reading import Reader
from icestream.store.writing import Numbers, Writes

SESSION = {
    "id": 1, "name": "s", "workflow": "w", "order": "oldest", "state": "running", "reason": "",
    "epoch": 1, "holder": "", "created": 0.0, "changed": 0.0, "events": SCHEMA,
}  # fmt: skip


@pytest.fixture
def happen(store: Store) -> Callable[..., None]:
    """Lets things happen: so many exposures are found, and the session gets a state."""
    with store.write() as connection:
        connection.execute(insert(t.session).values(SESSION))

    def one(found: int, state: str = "") -> None:
        with store.write() as connection:
            writes = Writes(Numbers(connection), 1.0)
            for _ in range(found):
                writes.event(ExposureFound())
            if state:
                writes.event(SessionStateChanged(state=state))
            writes.flush(connection)

    return one


@pytest.fixture
def reader(store: Store, happen: Callable[..., None]) -> Iterator[Store]:
    opened = open_store(store.folder, readonly=True)
    yield opened
    opened.close()


def seqs(page: tuple[Any, ...]) -> list[int]:
    return [one.seq for one in page]


def test_every_event_is_read_once_in_order(reader: Store, happen: Callable[..., None]) -> None:
    follower = EventFollower(reader)
    assert follower.read() == ()
    happen(3)
    assert seqs(follower.read()) == [1, 2, 3]
    assert follower.read() == ()
    happen(5)
    assert [seqs(page) for page in follower.pages(limit=2)] == [[4, 5], [6, 7], [8]]
    assert seqs(EventFollower(reader, after=6).read()) == [7, 8]


def test_kinds_that_are_not_wanted_are_passed_over(
    reader: Store, happen: Callable[..., None]
) -> None:
    follower = EventFollower(reader, kinds=["session.state"])
    happen(3, "paused")
    happen(4, "running")
    assert [one.document["state"] for one in follower.read(limit=1)] == ["paused"]
    assert follower.after == 4
    assert [one.document["state"] for one in follower.read()] == ["running"]
    happen(10)
    assert follower.read() == ()
    assert follower.after == 19  # and not read again


def test_waiting_ends_with_a_commit(reader: Store, happen: Callable[..., None]) -> None:
    follower = EventFollower(reader)
    for number in range(1, 8):
        follower.read()
        assert not follower.wait(0.05)
        timer = threading.Timer(0.05, happen, (1,))
        timer.start()
        assert follower.wait(60.0)
        assert seqs(follower.read()) == [number]
        timer.join()


def test_what_is_committed_while_one_reads_is_not_waited_for(
    reader: Store, happen: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = EventFollower(reader)
    whole = module.queries.events

    def slow(*given: Any, **more: Any) -> Any:
        found = whole(*given, **more)
        happen(1)
        return found

    happen(1)
    with monkeypatch.context() as patch:
        patch.setattr(module.queries, "events", slow)
        assert seqs(follower.read()) == [1]
    assert follower.wait(60.0)
    assert seqs(follower.read()) == [2]


def test_a_file_is_waited_for_without_opening_it(tmp_path: Path) -> None:
    writer = open_store(tmp_path / "session")
    with writer.write() as connection:
        connection.execute(insert(t.session).values(SESSION))
    reader = open_store(tmp_path / "session", readonly=True)
    follower = EventFollower(reader)
    follower.read()
    asked: list[Any] = []
    hooks.listen(reader.engine, "connect", lambda *given: asked.append(given))
    assert not follower.wait(0.2)
    writer.close()
    follower.read()
    follower.read()  # the first that opens it makes the file anew that is looked at
    del asked[:]
    assert not follower.wait(0.2)  # nor when nobody has it open any more
    assert asked == []
    reader.close()


def test_following_gives_pages_until_it_is_stopped(
    reader: Store, happen: Callable[..., None]
) -> None:
    stop, found = threading.Event(), list[int]()

    def follow() -> None:
        for page in EventFollower(reader).follow(stop):
            found.extend(seqs(page))

    thread = threading.Thread(target=follow)
    thread.start()
    for _ in range(20):
        happen(3)
    deadline = time.monotonic() + 60.0
    while len(found) < 60 and time.monotonic() < deadline:
        time.sleep(0.01)
    stop.set()
    thread.join(60.0)
    assert not thread.is_alive()
    assert found == list(range(1, 61))


def test_a_stop_ends_the_waiting(reader: Store) -> None:
    follower, stop = EventFollower(reader), threading.Event()
    follower.read()
    threading.Timer(0.05, stop.set).start()
    assert not follower.wait(stop=stop)


def test_a_newer_catalogue_is_told(
    store: Store, reader: Store, happen: Callable[..., None]
) -> None:
    follower = EventFollower(reader)
    happen(1)
    follower.read()
    assert follower.newer == 0
    with store.write() as connection:
        connection.execute(update(t.session).values(events=SCHEMA + 1))
    assert follower.read() == ()
    assert follower.newer == SCHEMA + 1


def test_a_copy_that_is_replaced_is_noticed(tmp_path: Path) -> None:
    """The store is on the local disk of another host, which copies it into the folder."""
    store = open_store(tmp_path / "kept")
    there = tmp_path / "session" / FILE
    there.parent.mkdir()
    assert store.file is not None

    with store.write() as connection:
        connection.execute(insert(t.session).values(SESSION))

    def happen() -> None:
        with store.write() as connection:
            writes = Writes(Numbers(connection), 1.0)
            writes.event(ExposureFound())
            writes.flush(connection)
        sqlite.copy(store.file, there)  # type: ignore[arg-type]

    happen()
    reader = open_store(there.parent, readonly=True)
    follower = EventFollower(reader)
    assert seqs(follower.read()) == [1]
    assert not follower.wait(0.1)
    happen()
    assert follower.wait(60.0)
    assert seqs(follower.read()) == [2]
    reader.close()
    store.close()


def test_who_reads_copies_is_woken_when_there_is_a_newer_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looks at the store itself would wake it at once, for a copy without the news."""
    monkeypatch.setattr(reading, "_FRESH", 0.3)
    with contextlib.closing(open_store(tmp_path / "s")) as store:
        with store.write() as connection:
            connection.execute(insert(t.session).values(SESSION))
        made = Reader(tmp_path / "s" / FILE, lambda copy: None)
        engine = sqlite.connect_reader(made)
        copied = replace(store, engine=engine, readonly=True, reader=made)
        follower = EventFollower(copied)
        assert follower.read() == follower.read() == ()
        with store.write() as connection:
            writes = Writes(Numbers(connection), 1.0)
            writes.event(ExposureFound())
            writes.flush(connection)
        assert follower.wait(60.0)
        assert seqs(follower.read()) == [1]
        copied.close()


def test_the_newest_event_and_the_mark_of_a_commit(
    store: Store, reader: Store, happen: Callable[..., None]
) -> None:
    assert newest_event(reader) == 0
    before = commit_mark(store.folder)
    happen(3)
    assert newest_event(reader) == 3
    if store.file is None:
        assert before is None  # PostgreSQL has to be asked
    else:
        assert commit_mark(store.folder) != before
        assert commit_mark(store.folder) == commit_mark(store.folder)


def test_who_can_wait_looks_less_often(
    reader: Store, happen: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = EventFollower(reader)
    looked = []
    mark = follower._mark
    monkeypatch.setattr(follower, "_mark", lambda: looked.append(1) or mark())
    follower.read()
    looked.clear()
    follower.wait(0.6, every=0.25)
    assert len(looked) <= 4


LOCKED = """\
import fcntl, struct, sys
asked = struct.pack("hhqqi", fcntl.F_WRLCK, 0, 128, 1, 0)
with open(sys.argv[1], "rb+") as index:
    told = struct.unpack("hhqqi", fcntl.fcntl(index, fcntl.F_GETLK, asked))
print(told[0] != fcntl.F_UNLCK)
"""
"""Whether another process holds the byte by which SQLite knows that a store is open."""


def test_to_look_at_a_file_takes_no_lock_away(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE a (b)")
        marks = [sqlite_mark(file)]
        connection.execute("INSERT INTO a VALUES (1)")
        marks.append(sqlite_mark(file))
        assert marks[0] != marks[1]
        asked = [sys.executable, "-c", LOCKED, f"{file}-shm"]
        assert subprocess.run(asked, capture_output=True, check=True).stdout == b"True\n"
    assert sqlite_mark(file) != marks[1], "nobody has it open any more"
