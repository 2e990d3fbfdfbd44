"""`icestream usage`."""

import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import httpx2
import pytest

from collecting import USE, collecting
from icestream.cli.usage import app
from icestream.settings import SettingsError, tree
from icestream.usage.record import FILE, UsageRecord, today
from report_session import SampleSession


@pytest.fixture(autouse=True)
def mine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The person's own settings."""
    monkeypatch.setenv("ICESTREAM_SETTINGS", str(tmp_path / "settings.toml"))
    monkeypatch.setenv("ICESTREAM_STATE", str(tmp_path / "state"))
    return tmp_path / "settings.toml"


def usage(*words: str) -> Any:
    return app(words, result_action="return_value")


def note(state: Path) -> None:
    with closing(UsageRecord(state)) as record:
        record.note(state / "session", USE, today())


def test_it_is_off_until_somebody_wants_it(
    mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usage("show")
    said = capsys.readouterr()
    assert (said.out, "nothing is sent" in said.err) == ("", True)
    with pytest.raises(SettingsError, match="nothing is sent: icestream usage on"):
        usage("send")
    with pytest.raises(SettingsError, match="say which collector"):
        usage("on")
    with pytest.raises(SettingsError, match="no country that is known"):
        usage("on", "--collector", "https://usage.example.org", "--country", "Atlantis")
    assert not mine.exists()
    assert not (tmp_path / "state").exists()


def test_on_shows_what_will_be_and_off_takes_all_back(
    mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usage("on", "--collector", "https://usage.example.org", "--country", "Spain")
    said = capsys.readouterr().out
    assert "sent to https://usage.example.org" in said
    (first,) = re.findall(r"country: ES; random id: ([0-9a-f]{32})", said)
    assert tomllib.loads(mine.read_text())["usage"]["send"] is True
    note(tmp_path / "state")
    usage("off")
    assert "the random id and what waited are gone" in capsys.readouterr().out
    assert not (tmp_path / "state" / FILE).exists()
    assert tomllib.loads(mine.read_text())["usage"] == {
        "send": False,
        "collector": "https://usage.example.org",
        "country": "Spain",
    }
    usage("on")
    assert first not in capsys.readouterr().out


@pytest.fixture
def site(mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The site's settings, which this person cannot write."""
    site = tmp_path / "site.toml"
    monkeypatch.setattr(tree, "SITE_FILE", site)
    from icestream.cli import usage as module

    changing = module.change_settings

    def as_nobody(values: Any, *, file: Path | None = None) -> None:
        if file is None:
            raise PermissionError(13, "it cannot be written", str(site))
        changing(values, file=file)

    monkeypatch.setattr(module, "change_settings", as_nobody)
    return site


def test_who_cannot_write_the_sites_file_says_off_in_their_own(mine: Path, site: Path) -> None:
    site.write_text('[usage]\nsend = true\ncollector = "https://usage.example.org"\n')
    usage("off")
    assert tomllib.loads(mine.read_text())["usage"] == {"send": False}


def test_who_cannot_write_the_sites_file_says_on_in_their_own(
    mine: Path, site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A site may name a collector for suggestions, and leave it to people what is counted."""
    site.write_text('[usage]\ncollector = "https://usage.example.org"\n')
    usage("on", "--country", "ES")
    assert "sent to https://usage.example.org" in capsys.readouterr().out
    assert tomllib.loads(mine.read_text())["usage"] == {
        "send": True,
        "collector": "https://usage.example.org",
        "country": "ES",
    }


def test_what_is_shown_is_what_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"
    with collecting(tmp_path / "collector.db") as address:
        usage("on", "--collector", address)
        note(state)
        capsys.readouterr()
        usage("show")
        shown = capsys.readouterr().out
        assert json.loads(shown)["days"][0]["exposures"] == 100
        with pytest.raises(SettingsError, match="say --yes"):
            usage("send")

        class _Terminal(StringIO):
            def isatty(self) -> bool:
                return True

        monkeypatch.setattr(sys, "stdin", _Terminal("n\n"))
        assert usage("send") == 1
        assert httpx2.get(f"{address}/usage.json").json()["installations"] == 0
        capsys.readouterr()
        assert usage("send", "--yes") == 0
        assert capsys.readouterr().out == f"{shown}1 day(s) sent\n"
        assert usage("send", "--yes") == 0
        assert "nothing waits" in capsys.readouterr().out
    usage("show")
    assert f"the last try: {today()}: 1 day(s) sent" in capsys.readouterr().err


def test_a_collector_that_is_down_loses_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usage("on", "--collector", "http://127.0.0.1:9")
    note(tmp_path / "state")
    assert usage("send", "--yes") == 1
    assert "it is kept, and sent again later" in capsys.readouterr().err
    usage("show")
    said = capsys.readouterr()
    assert "cannot be reached" in said.err
    assert json.loads(said.out)["days"]


def test_what_would_be_said_of_a_session(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = SampleSession(tmp_path / "session", start=1_790_000_000.0)
    sample.store.close()
    usage("show", str(sample.folder))
    said = capsys.readouterr()
    assert json.loads(said.out)["installation"] == "0" * 32
    assert "nothing is counted or sent by this" in said.err
    assert not (tmp_path / "state").exists()


def test_a_collector_is_served_until_it_is_ended(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "icestream", "usage", "serve", "--port", "0"]
    with subprocess.Popen(
        [*command, "--store", str(tmp_path / "collector.db")],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
    ) as process:
        assert process.stdout is not None
        (address,) = re.findall(r"http://\S+/", process.stdout.readline())
        # It listens before it has loaded what it needs.
        assert "By country" in httpx2.get(address, timeout=60).text
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
