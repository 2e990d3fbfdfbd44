"""Changes that are tried, compared, adopted, dropped and undone: what runs, by counting tasks."""

import contextlib
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from icestream.engine.graph.editing import with_replaced, with_step, without_step
from icestream.engine.graph.workflow import Output, Workflow
from icestream.engine.record.cleaning import clean, held_alone, holdings
from icestream.engine.record.trials import PlannedChange, plan_trial
from icestream.engine.record.workflows import session_workflow
from icestream.engine.requests.at_rest import have_done
from icestream.engine.requests.models import (
    AdoptBranch,
    CreateBranch,
    DropBranch,
    Reject,
    Request,
    SetParameters,
    Undo,
)
from icestream.report.comparison import compare
from icestream.store import queries
from icestream.store.open import open_store
from icestream.store.standing import undoing
from icestream.store.waiting import waiting
from toy_branches import Folder, add, done, runs
from toy_session import Session, wait_for
from toys import registry

Step = tuple[str, str, dict[str, Any], dict[str, Any]]


def steps(count: int, log: Path, **more: Any) -> tuple[Step, ...]:
    """Numbers; a adds 1, b adds 10 to that, and c adds 5 to the numbers."""
    return (
        ("src", "toy.count", {"count": count}, {}),
        add("a", "src", log, add=1, write=True),
        add("b", "a", log, **{"add": 10, **more}),
        add("c", "src", log, add=5),
    )


def again(session: Session) -> None:
    """Run a session that is at rest with what it has now."""
    workflow = session_workflow(session.store()).to_document()
    rows = [(s["name"], s["protocol"], s["parameters"], s["inputs"]) for s in workflow["steps"]]
    assert session.start(*rows).join().complete


def plan(session: Session, count: int | None = 20, **changes: Any) -> PlannedChange:
    return plan_trial(session.store(), registry(), changes=changes, count=count)


def ask(session: Session, request: Request) -> str:
    verdict, said = have_done(session.folder, request, registry(), timeout=20.0)
    assert verdict == "done", said
    return said


def refused(session: Session, request: Request) -> str:
    verdict, said = have_done(session.folder, request, registry(), timeout=20.0)
    assert verdict == "refused"
    return said


def create(session: Session, name: str, trial: PlannedChange, **changes: Any) -> str:
    names = None if trial.sample is None else trial.sample.exposures
    return ask(session, CreateBranch(name=name, changes=changes, exposures=names))


