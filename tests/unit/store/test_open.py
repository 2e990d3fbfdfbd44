"""Opening stores: made, found again, read-only, elsewhere, on SQLite and PostgreSQL."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from icestream.store import open as module
from icestream.store import tables as t
from icestream.store.migrate import HEAD, NewerStore
from icestream.store.open import FILE, NoStore, Store, open_store
from icestream.store.postgres import schema_for


def sample(number: int) -> dict[str, object]:
    return {"id": number, "time": 0.0, "name": "x", "value": 1.0}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_is_written_is_read_by_others(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    url = None if kind == "sqlite" else request.getfixturevalue("postgres")
    store = open_store(tmp_path / "session", url=url)
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


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    store.close()
    with pytest.raises(NewerStore, match=f"knows up to {HEAD}"):
        open_store(tmp_path)
