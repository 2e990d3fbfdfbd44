"""The settings of a process that runs on follow their files."""

import os
from pathlib import Path

import pytest

from icestream.settings import load
from icestream.settings.current import CurrentSettings


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "settings.toml"
    made.write_text("cores = 2\n")
    monkeypatch.setenv("ICESTREAM_SETTINGS", str(made))
    return made


def test_they_are_read_again_when_a_file_has_changed_and_only_then(file: Path) -> None:
    current = CurrentSettings(load())
    assert current.now() is current.now()
    file.write_text("cores = 3\n")
    assert current.now().settings.cores == 3
    file.unlink()
    assert current.now().settings.cores is None
    assert current.now().origins["cores"] == "default"


def test_what_came_from_the_command_line_stays(file: Path, tmp_path: Path) -> None:
    current = CurrentSettings(load(cores=7, state=tmp_path))
    file.write_text("cores = 3\nreport_interval = 2\n")
    assert current.now().settings.cores == 7
    assert current.now().settings.report_interval == 2
    assert current.now().settings.state == tmp_path


def test_what_holds_from_the_start_stays_and_is_said_to_wait(file: Path) -> None:
    current = CurrentSettings(load())
    assert current.waiting() == ()
    file.write_text("store = 'postgresql://x/y'\n[login]\nhours = 1\n")
    assert current.waiting() == ("store", "login")
    assert current.now().settings.store is None
    assert current.now().origins["store"] == "default"
    file.write_text("cores = 2\n")
    assert current.waiting() == ()


def test_a_file_that_is_broken_changes_nothing_but_is_told(file: Path) -> None:
    current = CurrentSettings(load())
    file.write_text("cores = 0\n")
    assert current.now().settings.cores == 2
    assert "at least 1" in str(current.problem)
    file.write_text("cores = 4\n")
    os.utime(file, ns=(5, 5))
    assert current.now().settings.cores == 4
    assert current.problem is None