def test_only_what_depends_on_a_change_runs_and_only_on_the_sample(
    local: Session, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    assert local.run(*steps(40, log)).complete
    before = runs(log)
    trial = plan(local, 8, b={"add": 20})
    assert trial.sample is not None
    assert {one.name: (one.tasks, one.kept) for one in trial.preview.steps} == {"b": (8, 0)}
    assert (trial.preview.exposures, trial.preview.sample) == (8, 8)
    assert trial.preview.unknown == ()
    said = create(local, "twenty", trial, b={"add": 20})
    assert said == "b is at revision 2"
    assert runs(log) == before  # nobody runs it yet
    assert (waiting(local.store()).tasks, waiting(local.store()).steps) == (8, ("b",))
    again(local)
    assert runs(log) - before == Counter({f"{name} 20.0": 1 for name in trial.sample.exposures})
    assert not waiting(local.store())
    found = compare(local.store(), None, "twenty")
    (step,) = found.steps
    assert (step.name, step.both, step.only_old, found.sample) == ("b", 8, 0, 8)
    (value,) = step.qualities
    assert (value.difference, value.higher, value.lower) == (10.0, 8, 0)


def test_adopting_runs_the_rest_and_undoing_runs_nothing(local: Session, tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert local.run(*steps(30, log)).complete
    before = runs(log)
    create(local, "twenty", plan(local, 6, b={"add": 20}), b={"add": 20})
    again(local)
    assert ask(local, AdoptBranch(name="twenty")) == "twenty is adopted"
    assert waiting(local.store()).tasks == 24
    again(local)
    everything = runs(log)
    assert everything - before == Counter({f"e{n:06d} 20.0": 1 for n in range(30)})
    # Days later, and nobody runs the session: all comes back at once.
    assert undoing(local.store()).branch == "main"
    assert ask(local, Undo()) == "main is adopted again, in the place of twenty"
    assert not waiting(local.store())
    assert local.values("b") == {f"e{n:06d}": n + 11 for n in range(30)}
    again(local)
    assert runs(log) == everything
    assert queries.session(local.store()).branch == "main"


def test_undo_goes_back_change_by_change_and_says_when_there_is_none(
    local: Session, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    assert local.run(*steps(4, log)).complete
    assert "nothing was changed" in refused(local, Undo())
    for value in (20, 30):
        ask(local, SetParameters(step="b", changes={"add": value}))
        again(local)
    assert local.values("b")["e000001"] == 32
    everything = runs(log)
    assert ask(local, Undo()) == "undone: b.add is 20 again: b is at revision 2"
    assert local.values("b")["e000001"] == 22
    assert ask(local, Undo()) == "undone: b.add is 10 again: b is at revision 1"
    assert local.values("b")["e000001"] == 12
    assert "nothing was changed" in refused(local, Undo())
    again(local)
    assert runs(log) == everything
    # Another change after that can be taken back, too.
    ask(local, SetParameters(step="b", changes={"add": 30}))
    assert local.values("b")["e000001"] == 32
    assert ask(local, Undo()) == "undone: b.add is 10 again: b is at revision 1"
    assert runs(log) == everything


def test_undo_in_a_running_session(session: Session, tmp_path: Path) -> None:
    files, log = Folder(tmp_path / "files", 6), tmp_path / "log"
    running = session.start(
        ("src", "toy.count", {"folder": files.path}, {}), add("a", "src", log, add=1)
    )
    wait_for(lambda: done(session, "a") == 6)
    ask(session, SetParameters(step="a", changes={"add": 2}))
    wait_for(lambda: done(session, "a") == 6)
    everything = runs(log)
    assert ask(session, Undo()) == "undone: a.add is 1 again: a is at revision 1"
    wait_for(lambda: done(session, "a") == 6)
    files.close()
    assert running.join().complete
    assert runs(log) == everything
    assert session.values("a") == {f"e{n:03d}": n + 1 for n in range(6)}


def test_two_branches_at_once_one_adopted_while_it_runs(session: Session, tmp_path: Path) -> None:
    files, log = Folder(tmp_path / "files", 10), tmp_path / "log"
    running = session.start(
        ("src", "toy.count", {"folder": files.path}, {}),
        add("a", "src", log, add=1),
        add("b", "a", log, add=10),
    )
    wait_for(lambda: done(session, "b") == 10)
    slow = {"add": 20, "seconds": 0.1}
    create(session, "one", plan(session, 6, b=slow), b=slow)
    create(session, "two", plan(session, 4, a={"add": 2}), a={"add": 2})
    assert done(session, "b", "one") < 6
    ask(session, AdoptBranch(name="one"))
    files.bring(1)
    wait_for(lambda: done(session, "b", "one") == 11 and done(session, "b", "two") == 4)
    files.close()
    assert running.join().complete
    assert {count for line, count in runs(log).items() if not line.endswith(" 10.0")} == {1}
    assert session.values("b") == {f"e{n:03d}": n + 21 for n in range(11)}
    states = {
        one.name: (one.state, one.sample, one.base) for one in queries.branches(session.store())
    }
    assert states == {
        "main": ("resting", None, ""),
        "one": ("active", None, "main"),
        "two": ("active", 4, "main"),
    }


def test_what_people_decided_stays_when_another_branch_is_adopted(
    local: Session, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    chain: tuple[Step, ...] = (
        ("src", "toy.count", {"count": 8}, {}),
        ("sel", "toy.select", {"below": 6}, {"number": "src"}),
        add("a", "sel.number", log, add=1),
    )
    assert local.run(*chain).complete
    ask(local, Reject(exposures=("e000002",), why="ice", step="sel"))
    trial = plan(local, None, sel={"below": 4})
    create(local, "strict", trial, sel={"below": 4})
    again(local)
    found = compare(local.store(), None, "strict")
    assert [(one.name, one.selects.lost) for one in found.steps if one.name == "sel"] == [
        ("sel", ("e000004", "e000005"))
    ]
    ask(local, AdoptBranch(name="strict"))
    states = {one.name: one.state for one in queries.exposures(local.store())}
    expected = ["done", "done", "rejected", "done", *["rejected"] * 4]
    assert list(states.values()) == expected
    ask(local, Undo())
    states = {one.name: one.state for one in queries.exposures(local.store())}
    assert list(states.values()) == ["done", "done", "rejected", *["done"] * 3, *["rejected"] * 2]
    assert not runs(log) - Counter({f"e{n:06d} 1.0": 1 for n in range(6)})


def test_a_kill_during_a_try_loses_nothing_and_runs_nothing_twice(
    local: Session, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    rows = steps(12, log)
    assert local.run(*rows).complete
    slow = {"add": 20, "seconds": 0.15}
    create(local, "slow", plan(local, 8, b=slow), b=slow)
    target = Path(__file__).parents[1] / "trial_target.py"
    env = {**os.environ, "PYTHONPATH": str(target.parent)}
    killed = subprocess.Popen([sys.executable, str(target), str(local.folder)], env=env)
    wait_for(lambda: 2 <= done(local, "b", "slow") < 8)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    finished = done(local, "b", "slow")
    again(local)
    assert done(local, "b", "slow") == 8
    # What was under way at that moment, on two cores, ran once more; no other.
    twice = [line for line, count in runs(log).items() if count > 1]
    assert len(twice) <= 4
    assert finished >= 2
    assert {count for line, count in runs(log).items() if not line.endswith(" 20.0")} == {1}


def test_a_sample_on_fewer_exposures_than_are_asked_for_takes_all(
    local: Session, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    assert local.run(*steps(3, log)).complete
    trial = plan(local, 20, b={"add": 20})
    assert trial.sample is not None
    assert (len(trial.sample.exposures), trial.sample.of) == (3, 3)
    create(local, "few", trial, b={"add": 20})
    again(local)
    assert done(local, "b", "few") == 3


def test_branches_of_branches_that_are_gone_and_names_that_exist_are_refused(
    local: Session, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    assert local.run(*steps(4, log)).complete
    twenty = {"b": {"add": 20}}
    create(local, "one", plan(local, 2, **twenty), **twenty)
    ask(local, DropBranch(name="one", why="no better"))
    before = [one for one in queries.branches(local.store()) if one.name != "one"]
    gone = refused(local, CreateBranch(name="two", base="one", changes=twenty))
    assert gone == "branch 'one' was dropped; a branch can begin from main"
    with pytest.raises(LookupError, match="was dropped; a branch can begin from main"):
        plan_trial(local.store(), registry(), changes=twenty, base="one")
    assert "there is a branch 'one' already" in refused(local, CreateBranch(name="one"))
    assert "no branch 'x'" in refused(local, CreateBranch(name="two", base="x"))
    assert "was dropped" in refused(local, AdoptBranch(name="one"))
    assert [one for one in queries.branches(local.store()) if one.name != "one"] == before
    assert not waiting(local.store())


def test_what_only_a_branch_holds_is_cleaned_and_nothing_that_others_use(
    local: Session, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    assert local.run(*steps(6, log)).complete
    more: dict[str, Any] = {"b": {"add": 20, "write": True}}
    create(local, "one", plan(local, None, **more), **more)
    deeper = {"c": {"add": 6}}
    ask(local, CreateBranch(name="two", base="one", changes=deeper))
    again(local)
    store = local.store()
    # b of `one` is that of `two`, too: neither holds it alone.
    assert held_alone(store) == {"one": 0, "two": 0}
    with pytest.raises(LookupError, match="drop it first"):
        holdings(store, "one")
    with pytest.raises(LookupError, match="is the one that is adopted"):
        holdings(store, "main")
    ask(local, DropBranch(name="two"))
    held = held_alone(store)["one"]
    assert held > 0
    ask(local, DropBranch(name="one"))
    with contextlib.closing(open_store(local.folder, upgrade=False)) as writing:
        assert clean(writing, "ann", "one") == held
    again(local)
    assert local.values("b") == {f"e{n:06d}": n + 11 for n in range(6)}
    assert len(list(local.folder.glob("a/*"))) == 6


def test_a_branch_that_was_cleaned_is_made_anew_when_it_is_adopted(
    local: Session, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    assert local.run(*steps(4, log)).complete
    more: dict[str, Any] = {"b": {"add": 20, "write": True}}
    create(local, "one", plan(local, None, **more), **more)
    again(local)
    ask(local, AdoptBranch(name="one"))
    ask(local, AdoptBranch(name="main"))
    assert runs(log)["e000001 20.0"] == 1
    store = open_store(local.folder, upgrade=False)
    try:
        assert clean(store, "ann", "one") > 0  # it rests
    finally:
        store.close()
    ask(local, AdoptBranch(name="one"))
    again(local)
    assert runs(log)["e000001 20.0"] == 2
    assert local.values("b") == {f"e{n:06d}": n + 21 for n in range(4)}


def test_steps_are_added_replaced_and_taken_out_of_a_running_session_as_branches(
    session: Session, tmp_path: Path
) -> None:
    files, log = Folder(tmp_path / "files", 8), tmp_path / "log"
    running = session.start(
        ("src", "toy.count", {"folder": files.path}, {}),
        add("a", "src", log, add=1),
        add("b", "a", log, add=10),
    )
    wait_for(lambda: done(session, "b") == 8)
    old = session_workflow(session.store())
    before = runs(log)

    def try_(name: str, workflow: Workflow) -> PlannedChange:
        trial = plan_trial(session.store(), registry(), workflow=workflow, count=4)
        assert trial.sample is not None
        document = workflow.to_document()
        request = CreateBranch(name=name, workflow=document, exposures=trial.sample.exposures)
        ask(session, request)
        return trial

    added = with_step(old, registry(), "d", "toy.add", after="a", before=["b"])
    trial = try_("added", added)
    assert {one.name: one.tasks for one in trial.preview.steps} == {"d": 4, "b": 4}
    assert trial.preview.unknown == ("d",)
    replaced = with_replaced(old, registry(), "b", "toy.sum2")
    assert {one.name: one.tasks for one in try_("replaced", replaced).preview.steps} == {"b": 4}
    removed = without_step(old, registry(), "a")
    assert removed.step("b").inputs == {"number": (Output("src", "number"),)}
    trial = try_("removed", removed)
    assert trial.preview.removed == ("a",)
    assert {one.name: one.tasks for one in trial.preview.steps} == {"b": 4}
    wait_for(
        lambda: all(done(session, "b", name) == 4 for name in ("added", "replaced", "removed"))
    )
    assert runs(log) - before == Counter(
        {f"{name} 10.0": 2 for name in trial.sample.exposures} if trial.sample else {}
    )
    ask(session, AdoptBranch(name="removed"))
    wait_for(lambda: done(session, "b") == 8)
    assert [step.name for step in queries.steps(session.store())] == ["src", "b"]
    ask(session, Undo())
    assert [step.name for step in queries.steps(session.store())] == ["src", "a", "b"]
    wait_for(lambda: done(session, "b") == 8)
    files.close()
    assert running.join().complete
    assert session.values("b") == {f"e{n:03d}": n + 11 for n in range(8)}


def test_a_workflow_file_given_again_does_not_take_back_what_was_adopted(
    local: Session, tmp_path: Path
) -> None:
    from icestream.engine.record.set_by_people import kept_since

    log = tmp_path / "log"
    rows = steps(4, log)
    assert local.run(*rows).complete
    file = session_workflow(local.store())
    create(local, "twenty", plan(local, None, b={"add": 20}), b={"add": 20})
    ask(local, AdoptBranch(name="twenty"))
    again(local)
    kept = kept_since(local.store(), file)
    assert kept.step("b").parameters["add"] == 20
    ask(local, Undo())
    assert kept_since(local.store(), file).step("b").parameters["add"] == 10
