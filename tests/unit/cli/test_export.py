"""`icestream export`."""

import json
from pathlib import Path

import pytest

from icestream.cli.export import app
from icestream.cli.terminal import called
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
