"""`icestream simulate`."""

import json
from pathlib import Path

import pytest

from icestream.cli.simulate import simulate
from icestream.simulator.faults import FAULTS

SMALL = {"size": 64, "frames": 2, "particles": 1, "speed": 0.0}


def test_it_writes_a_session_and_says_what_comes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = simulate(
        tmp_path / "s", movies=2, ice=(100.0, 120.0), end_on=0.9, faults=["drift"], **SMALL
    )
    told = capsys.readouterr().out
    assert status == 0
    assert len(list((tmp_path / "s").rglob("*_Fractions.tiff"))) == 2
    assert "1/2  FoilHole_" in told
    assert "drift" in told
    assert str(tmp_path / "s_truth") in told
    session = json.loads((tmp_path / "s_truth" / "session.json").read_text())
    assert session["thickness"] == [100.0, 120.0]
    assert session["end_on"] == 0.9
    assert session["faults"] == ["drift"]


def test_all_faults_by_one_word(tmp_path: Path) -> None:
    assert simulate(tmp_path / "s", movies=1, faults=["all"], quiet=True, **SMALL) == 0
    session = json.loads((tmp_path / "s_truth" / "session.json").read_text())
    assert len(session["faults"]) == len(FAULTS)


def test_what_cannot_be_done_is_told_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert simulate(tmp_path / "s", movies=-1, rate=-2.0) == 2
    told = capsys.readouterr().err
    assert "movies is -1: it must be 0 or more" in told
    assert "rate is -2.0" in told
    assert not (tmp_path / "s").exists()


def test_a_quiet_session_prints_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate(tmp_path / "s", movies=1, quiet=True, **SMALL) == 0
    assert capsys.readouterr().out == ""
