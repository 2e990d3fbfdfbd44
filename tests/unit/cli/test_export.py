"""`icestream export`."""

import json
from pathlib import Path

import pytest
from cyclopts import CoercionError
from sqlalchemy import insert, select

from handover_session import HandoverSession
from icestream.cli.export import app
from icestream.cli.terminal import called
from icestream.formats import read_mrc, read_star
from icestream.formats.mrc import write_mrc
from icestream.store import tables as t
from report_session import SampleSession


def test_provenance(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample = SampleSession(tmp_path / "session", start=1.7e9)
    sample.grow(2)
    out = tmp_path / "provenance"
    app(["provenance", str(sample.folder), str(out)], result_action="return_value")
    said = capsys.readouterr().out
    assert f"{called()} run {out / 'workflow.json'} --session {out / 'again'}" in said
    assert json.loads((out / "workflow.json").read_text())["name"] == "single-particle"
    lines = (out / "lineage.jsonl").read_text().splitlines()
    assert len(lines) > 2


def test_relion_refuses_a_folder_that_is_not_its_own(tmp_path: Path) -> None:
    sample = SampleSession(tmp_path / "session", start=1.7e9)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").touch()
    with pytest.raises(FileExistsError, match="not empty"):
        app(["relion", str(sample.folder), str(tmp_path / "mine")], result_action="return_value")


def test_relion_says_what_it_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The raw movies of this session, and all its files, are not there."""
    sample = SampleSession(tmp_path / "session", start=1.7e9)
    sample.grow(4)
    project = tmp_path / "project"
    status = app(
        ["relion", str(sample.folder), str(project), "--for", "5"], result_action="return_value"
    )
    said = capsys.readouterr().out
    assert status == 1
    assert "files are missing or cut" in said
    assert f"  {sample.folder / 'work'}" in said
    assert said.count(" is missing") == (project / "README.md").read_text().count(" is missing")
    assert f"open it with: cd {project} && relion" in said


def test_relion_of_another_version_is_not_known(tmp_path: Path) -> None:
    words = ["relion", str(tmp_path), str(tmp_path / "p"), "--for", "2"]
    with pytest.raises(CoercionError):
        app(words, result_action="return_value", exit_on_error=False, print_error=False)


def test_pdf(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample = SampleSession(tmp_path / "session", start=1.7e9)
    sample.grow(3)
    app(["pdf", str(sample.folder)], result_action="return_value")
    assert capsys.readouterr().out.strip() == str(sample.folder / "session.pdf")
    assert (sample.folder / "session.pdf").read_bytes().startswith(b"%PDF-")
    app(["pdf", str(sample.folder), str(tmp_path / "mine.pdf")], result_action="return_value")
    assert (tmp_path / "mine.pdf").exists()


def test_relion_takes_the_branch_that_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that ends with the CTF has no particles; the adopted one has."""
    sample = SampleSession(tmp_path / "session", start=1.7e9)
    sample.grow(4)
    with sample.store.write() as connection:
        connection.execute(
            insert(t.branch).values(
                id=9, name="short", workflow="w", state="resting", created=1.7e9, who="ann"
            )
        )
        chosen = select(t.member.c.step_id, t.member.c.revision_id).where(
            t.member.c.step_id.in_([sample.step_ids[name] for name in ("import", "align", "ctf")])
        )
        for row in connection.execute(chosen).all():
            connection.execute(insert(t.member).values(branch_id=9, **row._mapping))
    stacks = {}
    for branch in ("short", "main"):
        words = ["relion", str(sample.folder), str(tmp_path / branch), "--branch", branch]
        app(words, result_action="return_value")
        said = capsys.readouterr().out
        assert f"the results of the branch {branch}" in said
        assert ".mrc is missing" in said  # the files of this session are not there
        stacks[branch] = ".mrcs is missing" in said
    assert stacks == {"short": False, "main": True}
    with pytest.raises(LookupError, match="no branch 'other' in this session; it has main, short"):
        app(["relion", str(sample.folder), str(tmp_path / "no"), "--branch", "other"])
    assert not (tmp_path / "no" / "README.md").exists()


def test_verify_tells_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    session = HandoverSession(tmp_path / "session", exposures=2)
    session.store.close()
    project = tmp_path / "project"
    app(["relion", str(session.folder), str(project)], result_action="return_value")
    words = ["verify", str(session.folder), str(project), "--particles", "6"]
    assert app(words, result_action="return_value") == 0
    said = capsys.readouterr().out
    assert "particles: 6 of 18 were compared with the session's own" in said
    assert said.rstrip().endswith("what the files say is what the session has")
    for stack in project.glob("Extract/job005/Movies/*.mrcs"):
        write_mrc(stack, -read_mrc(stack))
    assert app(words, result_action="return_value") == 1
    said = capsys.readouterr().out
    assert "6 of 6 images are not the session's own: the contrast is inverted" in said
    assert said.rstrip().endswith("do not hand this over")


def test_cryosparc_says_what_was_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session = HandoverSession(tmp_path / "session", exposures=1)
    folder = tmp_path / "groups"
    words = ["cryosparc", str(session.folder), str(folder)]
    assert app(words, result_action="return_value") == 0
    assert "1 micrographs and 0 rejected ones, 10 picks, 9 particles" in capsys.readouterr().out
    next((session.folder / "work").glob("*.mrcs")).unlink()
    session.store.close()
    assert app(words, result_action="return_value") == 1
    assert ".mrcs is missing" in capsys.readouterr().out


def test_relion_takes_the_cameras_mtf(tmp_path: Path) -> None:
    session = HandoverSession(tmp_path / "session", exposures=1)
    session.store.close()
    (tmp_path / "k3.star").write_text(
        "data_\nloop_\n_rlnResolutionInversePixel\n_rlnMtfValue\n0 1\n0.5 0.3\n"
    )
    words = ["relion", str(session.folder), str(tmp_path / "project")]
    for more in (["--mtf", str(tmp_path / "k3.star")], []):  # kept by the next export
        app([*words, *more], result_action="return_value")
        for table in ("Import/job001/movies.star", "Extract/job005/particles.star"):
            optics = read_star(tmp_path / "project" / table)["optics"]
            assert set(optics.text("rlnMtfFileName")) == {"MTF/k3.star"}


def test_coordinates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    session = HandoverSession(tmp_path / "session", exposures=2)
    session.store.close()
    words = ["coordinates", str(session.folder), str(tmp_path / "boxes"), "--format", "box"]
    app(words, result_action="return_value")
    assert "20 picks of 2 micrographs" in capsys.readouterr().out
    assert len(list((tmp_path / "boxes").glob("*.box"))) == 2
