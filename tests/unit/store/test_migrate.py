"""The migrations make the schema that the code works with."""

from importlib.resources import files
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from icestream.store.migrate import HEAD
from icestream.store.open import open_store
from icestream.store.tables import metadata


def test_migrations_make_exactly_the_tables(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with store.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    store.close()


def test_the_head_is_the_newest_script() -> None:
    config = Config()
    config.set_main_option("script_location", str(files("icestream.store") / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD
