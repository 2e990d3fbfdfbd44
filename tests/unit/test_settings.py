"""Settings come from the first source that has them, and say which."""

from pathlib import Path

import pytest

from icestream import settings
from icestream.settings import Settings, SettingsError, load


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A site's and a person's file that do not exist yet."""
    site, person = tmp_path / "site.toml", tmp_path / "person.toml"
    monkeypatch.setattr(settings, "SITE_FILE", site)
    monkeypatch.setenv("ICESTREAM_SETTINGS", str(person))
    monkeypatch.delenv("ICESTREAM_STATE", raising=False)
    return site, person


def test_defaults_where_nothing_is_said(files: tuple[Path, Path]) -> None:
    loaded = load()
    assert loaded.settings.cores is None
    assert loaded.settings.report_interval == 5.0
    assert set(loaded.origins.values()) == {"default"}


def test_the_nearest_source_wins(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Command line before environment before the person's file before the site's."""
    site, person = files
    site.write_text("cores = 1\nmemory = 1000\nreport_interval = 1.0\nlog_level = 'error'\n")
    person.write_text("cores = 2\nmemory = 2000\nreport_interval = 2.0\n")
    monkeypatch.setenv("ICESTREAM_CORES", "3")
    monkeypatch.setenv("ICESTREAM_MEMORY", "3000")
    loaded = load(cores=4, memory=None)
    assert loaded.settings.cores == 4
    assert loaded.settings.memory == 3000
    assert loaded.settings.report_interval == 2.0
    assert loaded.settings.log_level == "error"
    assert loaded.origins == {
        "cores": "command line",
        "memory": "$ICESTREAM_MEMORY",
        "report_interval": str(person),
        "log_level": str(site),
        "state": "default",
        "store": "default",
    }


def test_a_wrong_value_names_its_place(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ICESTREAM_CORES", "many")
    with pytest.raises(SettingsError, match=r"\$ICESTREAM_CORES: cores = 'many'"):
        load()


def test_an_unknown_name_lists_the_known(files: tuple[Path, Path]) -> None:
    files[1].write_text("core = 2\n")
    with pytest.raises(SettingsError, match="no setting 'core'; there are cores, memory"):
        load()


def test_a_file_that_is_no_toml(files: tuple[Path, Path]) -> None:
    files[0].write_text("cores: 2\n")
    with pytest.raises(SettingsError, match=r"site\.toml is not valid TOML"):
        load()


def test_the_store_address_is_not_shown(files: tuple[Path, Path]) -> None:
    loaded = load(store="postgresql://me:secret@here/sessions")
    assert "secret" not in repr(loaded)


def test_every_setting_has_help() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_configuration_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ICESTREAM_SETTINGS", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert settings.person_file() == tmp_path / "icestream" / "settings.toml"
