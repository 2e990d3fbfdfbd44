"""`icestream settings show`."""

import json
from pathlib import Path

import pytest

from icestream.cli.settings import UnknownChannel, app
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


@pytest.fixture
def mine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The person's own settings, with a channel that works and one that does not."""
    file = tmp_path / "settings.toml"
    file.write_text(
        f"[channels.staff]\nkind = 'log'\npath = '{tmp_path}/alerts'\nquiet = '22:00-07:00'\n"
        "[channels.room]\nkind = 'slack'\nurl = 'ftp://hooks.example.org/t0psecret'\n"
        "[channels.lost]\nkind = 'teams'\nurl = { env = 'NOBODY_SETS_THIS' }\n"
    )
    monkeypatch.setenv("ICESTREAM_SETTINGS", str(file))
    return file


def test_channels_are_listed_without_their_secrets(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app(["channels"], result_action="return_value")
    said = capsys.readouterr().out
    assert f"staff\tlog\t{mine.parent}/alerts\twarning, critical\t*\t22:00-07:00" in said
    assert "room\tslack\thooks.example.org\t" in said
    assert "the environment has no NOBODY_SETS_THIS" in said
    assert f"from {mine}" in said
    for words in (["channels", "--json"], ["show"], ["show", "--json"]):
        app(words, result_action="return_value")
        said += capsys.readouterr().out
    assert "t0psecret" not in said


def test_a_channel_is_tried(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app(["channels", "--test", "staff"], result_action="return_value") == 0
    assert capsys.readouterr().out == f"staff: written to {mine.parent}/alerts\n"
    assert app(["channels", "--test", "room"], result_action="return_value") == 1
    said = capsys.readouterr().out
    assert "does not begin with https" in said
    assert f'look at the channel "room" in {mine}' in said
    with pytest.raises(UnknownChannel, match="no channel 'boss' in the settings: there are staff"):
        app(["channels", "--test", "boss"], result_action="return_value", exit_on_error=False)


def test_no_channel_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    app(["channels"], result_action="return_value")
    assert capsys.readouterr().out.startswith("no channel: write [channels.NAME] into ")
