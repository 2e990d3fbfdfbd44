"""`icestream try`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import toys
from icestream.cli.change import InvalidChange
from icestream.cli.trying import try_, words_by_step
from icestream.engine.graph.workflow import Workflow, save_workflow
from icestream.engine.requests.models import InvalidRequest
from icestream.store import queries
from toy_commands import with_toys
from toy_record import Desk, desks

SRC: Any = ("src", "toy.count", {}, {})
A: Any = ("a", "toy.add", {}, {"number": "src"})


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with_toys(monkeypatch)
    for make in desks(tmp_path):
        session = make(SRC, A)
        session.find(*range(9))
        session.work()
        session.record.leave("done")
        yield session


def names(desk: Desk) -> list[str]:
    return [branch.name for branch in queries.branches(desk.store)]


def test_a_preview_says_all_and_makes_nothing(
    made: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert try_(made.folder, "more", "a", "add=3", exposures=4, only_say=True) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "a.add: 1 -> 3"
    assert said[1].startswith("on 4 of 9 exposures, evenly over the ranks of toy value (a)")
    assert said[3].split("\t")[:3] == ["a", "4", "0"]
    assert names(made) == ["main"]


def test_it_is_made_and_says_what_waits_and_how_to_have_it_done(
    made: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert try_(made.folder, "more", "a", "add=3", exposures=4, why="a test") == 0
    said = capsys.readouterr().out
    assert "a is at revision 2" in said
    assert "no process runs this session now: 4 tasks wait, at a; to have it done:" in said
    assert f"compare {made.folder} more" in said
    (branch,) = [one for one in queries.branches(made.store) if one.name == "more"]
    assert (branch.sample, branch.base) == (4, "main")
    assert try_(made.folder, "every", "a", "add=4", all_=True, base="more") == 0
    assert "a.add: 3 -> 4\nfor all exposures" in capsys.readouterr().out


def test_another_workflow_with_parameters_of_its_steps(
    made: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    b: Any = ("b", "toy.add", {}, {"number": "a"})
    save_workflow(Workflow.from_document(toys.workflow(SRC, A, b)), tmp_path / "w.json")
    file = str(tmp_path / "w.json")
    assert try_(made.folder, "two", "b", "add=7", workflow=file, exposures=3) == 0
    said = capsys.readouterr().out
    assert "b: added (toy.add)" in said
    assert "not known: how long b will take" in said
    assert queries.step(made.store, "b", branch="two").parameters["add"] == 7


@pytest.mark.parametrize(
    ("name", "words", "error", "said"),
    [
        ("more", ["a"], InvalidChange, "say what to set"),
        ("more", ["add=3"], InvalidChange, "say first of which step"),
        ("more", ["a", "size=3"], InvalidChange, "has no parameter 'size'"),
        ("more", ["nope", "add=3"], LookupError, "no step 'nope'"),
        ("more", ["a", "add=1"], LookupError, "nothing would be changed"),
        ("12", ["a", "add=3"], InvalidRequest, "taken for that of an alert"),
        ("Not a name", ["a", "add=3"], InvalidRequest, "name"),
        ("main", ["a", "add=3"], LookupError, "there is a branch 'main' already"),
    ],
)
def test_what_cannot_be_tried_is_refused_and_makes_nothing(
    made: Desk, name: str, words: list[str], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        try_(made.folder, name, *words)
    assert names(made) == ["main"]


def test_words_are_of_the_step_before_them() -> None:
    assert words_by_step(["a", "x=1", "y=2", "b", "z=a b"]) == {
        "a": ["x=1", "y=2"],
        "b": ["z=a b"],
    }
