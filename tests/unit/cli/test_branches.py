"""`icestream branches`, `drop` and `undo`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from icestream.cli.branches import branches, drop, undo
from icestream.store import queries
from toy_commands import with_toys
from toy_record import Desk, desks

SRC: Any = ("src", "toy.count", {}, {})
A: Any = ("a", "toy.add", {}, {"number": "src"})
FIVE: Any = ("a", "toy.add", {"add": 5}, {"number": "src"})


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with_toys(monkeypatch)
    for make in desks(tmp_path):
        session = make(SRC, A)
        session.find(1, 2, 3)
        session.work()
        session.branch("five", SRC, FIVE, sample=["e1", "e2"])
        session.backfill()
        session.work()
        session.record.leave("done")
        yield session


def test_they_are_listed(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    branches(made.folder)
    main, five, change, progress = capsys.readouterr().out.splitlines()
    assert main.startswith("main: adopted, for all exposures, made ")
    assert five.startswith("five: tried, for 2 exposures, made ")
    assert five.endswith(" by ann")
    assert change == "  a.add: 1 -> 5"
    assert progress == "  2 of 2 tasks of its own done; 0 MB that only it holds"
    branches(made.folder, json=True)
    assert [one["record"]["name"] for one in json.loads(capsys.readouterr().out)] == [
        "main",
        "five",
    ]


def test_drop(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert drop(made.folder, "five", why="no better") == 0
    assert "five is dropped\nnothing has to be run\n" in capsys.readouterr().out
    assert drop(made.folder, "five") == 1
    assert "branch 'five' was dropped" in capsys.readouterr().out
    assert drop(made.folder, "main") == 1


def test_undo_says_what_comes_back(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    made.record.open(_workflow())
    made.adopt("five")
    made.backfill()
    made.work()
    made.record.leave("done")
    assert undo(made.folder, only_say=True) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("back to main as it was before the change of ")
    assert said[1:] == ["a.add: 5 -> 1", "results that come back without running: 3 of a"]
    assert queries.session(made.store).branch == "five"
    assert undo(made.folder, why="it was better") == 0
    assert "main is adopted again, in the place of five\nnothing has to be run" in (
        capsys.readouterr().out
    )
    assert queries.session(made.store).branch == "main"
    with pytest.raises(LookupError, match="nothing was changed"):
        undo(made.folder)


def _workflow() -> Any:
    import toys
    from icestream.engine.graph.workflow import Workflow

    return Workflow.from_document(toys.workflow(SRC, A))
