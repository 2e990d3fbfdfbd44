"""`icestream settings`."""

import json
import tomllib
from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest

from icestream.cli.settings import UnknownChannel, app
from icestream.server.people.audit import Audit
from icestream.server.people.database import Database
from icestream.settings import Settings, SettingsError, tree


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


def called(*words: str) -> None:
    app(list(words), result_action="return_value", exit_on_error=False)


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The person's own file, which is not there yet."""
    file = tmp_path / "own.toml"
    monkeypatch.setenv("ICESTREAM_SETTINGS", str(file))
    monkeypatch.setenv("ICESTREAM_STATE", str(tmp_path / "state"))
    return file


def test_values_are_read_as_the_setting_wants_them(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    called("set", "cores=4", "memory=64GB", "tokens=relion=2,topaz=1", "roots=/data:/scratch",
           "microscopes.krios.voltage=300", "microscopes.krios.camera=4",
           "microscopes.krios.gain_inverse=true", "microscopes.krios.gain_flip=none",
           "microscopes.krios.instruments=TITAN1; TITAN2", 'tokens."cryolo.gpu"=1')  # fmt: skip
    assert tomllib.loads(own.read_text()) == {
        "cores": 4,
        "memory": "64GB",
        "roots": ["/data", "/scratch"],
        "tokens": {"relion": 2, "topaz": 1, "cryolo.gpu": 1},
        "microscopes": {
            "krios": {
                "voltage": 300, "camera": "4", "gain_inverse": True, "gain_flip": "none",
                "instruments": ["TITAN1", "TITAN2"],
            }
        },
    }  # fmt: skip
    said = capsys.readouterr().out
    assert "cores: not said → 4" in said
    assert "roots holds at once" in said
    called("set", "cores=4")
    assert capsys.readouterr().out == f"{own} says that already\n"


def test_a_setting_is_taken_back(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own.write_text("cores = 2  # a few\nreport_interval = 3\n")
    called("unset", "cores")
    assert own.read_text() == "report_interval = 3\n"
    assert "it is said by: default" in capsys.readouterr().out
    with pytest.raises(SettingsError, match="does not say cores"):
        called("unset", "cores")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["set"], "say what to set"),
        (["unset"], "say what to take out"),
        (["set", "cores"], "write name=value"),
        (["set", "a b=1"], "is no name of a setting"),
        (["set", "coers=1"], "did you mean cores?"),
        (["set", "cores=many"], "valid integer"),
        (["set", "channels.room.quiet=never", "channels.room.kind=log"], "no hours such as"),
    ],
)
def test_what_is_no_change_is_refused(own: Path, words: list[str], why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        called(*words)
    assert not own.exists()


def test_a_secret_is_no_argument(
    own: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    room = ["set", "channels.room.kind=slack"]
    for given in ("channels.room.url=https://x/s3cret", "channels.room.url.text=https://x/s3cret",
                  "store=postgresql://a:s3cret@b/c"):  # fmt: skip
        with pytest.raises(SettingsError, match="is a secret, and everybody on this") as refused:
            called(*room, given)
        assert "s3cret" not in str(refused.value)
    monkeypatch.setattr("sys.stdin", StringIO(""))
    with pytest.raises(SettingsError, match="nothing came"):
        called(*room, "channels.room.url=-")
    monkeypatch.setattr("sys.stdin", StringIO("https://x/s3cret\n"))
    called(*room, "channels.room.url=-")
    assert 'url = "https://x/s3cret"' in own.read_text()
    called("set", "channels.room.url.env=SLACK_URL")
    assert 'url = {env = "SLACK_URL"}' in own.read_text()
    called("unset", "channels.room")
    assert "s3cret" not in capsys.readouterr().out


def test_a_change_is_in_the_audit_log_of_a_machine_that_has_one(own: Path, tmp_path: Path) -> None:
    called("set", "cores=2")
    assert not (tmp_path / "state" / "people.db").exists()
    with closing(Database(tmp_path / "state")) as database:
        own.write_text("[channels.room]\nkind = 'slack'\nurl = 'https://x/s3cret'\n")
        called("set", "channels.room.url.env=SLACK_URL")
        (entry,) = Audit(database).entries()
        assert (entry.what, entry.about) == ("settings changed", "channels.room.url")
        assert entry.details["file"] == str(own)
        assert "s3cret" not in str(entry)


def test_the_file_of_the_site_is_changed_when_asked(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site.toml"
    monkeypatch.setattr(tree, "SITE_FILE", site)
    monkeypatch.setattr("icestream.cli.settings.SITE_FILE", site)
    called("set", "cores=2", "--site")
    assert site.read_text() == "cores = 2\n"
    assert site.stat().st_mode & 0o777 == 0o644  # everybody reads it
    assert not own.exists()
