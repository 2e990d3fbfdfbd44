"""`icestream export`: what archives and catalogues take."""

import json
from pathlib import Path

import pytest

from deposited import WHOLE
from icestream.cli.export import app
from icestream.exports.deposit.about import AboutError
from report_session import SampleSession


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sample = SampleSession(tmp_path_factory.mktemp("deposit") / "s", start=1.7e9, name="grid 2")
    sample.grow(3)
    sample.store.close()
    return sample.folder


def _run(*words: object) -> int:
    return int(app([str(word) for word in words], result_action="return_value"))


def test_bibtex(session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("bibtex", session, tmp_path / "grid.bib") == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "grid.bib")
    assert "@article{rohou2015," in (tmp_path / "grid.bib").read_text()


def test_osc_em_takes_what_people_say(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "grid.json"
    assert _run("osc-em", session, out) == 1
    assert f"{out}: instrument.microscope is required" in capsys.readouterr().out
    (tmp_path / "about.toml").write_text(WHOLE)
    assert _run("osc-em", session, out, "--about", tmp_path / "about.toml") == 0
    assert capsys.readouterr().out.strip() == str(out)
    assert json.loads(out.read_text())["instrument"]["microscope"]["model"] == "TFS KRIOS"


def test_mmcif(session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "grid.cif"
    assert _run("mmcif", session, out) == 1
    said = capsys.readouterr().out.splitlines()
    assert f"{out}: there is no map yet, and so no reconstruction" in said
    assert said[-1] == str(out)
    assert "_em_imaging.accelerating_voltage" in out.read_text()


def test_empiar_tells_all_that_lacks(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "grid.json"
    assert _run("empiar", session, out) == 1
    said = capsys.readouterr().out
    for name in ("title", "release_date", "authors", "principal_investigator"):
        assert f"{out}: {name} is required" in said
    sets = json.loads(out.read_text())["imagesets"]
    assert [one["directory"] for one in sets] == [
        "data/movies",
        "data/micrographs",
        "data/particles",
    ]


def test_what_cannot_be_in_the_file_is_an_error(session: Path, tmp_path: Path) -> None:
    (tmp_path / "about.toml").write_text('release = "NOW"\n')
    words = ("empiar", session, tmp_path / "e.json", "--about", tmp_path / "about.toml")
    with pytest.raises(AboutError, match="release"):
        _run(*words)
    assert not (tmp_path / "e.json").exists()


def test_ro_crate(session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "about.toml").write_text(WHOLE)
    words = ("ro-crate", session, tmp_path / "crate", "--about", tmp_path / "about.toml")
    assert _run(*words) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "crate")
    assert (tmp_path / "crate" / "ro-crate-metadata.json").is_file()
    assert _run("ro-crate", session, tmp_path / "crate") == 1
    assert "license is required: say licence" in capsys.readouterr().out
