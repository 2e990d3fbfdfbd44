"""`icestream settings show`."""

import json
from pathlib import Path

import pytest

from icestream.cli.settings import app
from icestream.settings import Settings


def test_each_value_and_its_origin(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ICESTREAM_CORES", "3")
    app(["show"], result_action="return_value")
    lines = dict(
        line.split("\t", 1) for line in capsys.readouterr().out.splitlines() if "\t" in line
    )
    assert set(lines) == {"setting", *Settings.model_fields}
    assert lines["cores"].startswith("3\t$ICESTREAM_CORES\t")
    assert lines["report_interval"].startswith("5 s\tdefault\t")


def test_tokens_are_shown_as_they_are_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ICESTREAM_TOKENS", "relion=2,topaz=1")
    app(["show"], result_action="return_value")
    assert "tokens\trelion=2, topaz=1\t$ICESTREAM_TOKENS\t" in capsys.readouterr().out
    app(["show", "--json"], result_action="return_value")
    shown = json.loads(capsys.readouterr().out)["tokens"]
    assert shown == {"value": {"relion": 2, "topaz": 1}, "origin": "$ICESTREAM_TOKENS"}


def test_the_same_for_programs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ICESTREAM_STORE", "postgresql://me:secret@here/sessions")
    app(["show", "--json"], result_action="return_value")
    printed = capsys.readouterr().out
    assert json.loads(printed)["store"]["origin"] == "$ICESTREAM_STORE"
    assert "secret" not in printed


def test_it_says_which_files_there_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "settings.toml"
    monkeypatch.setenv("ICESTREAM_SETTINGS", str(mine))
    app(["show"], result_action="return_value")
    assert f"{mine} (not there)" in capsys.readouterr().out
    mine.write_text("cores = 2\n")
    app(["show"], result_action="return_value")
    printed = capsys.readouterr().out
    assert f"{mine} (found)" in printed
    assert f"cores\t2\t{mine}\t" in printed
