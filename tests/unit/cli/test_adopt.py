"""`icestream adopt`: lists what is offered, says what it would cost, asks for it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from icestream.cli import adopt as command
from icestream.cli.adopt import NoOffer, adopt
from icestream.engine.coordinator.monitors import inspect
from icestream.engine.record import observations as notes
from icestream.engine.requests.models import Adopt
from icestream.store import queries
from toy_commands import with_toys
from toy_record import Desk, Step, desks

SRC: Step = ("src", "toy.count", {}, {})
A: Step = ("a", "toy.add", {"add": 1}, {"number": "src"})
TEACH: Step = ("teach", "toy.teach", {}, {"number": "a"})


@pytest.fixture
def offered(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A session in which a monitor offers to add 5."""
    import toys

    monkeypatch.setattr("icestream.cli.change.Registry", toys.registry)
    making = desks(tmp_path)
    make: Callable[..., Desk] = next(making)
    made = make(SRC, A, TEACH)
    made.find(1, 2, 3)
    made.work()
    notes.inspected(made.record, inspect(made.store, made.record.plan, made.step("teach")))
    yield made
    next(making, None)


def test_what_is_offered_is_listed(offered: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert adopt(offered.folder) == 0
    said = capsys.readouterr().out
    assert "a: add=5" in said
    assert "better" in said


def test_nothing_offered_is_said(desk_without: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert adopt(desk_without.folder) == 0
    assert capsys.readouterr().out == "nothing is offered now\n"


@pytest.fixture
def desk_without(tmp_path: Any) -> Any:
    making = desks(tmp_path)
    yield next(making)(SRC, A)
    next(making, None)


def test_a_preview_says_what_would_run_and_asks_for_nothing(
    offered: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "ask", lambda *_, **__: pytest.fail("it asked"))
    (alert,) = queries.alerts(offered.store)
    assert adopt(offered.folder, str(alert.id), only_say=True) == 0
    said = capsys.readouterr().out
    assert "a.add: 1 -> 5" in said
    assert "3 tasks" in said


def test_it_is_asked_for_by_number_having_said_what_it_costs(
    offered: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(command, "ask", lambda *words: asked.append(words) or 0)
    (alert,) = queries.alerts(offered.store)
    assert adopt(offered.folder, str(alert.id)) == 0
    assert asked == [(offered.folder, Adopt(alert=alert.id))]
    assert "a.add: 1 -> 5" in capsys.readouterr().out


def test_an_unknown_number_says_which_there_are(offered: Desk) -> None:
    (alert,) = queries.alerts(offered.store)
    with pytest.raises(NoOffer, match=f"no alert 77 .* offered now: {alert.id}"):
        adopt(offered.folder, "77")


def test_a_branch_is_adopted_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_toys(monkeypatch)
    source: Any = ("src", "toy.count", {}, {})
    for make in desks(tmp_path):
        made = make(source, ("a", "toy.add", {}, {"number": "src"}))
        made.find(1, 2, 3)
        made.work()
        made.branch("five", source, ("a", "toy.add", {"add": 5}, {"number": "src"}), sample=["e1"])
        made.backfill()
        made.work()
        made.record.leave("done")
        assert adopt(made.folder) == 0
        assert "branches that can be adopted: five" in capsys.readouterr().out
        assert adopt(made.folder, "five", only_say=True) == 0
        said = capsys.readouterr().out.splitlines()
        assert said[0] == "a.add: 1 -> 5"
        assert said[2].startswith("a\t2\t1\t")
        assert queries.session(made.store).branch == "main"
        assert adopt(made.folder, "five", why="better") == 0
        said = capsys.readouterr().out
        assert said.startswith("a.add: 1 -> 5\n")
        assert "\n2 tasks of 1 step, at most 2 exposures in one; about 0 s of one core" in said
        assert "five is adopted\nno process runs this session now: 2 tasks wait, at a" in said
        assert f"undo {made.folder}" in said
        assert queries.session(made.store).branch == "five"
        assert adopt(made.folder, "five") == 1
        assert adopt(made.folder, "gone") == 1
        assert "no branch 'gone' in this session" in capsys.readouterr().out
