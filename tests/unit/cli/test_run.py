"""`icestream run`."""

from pathlib import Path
from typing import Any

import pytest

from icestream.cli import run as module
from icestream.cli.running import Here
from icestream.engine.graph.workflow import load_workflow, save_workflow


def test_the_file_is_run_in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(module, "run_here", lambda *words: calls.append(words) or 3)
    file = tmp_path / "mine.json"
    save_workflow(load_workflow("default"), file)
    assert module.run(str(file), session=tmp_path / "s", here=Here(cores=2)) == 3
    assert calls == [(load_workflow("default"), tmp_path / "s", Here(cores=2))]


def test_a_workflow_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="no workflow 'defolt'.*did you mean default"):
        module.run("defolt", session=tmp_path / "s")
