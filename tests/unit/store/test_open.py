"""Opening stores: made, found again, read-only, elsewhere, on SQLite and PostgreSQL."""

import contextlib
import shutil
import socket
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select, text

import old_session
from icestream.store import open as module
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.migrate import HEAD, NewerStore, OlderStore, OtherSchema
from icestream.store.open import FILE, NoStore, Store, StoreElsewhere, open_store
from icestream.store.pointer import POINTER, read_pointer
from icestream.store.postgres import schema_for
from toy_record import begin


def sample(number: int) -> dict[str, object]:
    return {"id": number, "time": 0.0, "name": "x", "value": 1.0}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_is_written_is_read_by_others(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    url = None if kind == "sqlite" else request.getfixturevalue("postgres")
    store = open_store(tmp_path / "session", url=url)
    begin(store)
    with store.write() as connection:
        connection.execute(insert(t.sample), [sample(1), sample(2)])
    reader = open_store(tmp_path / "session", readonly=True)
    with reader.read() as connection:
        assert connection.execute(select(t.sample.c.id)).scalars().all() == [1, 2]
    with pytest.raises(PermissionError, match="for reading only"), reader.write():
        pass
    with pytest.raises(RuntimeError), store.write() as connection:
        connection.execute(insert(t.sample), [sample(3)])
        raise RuntimeError
    with reader.read() as connection:
        assert len(connection.execute(select(t.sample.c.id)).all()) == 2
    store.close()
    reader.close()


def test_reading_and_writing_do_not_wait_for_each_other(store: Store) -> None:
    """The coordinator commits while monitors look, and they see what is committed."""
    with store.read() as connection:
        assert connection.execute(select(t.sample.c.id)).all() == []
        with store.write() as writing:
            writing.execute(insert(t.sample), [sample(1)])
            with store.read() as another:
                assert another.execute(select(t.sample.c.id)).all() == []
        with store.read() as another:
            assert another.execute(select(t.sample.c.id)).scalars().all() == [1]


def test_a_folder_without_a_session_is_not_made_by_a_reader(tmp_path: Path) -> None:
    with pytest.raises(NoStore, match="holds no icestream session"):
        open_store(tmp_path / "nothing", readonly=True)
    assert not (tmp_path / "nothing").exists()


def test_sessions_in_postgresql_have_a_schema_each(tmp_path: Path, postgres: str) -> None:
    stores = [open_store(tmp_path / name, url=postgres) for name in ("one", "two")]
    with stores[0].write() as connection:
        connection.execute(insert(t.sample), [sample(1)])
    with stores[1].read() as connection:
        assert connection.execute(select(t.sample)).all() == []
    for store in stores:
        store.close()


def test_a_password_is_not_left_in_the_folder(tmp_path: Path, postgres: str) -> None:
    secret = postgres.replace("icestream@", "icestream:geheim@")
    open_store(tmp_path / "session", url=secret).close()
    assert "geheim" not in (tmp_path / "session" / "store.json").read_text()


def test_on_a_network_folder_the_store_is_local_and_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ICESTREAM_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(module, "is_network", lambda folder: True)
    folder = tmp_path / "session"
    store = open_store(folder)
    assert store.remote
    assert store.file == tmp_path / "state" / "stores" / schema_for(folder) / FILE
    begin(store)
    with store.write() as connection:
        connection.execute(insert(t.sample), [sample(1)])
    assert not (folder / FILE).exists()
    store.checkpoint()
    copy = sqlite3.connect(folder / FILE)
    assert copy.execute("SELECT count(*) FROM sample").fetchone() == (1,)
    copy.close()
    store.close()
    assert store.file is not None
    store.file.unlink()  # as another host sees it
    reader = open_store(folder, readonly=True)
    with reader.read() as connection:
        assert len(connection.execute(select(t.sample)).all()) == 1
    reader.close()


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on a network, that this host keeps the store of on a local disk."""
    monkeypatch.setenv("ICESTREAM_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(module, "is_network", lambda folder: True)
    return tmp_path / "session"


def leave(folder: Path, epoch: int) -> Path:
    """Run a session that is copied into its folder in the end; gives the local file."""
    store = open_store(folder)
    with store.write() as connection:
        row = {"id": 1, "name": "s", "workflow": "w", "order": "newest", "state": "done"}
        connection.execute(t.session.delete())
        connection.execute(insert(t.session).values(epoch=epoch, created=0.0, changed=0.0, **row))
    store.checkpoint()
    store.close()
    assert store.file is not None
    return store.file


def epoch_of(folder: Path) -> int:
    store = open_store(folder)
    with contextlib.closing(store), store.read() as connection:
        return int(connection.execute(select(t.session.c.epoch)).scalar_one())


def test_a_local_disk_that_is_lost_is_made_up_for_by_the_copy(
    network: Path, tmp_path: Path
) -> None:
    """An empty store in its place would be the next copy, and the session would be gone."""
    leave(network, epoch=3)
    shutil.rmtree(tmp_path / "state")
    assert epoch_of(network) == 3


def test_a_store_on_the_local_disk_of_another_host_is_not_written_here(
    network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(network, epoch=3)
    monkeypatch.setattr(socket, "gethostname", lambda: "beamline7")
    with pytest.raises(StoreElsewhere, match=r"use .*, or, when it is gone for good, delete"):
        open_store(network)
    reader = open_store(network, readonly=True)  # anybody may look
    reader.close()


def test_another_host_goes_on_from_the_copy_and_what_was_left_behind_is_not_used(
    network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind = leave(network, epoch=3)
    (network / POINTER).unlink()  # as the message says
    with monkeypatch.context() as there:
        there.setattr(socket, "gethostname", lambda: "beamline7")
        there.setenv("ICESTREAM_STATE", str(tmp_path / "state of beamline7"))
        assert epoch_of(network) == 3
        leave(network, epoch=4)
    (network / POINTER).unlink()  # and back again
    assert behind.exists()
    assert epoch_of(network) == 4


def test_a_local_store_that_is_ahead_of_its_copy_is_kept(network: Path) -> None:
    leave(network, epoch=3)
    store = open_store(network)
    with store.write() as connection:
        connection.execute(insert(t.sample), [sample(1)])
    store.close()
    store = open_store(network)
    with contextlib.closing(store), store.read() as connection:
        assert connection.execute(select(t.sample.c.id)).scalars().all() == [1]


# -- stores of other versions ----------------------------------------------------------------------


@pytest.fixture
def stamped(store: Store) -> Iterator[Callable[[str], Path]]:
    """Gives the store's folder after its schema was stamped with another number."""

    def stamp(version: str) -> Path:
        with store.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
        return store.folder

    yield stamp
    with store.read() as connection:  # whoever looked has left it as it was
        assert connection.execute(select(t.sample.c.id)).all() == []


@pytest.mark.parametrize("how", [{"readonly": True}, {"upgrade": False}])
@pytest.mark.parametrize(
    ("version", "error", "said"),
    [
        ("0001", OlderStore, f"has schema 0001, this icestream works with {HEAD}: .* earlier"),
        ("9999", NewerStore, f"has schema 9999, this icestream knows up to {HEAD}: .* newer"),
    ],
)
def test_only_a_coordinator_opens_a_store_of_another_schema(
    stamped: Callable[[str], Path],
    how: dict[str, bool],
    version: str,
    error: type[OtherSchema],
    said: str,
) -> None:
    folder = stamped(version)
    with pytest.raises(error, match=said) as refused:
        open_store(folder, **how)
    assert str(folder) in str(refused.value)


def test_the_old_session_is_refused_to_whoever_writes_but_its_coordinator(
    tmp_path: Path, url: str | None
) -> None:
    folder = tmp_path / "session"
    old_session.restore(folder, url)
    for how in ({"readonly": True, "older": False}, {"upgrade": False}):
        with pytest.raises(OlderStore, match=f"icestream process ... --out {folder}"):
            open_store(folder, **how)
    open_store(folder).close()
    for how in ({"readonly": True}, {"upgrade": False}):
        open_store(folder, **how).close()


def test_the_old_session_is_read_in_a_copy_of_the_present_schema(tmp_path: Path) -> None:
    folder = tmp_path / "session"
    old_session.restore(folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with contextlib.closing(open_store(folder, readonly=True)) as store:
        assert len(queries.exposures(store)) == 6
        assert queries.session(store).branch == "main"
        assert len(queries.epochs(store)) == 1
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert after == before


def test_the_old_session_in_postgresql_is_refused_to_readers(tmp_path: Path, postgres: str) -> None:
    old_session.restore(tmp_path / "session", postgres)
    with pytest.raises(OlderStore):
        open_store(tmp_path / "session", readonly=True)


def test_who_does_not_make_a_store_leaves_no_trace(tmp_path: Path) -> None:
    with pytest.raises(NoStore, match="holds no icestream session"):
        open_store(tmp_path / "nothing", upgrade=False)
    assert not (tmp_path / "nothing").exists()
    (tmp_path / "begun").mkdir()
    sqlite3.connect(tmp_path / "begun" / FILE).close()
    with pytest.raises(NoStore, match="has not begun"):
        open_store(tmp_path / "begun", upgrade=False)


# -- whatever the moment ---------------------------------------------------------------------------


@pytest.mark.parametrize("left", [b"", b"\0" * 3, b"rubbish"])
def test_a_store_that_was_being_made_when_the_power_failed_is_made_anew(
    tmp_path: Path, left: bytes
) -> None:
    (tmp_path / f"{FILE}.new").write_bytes(left)
    (tmp_path / f"{FILE}.new-journal").write_bytes(left)
    with contextlib.closing(open_store(tmp_path)) as store:
        begin(store)
    assert sorted(path.name for path in tmp_path.iterdir()) == [FILE]


@pytest.mark.parametrize("left", ["nothing", "no tables", "no session"])
def test_a_store_in_which_no_session_has_begun_is_none_for_readers_and_goes_on_for_the_writer(
    tmp_path: Path, left: str
) -> None:
    if left == "nothing":
        (tmp_path / FILE).touch()
    elif left == "no tables":
        sqlite3.connect(tmp_path / FILE).execute("PRAGMA journal_mode=WAL").connection.close()
    else:
        open_store(tmp_path).close()
    for more in ({"readonly": True}, {"upgrade": False}):
        with pytest.raises(NoStore, match="has not begun"):
            open_store(tmp_path, **more)
    with contextlib.closing(open_store(tmp_path)) as store:
        begin(store)
    open_store(tmp_path, readonly=True).close()


def test_a_new_store_appears_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody ever sees a file without its tables."""
    seen: list[bool] = []
    whole = module.migrate.upgrade

    def upgrade(engine: Engine) -> None:
        seen.append((tmp_path / FILE).exists())
        whole(engine)

    monkeypatch.setattr(module.migrate, "upgrade", upgrade)
    open_store(tmp_path).close()
    assert seen == [False, True]


def test_a_copy_of_a_folder_may_not_write_to_the_store_of_the_first(
    tmp_path: Path, postgres: str
) -> None:
    first, copy = tmp_path / "first", tmp_path / "copy"
    with contextlib.closing(open_store(first, url=postgres)) as store:
        begin(store)
    shutil.copytree(first, copy)
    with pytest.raises(StoreElsewhere, match=f"{copy} is a copy of the session in {first}"):
        open_store(copy)
    open_store(copy, readonly=True).close()
    open_store(first).close()
    shutil.rmtree(first)  # as the message says
    open_store(copy).close()
    pointer = read_pointer(copy)
    assert pointer is not None
    assert pointer.folder == str(copy)


def test_a_folder_that_was_moved_takes_its_store_along(tmp_path: Path, postgres: str) -> None:
    with contextlib.closing(open_store(tmp_path / "first", url=postgres)) as store:
        begin(store)
    (tmp_path / "first").rename(tmp_path / "moved")
    with contextlib.closing(open_store(tmp_path / "moved")) as store, store.read() as connection:
        assert connection.execute(select(t.session.c.epoch)).scalar() == 1
    (tmp_path / "first").symlink_to(tmp_path / "moved")  # people leave links behind
    open_store(tmp_path / "first").close()
    open_store(tmp_path / "moved").close()


def test_what_is_durable_is_synced_and_other_transactions_are_not(store: Store) -> None:
    """PostgreSQL syncs every transaction."""
    ask = "SHOW synchronous_commit" if store.file is None else "PRAGMA synchronous"
    levels = []
    for durable in (False, True, True, False):
        with store.write(durable=durable) as connection:
            levels.append(connection.exec_driver_sql(ask).scalar())
            connection.execute(insert(t.sample), [sample(len(levels))])
    assert levels == (["on"] * 4 if store.file is None else [1, 2, 2, 1])  # NORMAL, FULL
    with store.read() as connection:
        assert len(connection.execute(select(t.sample)).all()) == 4
