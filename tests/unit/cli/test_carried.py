"""Requests of branches carried out, and the session run where nobody does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import icestream.cli.carried as module
from icestream.cli.carried import carried
from icestream.engine.machine.lock import hold
from icestream.engine.requests.models import AdoptBranch, CreateBranch
from toy_commands import with_toys
from toy_record import Desk, desks

SRC: Any = ("src", "toy.count", {}, {})
A: Any = ("a", "toy.add", {}, {"number": "src"})
FIVE = CreateBranch(name="five", changes={"a": {"add": 5}})


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with_toys(monkeypatch)
    for make in desks(tmp_path):
        session = make(SRC, A)
        session.find(1, 2)
        session.work()
        session.record.leave("done")
        yield session


def test_what_waits_is_run_only_when_that_is_asked(
    made: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[Path] = []

    def run(session: Path) -> int:
        ran.append(session)
        return 0

    monkeypatch.setattr(module, "_run_now", run)
    assert carried(made.folder, FIVE, run=False) == 0
    assert "2 tasks wait, at a; to have it done:" in capsys.readouterr().out
    assert not ran
    assert carried(made.folder, AdoptBranch(name="five"), run=True) == 0
    assert ran == [made.folder]


def test_a_refusal_is_told(made: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert carried(made.folder, AdoptBranch(name="five"), run=True) == 1
    assert "no branch 'five'" in capsys.readouterr().out


def test_whoever_runs_it_and_does_not_answer(
    made: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "have_done", lambda *_: ("new", ""))
    with hold(made.folder):
        assert carried(made.folder, FIVE, run=False) == 1
    assert "has not answered yet" in capsys.readouterr().out
