"""`icestream facility restore-registry`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from icestream.cli.facility.app import app
from icestream.facility.opened import open_facility
from icestream.facility.registry.contents import NotEmpty
from icestream.facility.registry.microscopes import add_occasion, occasions
from icestream.facility.registry.open import SCHEMA

SECTION = """
[bookings]
kind = "librebooking"
url = "https://booking.example.org"
user = "icestream"
password = "open sesame"

[backup.usb]
to = "{folder}/usb"
reserve = 0
"""


def facility_(*words: str) -> Any:
    return app(words, result_action="return_value")


@pytest.fixture
def backed_up(write_facility: Callable[[str], Path], tmp_path: Path) -> Path:
    """The facility file of a facility whose registry is in a backup, and lost."""
    (tmp_path / "usb").mkdir()
    path = write_facility(SECTION)
    with open_facility() as opened, opened.registry.write() as connection:
        add_occasion(connection, "krios1", "service", "lens changed", who="eve")
    assert facility_("backup", "--prepare", "usb") == 0
    assert facility_("backup", "--once", "--verify") == 0
    for file in (tmp_path / "state").glob("registry.db*"):
        file.unlink()
    return path


def test_what_only_the_registry_knew_comes_back(
    backed_up: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert facility_("restore-registry", "usb") == 0
    said = capsys.readouterr().out
    assert f"{tmp_path}/state/registry.db is the registry of Ice & Co as of" in said
    assert "occasion: 1" in said
    with open_facility() as opened, opened.registry.read() as connection:
        (found,) = occasions(connection)
    assert (found.text, found.who) == ("lens changed", "eve")
    with pytest.raises(NotEmpty, match="only an empty one is filled"):
        facility_("restore-registry", str(tmp_path / "usb"))


def test_into_postgresql(backed_up: Path, postgres: str) -> None:
    engine = create_engine(postgres)
    with engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"))
    engine.dispose()
    given = backed_up.read_text()
    place = postgres.replace("+psycopg", "")
    backed_up.write_text(given.replace("patience", f'registry = "{place}"\npatience'))
    assert facility_("restore-registry", "usb") == 0
    with open_facility() as opened, opened.registry.read() as connection:
        assert opened.registry.file is None
        assert [one.text for one in occasions(connection)] == ["lens changed"]


def test_on_a_new_machine_the_files_come_first(
    backed_up: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backed_up.unlink()
    with pytest.raises(LookupError, match="no facility file that says where the backup 'usb' is"):
        facility_("restore-registry", "usb")
    new, place = tmp_path / "new", str(tmp_path / "usb")
    capsys.readouterr()
    assert facility_("restore-registry", place, "--files", str(new)) == 0
    said = capsys.readouterr().out
    assert f"{new}/facility.toml (it was {backed_up})\n  put back: bookings.password\n" in said
    assert "sesame" not in (new / "facility.toml").read_text()
    assert (new / "facility.toml").stat().st_mode & 0o007 == 0
    (new / "settings-of-the-user.toml").write_text("mine\n")
    assert facility_("restore-registry", place, "--files", str(new)) == 1
    assert "facility.toml is there and stays as it is" in capsys.readouterr().out
    assert (new / "settings-of-the-user.toml").read_text() == "mine\n"


@pytest.mark.usefixtures("backed_up")
def test_which_there_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert facility_("restore-registry", "usb", "--list", "--json") == 0
    names = [one["name"][:4] for one in json.loads(capsys.readouterr().out)]
    assert sorted(names) == ["day-", "hour"]
    assert facility_("restore-registry", "usb", "--list") == 0
    assert " UTC\t" in capsys.readouterr().out
    with pytest.raises(LookupError, match="no registry 'day-99'; there are day-"):
        facility_("restore-registry", "usb", "--generation", "day-99")
    with pytest.raises(LookupError, match=r"has no \[backup\.ubs\] \(it has usb\)"):
        facility_("restore-registry", "ubs")


def test_what_rots_in_a_backup_is_said(
    backed_up: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (tmp_path / "usb" / ".registry").iterdir():
        path.write_bytes(b"rotten")
    capsys.readouterr()
    assert facility_("backup", "--verify") == 1
    assert "registry: registry day-" in capsys.readouterr().out
    backed_up.write_text(backed_up.read_text().replace("reserve = 0", 'what = ["movies"]'))
    assert facility_("backup", "--verify") == 0
