"""Requests to a session that nobody runs are carried out at once, as far as nothing has to run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import toys
from icestream.engine.machine.lock import SessionBusy, hold
from icestream.engine.requests.at_rest import (
    NothingRuns,
    carry_out_at_rest,
    have_done,
)
from icestream.engine.requests.at_rest import ask as ask_of
from icestream.engine.requests.models import (
    Abort,
    Accept,
    AdoptBranch,
    CreateBranch,
    DropBranch,
    Pause,
    Reject,
    Retry,
    Undo,
)
from icestream.engine.requests.send import answer_of
from icestream.store import queries
from icestream.store.open import NoStore
from icestream.store.waiting import waiting
from toy_record import Desk

SRC: Any = ("src", "toy.count", {}, {})
A: Any = ("a", "toy.add", {}, {"number": "src"})


@pytest.fixture
def made(desk: Callable[..., Desk]) -> Desk:
    session = desk(SRC, A)
    session.find(1, 2, 3)
    session.work()
    session.record.leave("done")
    return session


def ask(desk: Desk, request: Any) -> tuple[str, str]:
    return carry_out_at_rest(desk.folder, request, toys.registry())


def test_a_branch_is_made_and_its_work_waits(made: Desk) -> None:
    five = CreateBranch(name="five", changes={"a": {"add": 5}}, exposures=("e1", "e3"), why="try")
    assert ask(made, five) == ("done", "a is at revision 2")
    assert (waiting(made.store).tasks, waiting(made.store).steps) == (2, ("a",))
    assert queries.session(made.store).state == "done"
    (branch,) = [one for one in queries.branches(made.store) if one.name == "five"]
    assert (branch.base, branch.sample) == ("main", 2)


def test_adopting_and_undoing_takes_up_what_is_there(made: Desk) -> None:
    ask(made, CreateBranch(name="five", changes={"a": {"add": 5}}))
    assert ask(made, AdoptBranch(name="five"))[0] == "done"
    assert queries.step(made.store, "a").counts.ready == 3
    assert ask(made, Undo()) == ("done", "main is adopted again, in the place of five")
    assert not waiting(made.store)
    assert queries.step(made.store, "a").counts.done == 3


def test_what_is_wrong_is_refused_and_told(made: Desk) -> None:
    assert ask(made, DropBranch(name="main"))[0] == "refused"
    assert ask(made, AdoptBranch(name="x")) == (
        "refused",
        "no branch 'x' in this session; it has main",
    )
    assert queries.session(made.store).state == "done"


def test_a_session_that_somebody_runs_is_sent_to(made: Desk) -> None:
    with hold(made.folder):
        with pytest.raises(SessionBusy):
            ask(made, Undo())
        state, _ = have_done(made.folder, Undo(), toys.registry(), timeout=0.0)
    assert state == "new"


def test_where_there_is_no_session(tmp_path: Path, desk: Callable[..., Desk]) -> None:
    with pytest.raises(NoStore):
        have_done(tmp_path / "nothing", Undo(), toys.registry())
    with pytest.raises(LookupError, match="has not begun"):
        ask(desk(), Undo())


def test_a_word_on_exposures_counts_at_once_and_what_follows_waits(
    desk: Callable[..., Desk],
) -> None:
    made = desk(SRC, ("sel", "toy.select", {"below": 3}, {"number": "src"}),
                ("a", "toy.add", {}, {"number": "sel.number"}))  # fmt: skip
    made.find(1, 2, 3)
    made.work()
    made.record.leave("done")
    token = ask_of(made.folder, Accept(exposures=("e3",), why="it is good"), toys.registry())
    assert answer_of(made.folder, token) == ("done", "1 exposures: accept at sel")
    assert queries.step(made.store, "a").counts.ready == 1, "its work waits for the next run"
    token = ask_of(made.folder, Reject(exposures=("e1",)), toys.registry())
    assert answer_of(made.folder, token)[0] == "done"
    states = {one.name: one.state for one in queries.exposures(made.store, limit=9)}
    assert states["e1"] == "rejected"
    assert queries.session(made.store).state == "done"


def test_what_is_about_work_waits_for_whoever_runs_it_or_is_refused(made: Desk) -> None:
    token = ask_of(made.folder, Retry(), toys.registry())
    assert answer_of(made.folder, token) == ("new", "")
    token = ask_of(made.folder, Pause(step="a"), toys.registry())
    assert answer_of(made.folder, token) == ("new", "")
    with pytest.raises(NothingRuns, match="nothing to pause"):
        ask_of(made.folder, Pause(), toys.registry())
    with pytest.raises(NothingRuns, match="nothing to end"):
        ask_of(made.folder, Abort(step="a"), toys.registry())
    with hold(made.folder):
        token = ask_of(made.folder, Pause(), toys.registry())
    assert answer_of(made.folder, token) == ("new", "")
