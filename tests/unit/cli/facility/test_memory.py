"""`icestream facility memory`."""

import json
from pathlib import Path
from typing import Any

import pytest

from icestream.cli.facility.app import app
from icestream.facility.opened import Facility
from icestream.facility.registry.figures import keep_figures
from icestream.facility.registry.sessions import (
    UnknownPlace,
    Whose,
    change_session,
    keep_session,
    session,
)
from simulated_histories import remember_history


def facility_(*words: str) -> Any:
    return app(words, result_action="return_value")


def test_nothing_is_known_at_first(facility: Facility, capsys: pytest.CaptureFixture[str]) -> None:
    facility_("memory")
    assert "no session has figures yet" in capsys.readouterr().out


def test_sessions_of_few_exposures_have_no_figures(
    facility: Facility, capsys: pytest.CaptureFixture[str]
) -> None:
    with facility.registry.write() as connection:
        number = keep_session(
            connection, "key", Whose(microscope="krios1"), name="s", folder="/s", place="/s",
            began=1.0, state="done",
        )  # fmt: skip
        about = {"at": 2.0, "over": True, "exposures": 3, "pixel": None, "apart": ""}
        keep_figures(connection, number, about, ())
    facility_("memory")
    said = capsys.readouterr().out
    assert "1 measured" in said
    assert "each figure takes 30 exposures" in said


def test_microscopes_are_told_with_what_is_usual(
    facility: Facility, capsys: pytest.CaptureFixture[str]
) -> None:
    remember_history(facility.registry, "krios1", 28, worse={"astigmatism": (24, 3.0)})
    remember_history(facility.registry, "glacios", 3)
    facility_("memory", "--once")
    out, err = capsys.readouterr()
    assert "0 sessions measured, 1 drifting" in err
    lines = {tuple(line.split("\t")[:2]): line.split("\t")[2:] for line in out.splitlines()}
    row = lines["krios1", "Astigmatism"]
    assert row[0] == "K3, 0.83 Å, ctf.estimate (28)"
    assert row[3] == "DRIFTS"
    assert row[4].endswith(("█", "▇", "▆", "▅"))
    assert lines["glacios", "Astigmatism"][3] == "learning (2)"
    facility_("memory", "--microscope", "krios1", "--figure", "resolution", "--json")
    (chart,) = json.loads(capsys.readouterr().out)
    assert (chart["unit"], chart["better"], len(chart["sessions"])) == ("Å", "lower", 28)
    assert chart["sessions"][-1]["low"] < chart["sessions"][-1]["usual"]
    with pytest.raises(ValueError, match="did you mean resolution"):
        facility_("memory", "--figure", "resolutoin")
    with pytest.raises(LookupError, match="it has glacios, krios1"):
        facility_("memory", "--microscope", "krios")


def test_a_session_is_told_among_the_others(
    facility: Facility, capsys: pytest.CaptureFixture[str]
) -> None:
    remember_history(facility.registry, "krios1", 20)
    facility_("memory", "--session", "krios1-20")
    out = capsys.readouterr().out
    assert "of 19 others" in out
    facility_("memory", "--session", "krios1-20", "--figure", "rate", "--json")
    (told,) = json.loads(capsys.readouterr().out)
    assert 0 <= told["percentile"] <= 100
    with facility.registry.write() as connection:
        change_session(connection, session(connection, "krios1-20").id, confidential=True)
    with pytest.raises(UnknownPlace, match="--confidential"):
        facility_("memory", "--session", "krios1-20")
    facility_("memory", "--session", "krios1-20", "--confidential")
    assert "of 19 others" in capsys.readouterr().out


def test_pages_are_written(
    facility: Facility, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    remember_history(facility.registry, "krios1", 3)
    facility_("memory", "--html", str(tmp_path / "out"))
    assert "9 files changed" in capsys.readouterr().err
    assert (tmp_path / "out" / "krios1.html").is_file()
