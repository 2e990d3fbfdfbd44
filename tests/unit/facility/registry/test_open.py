"""The registry is opened, made and upgraded; another schema is refused."""

from importlib.resources import files
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from icestream.facility.registry import open as registry_open
from icestream.facility.registry.open import HEAD, BadRegistry, FacilityRegistry, open_registry
from icestream.store.migrate import OtherSchema


def scripts() -> Config:
    config = Config()
    place = files("icestream.facility.registry") / "migrations"
    config.set_main_option("script_location", str(place))
    return config


def test_the_head_is_the_newest_script() -> None:
    assert ScriptDirectory.from_config(scripts()).get_current_head() == HEAD


def test_taking_everything_back_leaves_nothing(registry: FacilityRegistry) -> None:
    config = scripts()
    with registry.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert set(inspect(registry.engine).get_table_names()) == {"alembic_version"}


def test_one_that_a_newer_version_wrote_is_refused(registry: FacilityRegistry) -> None:
    with registry.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    place = registry.file or registry.engine.url.render_as_string(hide_password=False)
    with pytest.raises(OtherSchema, match="has schema 9999, this icestream knows up to"):
        open_registry(place)


def test_a_file_is_its_owners_alone(tmp_path: Path) -> None:
    open_registry(tmp_path / "deep" / "registry.db").close()
    assert (tmp_path / "deep" / "registry.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("mysql://x/y", "in a file or in PostgreSQL, not in mysql"),
        ("postgresql://nobody@127.0.0.1:1/none", "cannot be reached"),
        ("://", "none of a PostgreSQL database"),
    ],
)
def test_a_place_where_none_can_be(place: str, says: str) -> None:
    with pytest.raises(BadRegistry, match=says):
        open_registry(place)


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    with pytest.raises(BadRegistry, match="cannot be opened"):
        open_registry(tmp_path)


def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_open, "is_network", lambda _: True)
    with pytest.raises(BadRegistry, match="a network file system"):
        open_registry(tmp_path / "registry.db")
