"""`icestream doctor`."""

import json
from pathlib import Path

import pytest

from icestream.cli.doctor import doctor
from icestream.starting import doctor as module


def test_it_says_what_it_found_and_what_that_costs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor(tmp_path) == 0
    said = capsys.readouterr().out
    assert "what that costs" in said
    assert f"folder\t{tmp_path}, writable" in said


def test_a_folder_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr(module.tempfile, "NamedTemporaryFile", refuse)
    monkeypatch.setattr(module.tempfile, "TemporaryDirectory", refuse)
    assert doctor(tmp_path, json=True) == 1
    found = {row["what"]: row for row in json.loads(capsys.readouterr().out)}
    assert found["folder"]["mark"] == "wrong"
    assert "Permission denied" in found["folder"]["found"]
    assert found["file system"]["mark"] == "wrong"
