"""Stores in PostgreSQL: a schema for each session, named after its folder."""

import contextlib
import re
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError

from icestream.store import tables as t
from icestream.store.open import open_store
from icestream.store.postgres import connect, schema_for

NAMES = [
    "grid_1",
    "20240102_Grid 1",
    "Probe – µm; drop table",
    "---",
    "x" * 200,
    "select",
    "PG",
    "PG 7",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_has_a_plain_name_that_postgresql_takes(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9_]{0,62}", schema_for(Path("/data") / name))


def test_sessions_of_one_name_in_two_folders_have_two_schemas() -> None:
    one, other = schema_for(Path("/data/a/grid_1")), schema_for(Path("/data/b/grid_1"))
    assert one != other
    assert one.startswith("grid_1_")
    assert one == schema_for(Path("/data/a/grid_1"))


@pytest.mark.parametrize("name", NAMES)
def test_tables_are_in_the_sessions_schema_and_nowhere_else(
    tmp_path: Path, postgres: str, name: str
) -> None:
    folder = tmp_path / name
    schema = schema_for(folder)
    with (
        contextlib.closing(open_store(folder, url=postgres)) as store,
        store.read() as connection,
    ):
        assert connection.execute(text("SELECT current_schema()")).scalar() == schema
        assert connection.execute(select(t.event)).all() == []
    plain = create_engine(postgres)
    seen = inspect(plain)
    assert set(t.metadata.tables) <= set(seen.get_table_names(schema))
    assert seen.get_table_names("public") == []
    plain.dispose()


def test_a_readers_connection_cannot_write(tmp_path: Path, postgres: str) -> None:
    open_store(tmp_path / "session", url=postgres).close()
    engine = connect(postgres, schema_for(tmp_path / "session"), readonly=True)
    with pytest.raises(DBAPIError, match="read-only transaction"), engine.begin() as connection:
        connection.execute(insert(t.sample).values(id=1, time=0.0, name="x", value=1.0))
    engine.dispose()


def test_a_reader_makes_no_schema(postgres: str) -> None:
    engine = connect(postgres, "nobody_made_this", readonly=True)
    with engine.connect() as connection:
        made = connection.execute(text("SELECT nspname FROM pg_namespace")).scalars().all()
    engine.dispose()
    assert "nobody_made_this" not in made


def test_a_session_that_is_moved_keeps_its_schema(tmp_path: Path, postgres: str) -> None:
    made = open_store(tmp_path / "one", url=postgres)
    with contextlib.closing(made), made.write() as connection:
        connection.execute(insert(t.sample).values(id=1, time=0.0, name="x", value=1.0))
        row = {"id": 1, "name": "s", "workflow": "w", "order": "newest", "state": "running"}
        connection.execute(insert(t.session).values(epoch=1, created=0.0, changed=0.0, **row))
    (tmp_path / "one").rename(tmp_path / "two")
    moved = open_store(tmp_path / "two", readonly=True)
    with contextlib.closing(moved), moved.read() as connection:
        assert connection.execute(select(t.sample.c.value)).scalar() == 1.0
