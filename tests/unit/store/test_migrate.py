"""The migrations make the schema that the code works with, in one piece."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, insert, inspect, select, text

import old_session
from icestream.engine.requests.models import read_request
from icestream.model import ITEM_TYPES, Accepted, Rejected
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.items import items_of
from icestream.store.migrate import HEAD, NewerStore, upgrade
from icestream.store.open import POINTER, Store, _opened, open_store


def scripts() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("icestream.store") / "migrations"))
    return config


def version_of(store: Store) -> str:
    with store.read() as connection:
        rows = connection.exec_driver_sql("SELECT version_num FROM alembic_version").all()
    (version,) = rows
    return str(version[0])


def test_migrations_make_exactly_the_tables(store: Store) -> None:
    """Columns, their types, keys and indexes: as `icestream.store.tables` has them."""
    with store.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), t.metadata) == []
    assert version_of(store) == HEAD


def test_the_head_is_the_newest_script() -> None:
    assert ScriptDirectory.from_config(scripts()).get_current_head() == HEAD


def test_opening_again_changes_nothing(tmp_path: Path, store: Store) -> None:
    with store.write() as connection:
        connection.execute(insert(t.sample).values(id=1, time=0.0, name="x", value=1.0))
    upgrade(store.engine)
    again = open_store(tmp_path / "session")
    with again.read() as connection:
        assert connection.execute(select(t.sample.c.id)).scalars().all() == [1]
    again.close()


def test_taking_everything_back_leaves_nothing(store: Store) -> None:
    config = scripts()
    with store.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert set(inspect(store.engine).get_table_names()) == {"alembic_version"}


def test_a_migration_that_is_interrupted_leaves_nothing_and_is_made_up_for(
    tmp_path: Path, url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = command.upgrade

    def interrupted(*arguments: Any) -> None:
        whole(*arguments)
        raise KeyboardInterrupt

    folder = tmp_path / "session"
    with monkeypatch.context() as patch:
        patch.setattr(command, "upgrade", interrupted)
        with pytest.raises(KeyboardInterrupt):
            open_store(folder, url=url)
    store = open_store(folder, readonly=True)
    assert inspect(store.engine).get_table_names() == []
    store.close()
    store = open_store(folder)
    assert version_of(store) == HEAD
    store.close()


# -- the store of schema 0002 ----------------------------------------------------------------------


def everything(store: Store) -> dict[str, list[Any]]:
    """All rows of all tables, whatever the schema."""
    known = MetaData()
    with store.engine.connect() as connection:
        known.reflect(connection)
        return {
            table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for table in known.sorted_tables
        }


@pytest.fixture
def old(tmp_path: Path, url: str | None) -> Iterator[Store]:
    """The old store as it is, whatever its schema."""
    folder = tmp_path / "session"
    old_session.restore(folder, url)
    place = json.loads((folder / POINTER).read_text()) if url else {}
    with contextlib.closing(_opened(folder, place, readonly=False)) as store:
        yield store


def test_what_was_asked_of_an_old_session_keeps_its_answers(old: Store) -> None:
    upgrade(old.engine)
    asked = {row[0]: row for row in everything(old)["request"]}
    assert sorted(row[2] for row in asked.values()) == [
        "abort", "accept", "acknowledge", "adopt", "pause", "reject", "reject", "set",
    ]  # fmt: skip
    assert [row[5] for row in asked.values()].count("new") == 2
    for token, _, verb, document, who, _, _ in asked.values():
        assert read_request(document, verb=verb, who=who).who == who, token
    said = queries.events(old, kinds=["request.answered"])
    assert [one.document["verb"] for one in said] == [
        "adopt", "set", "accept", "reject", "acknowledge", "pause",
    ]  # fmt: skip


def test_going_back_to_the_old_schema_loses_nothing(old: Store) -> None:
    before = everything(old)
    upgrade(old.engine)
    config = scripts()
    with old.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, old_session.SCHEMA)
    assert everything(old) == before


def test_an_old_store_whose_migration_is_interrupted_is_as_it_was(
    old: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = command.upgrade

    def interrupted(*arguments: Any) -> None:
        whole(*arguments)
        raise KeyboardInterrupt

    before = everything(old)
    with monkeypatch.context() as patch:
        patch.setattr(command, "upgrade", interrupted)
        with pytest.raises(KeyboardInterrupt):
            upgrade(old.engine)
    assert everything(old) == before
    upgrade(old.engine)
    assert version_of(old) == HEAD


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path, store: Store) -> None:
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerStore, match=f"has schema 9999, this icestream knows up to {HEAD}"):
        open_store(tmp_path / "session")
    assert version_of(store) == "9999"


def test_opening_a_store_that_is_up_to_date_does_not_load_alembic(tmp_path: Path) -> None:
    """It takes longer to load than all the rest of opening a session."""
    open_store(tmp_path).close()
    script = (
        "import sys; from icestream.store.open import open_store;"
        "open_store(sys.argv[1]).close(); print('alembic' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert said.stdout == "False\n"


# -- stores of earlier versions --------------------------------------------------------------------


def at(store: Store, revision: str) -> None:
    """Bring a store to the schema of an earlier version, or of a later one."""
    config = scripts()
    with store.engine.begin() as connection:
        config.attributes["connection"] = connection
        change = command.downgrade if version_of(store) > revision else command.upgrade
        change(config, revision)


OLD = [
    # (protocol, kind, document, what it is known to be)
    ("movies.import", "source", {"movie": {"path": "x"}}, {"movie": "icestream.model:Movie"}),
    ("ctf.estimate", "item", {"ctf": {}}, {"ctf": "icestream.model:Ctf"}),
    ("particles.extract", "item", {"particles": {}}, {"particles": "icestream.model:Particles"}),
    ("plugin.extract", "item", {"all": {}, "best": {"stack": "s", "box": 8}}, {}),
    ("plugin.other", "item", {"verdict": {"accepted": False, "reasons": []}}, {}),
    (
        "plugin.judge",
        "selection",
        {"verdict": {"accepted": False, "reasons": ["ice"]}},
        {"verdict": "icestream.model:Rejected"},
    ),
    (
        "exposures.select",
        "selection",
        {"verdict": {"accepted": True, "reasons": []}},
        {"verdict": "icestream.model:Accepted"},
    ),
]


def test_results_that_are_older_than_types_say_what_we_made_and_nothing_else(store: Store) -> None:
    at(store, "0002")
    with store.engine.begin() as connection:
        for number, (protocol, kind, document, _) in enumerate(OLD, start=1):
            connection.exec_driver_sql(
                f"""INSERT INTO step (id, name, protocol, kind, depth, state, reason, revision_id,
                    cursor, gate) VALUES ({number}, '{protocol}', '{protocol}', '{kind}', 0, 'done',
                    '', {number}, 'null', 'held')"""
            )
            connection.execute(
                text(
                    """INSERT INTO result (id, key, step_id, revision_id, exposure_id, document,
                    checkpoint, epoch, attempt, started, seconds, host)
                    VALUES (:id, :key, :id, :id, 1, :document, '', 1, 1, 0, 0, '')"""
                ),
                {"id": number, "key": f"k{number}", "document": json.dumps(document)},
            )
            if "extract" in protocol:
                connection.exec_driver_sql(
                    "INSERT INTO part (result_id, step_id, revision_id, exposure_id, rows) "
                    f"VALUES ({number}, {number}, {number}, 1, 7)"
                )
    upgrade(store.engine)
    result, part = t.result.c, t.part.c
    with store.read() as connection:
        found = connection.execute(select(result.types, result.pictures).order_by(result.id)).all()
        ports = connection.execute(select(part.port).order_by(part.result_id)).scalars().all()
    assert [json.loads(types) for types, _ in found] == [known for *_, known in OLD]
    assert {pictures for _, pictures in found} == {"[]"}
    assert ports == ["particles", "best"]


def test_an_old_sessions_verdicts_are_known_and_its_plugins_items_are_not(old: Store) -> None:
    upgrade(old.engine)
    for name, passed in (("e5", True), ("e8", False)):
        found = queries.results_of(old, name)
        made = {step: next(iter(items_of(old, one).values())) for step, one in found.items()}
        assert isinstance(made.pop("sel"), Accepted if passed else Rejected)
        assert {one.why for one in made.values()} == {"its type was not recorded"}


def test_old_results_are_of_types_that_are_still_known() -> None:
    """Whoever renames an item type leaves its old name in `ITEM_TYPES`."""
    script = ScriptDirectory.from_config(scripts()).get_revision("0004")
    assert script is not None
    known = {
        f"icestream.model:{name}" for made in script.module._MADE.values() for name in made.values()
    }
    assert known <= set(ITEM_TYPES)
