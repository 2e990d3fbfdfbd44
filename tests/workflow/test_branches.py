"""Two branches of one session at once: what they have in common is done once."""

import json
from collections import Counter
from pathlib import Path

import pytest

from icestream.engine.record.revisions import preview, with_parameters
from icestream.engine.record.workflows import session_workflow
from icestream.engine.requests.models import (
    AdoptBranch,
    ChangeWorkflow,
    CreateBranch,
    DropBranch,
    Request,
    SetParameters,
)
from icestream.engine.requests.send import answer_of, send
from icestream.store import queries
from toy_branches import Folder, add, ask, done, runs
from toy_session import Background, Session, wait_for
from toys import registry


@pytest.fixture
def files(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "files", 6)


def started(session: Session, files: Folder, log: Path) -> Background:
    """Numbers come in; a adds 1, b adds 10 to that, and c adds 5 to the numbers."""
    return session.start(
        ("src", "toy.count", {"folder": files.path}, {}),
        add("a", "src", log, add=1),
        add("b", "a", log, add=10),
        add("c", "src", log, add=5),
    )


def test_two_branches_run_at_once_and_share_what_they_have_in_common(
    session: Session, files: Folder, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    running = started(session, files, log)
    wait_for(lambda: done(session, "b") == 6)
    said = ask(session, CreateBranch(name="twenty", changes={"b": {"add": 20}}))
    assert said == "b is at revision 2"
    files.bring(6)
    wait_for(lambda: done(session, "b", "twenty") == 12 and done(session, "b") == 12)
    files.close()
    assert running.join().complete
    # a and c ran once for each number, though both branches have them; b once in each branch.
    expected = {f"e{n:03d} {x:.1f}" for n in range(12) for x in (1, 10, 20, 5)}
    assert runs(log) == Counter(dict.fromkeys(expected, 1))
    store = session.store()
    names = {one.name: one.revision for one in queries.steps(store, branch="twenty")}
    assert names == {"src": 1, "a": 1, "b": 2, "c": 1}
    values = {
        branch: {one.exposure: one.outputs["number"]["value"] for one in found}
        for branch in ("main", "twenty")
        for found in [queries.results(store, "b", branch=branch)]
    }
    assert values["main"] == {f"e{n:03d}": n + 11 for n in range(12)}
    assert values["twenty"] == {f"e{n:03d}": n + 21 for n in range(12)}
    assert [(one.name, one.adopted, one.state) for one in queries.branches(store)] == [
        ("main", True, "active"),
        ("twenty", False, "active"),
    ]


def test_the_same_work_of_two_branches_that_comes_at_the_same_time_is_done_once(
    session: Session, files: Folder, tmp_path: Path
) -> None:
    """What follows a selection has its keys from the items, so both branches want the same."""
    log = tmp_path / "log"
    running = session.start(
        ("src", "toy.count", {"folder": files.path}, {}),
        ("sel", "toy.select", {"below": 100}, {"number": "src"}),
        add("a", "sel.number", log, add=1, seconds=0.05),
    )
    wait_for(lambda: done(session, "a") == 6)
    ask(session, CreateBranch(name="strict", changes={"sel": {"below": 8}}))
    files.bring(6)
    wait_for(lambda: done(session, "a") == 12 and done(session, "a", "strict") == 8)
    files.close()
    assert running.join().complete
    assert runs(log) == Counter({f"e{n:03d} 1.0": 1 for n in range(12)})
    step = queries.step(session.store(), "a", branch="strict")
    assert (step.counts.done, step.counts.skipped, step.counts.held) == (8, 4, 0)


def test_a_branch_for_a_sample_ends_though_the_stream_goes_on(
    session: Session, files: Folder, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    running = started(session, files, log)
    wait_for(lambda: done(session, "b") == 6)
    sample = ("e001", "e004")
    ask(session, CreateBranch(name="try", changes={"b": {"add": 30}}, exposures=sample))
    store = session.store()
    wait_for(lambda: queries.step(store, "b", branch="try").state == "done")
    files.bring(3)
    wait_for(lambda: done(session, "b") == 9)
    assert done(session, "b", "try") == 2
    (branch,) = [one for one in queries.branches(store) if one.name == "try"]
    assert branch.sample == 2
    # Adopted, it is for all.
    assert ask(session, AdoptBranch(name="try")) == "try is adopted"
    wait_for(lambda: done(session, "b") == 9)
    assert session.values("b") == {f"e{n:03d}": n + 31 for n in range(9)}
    files.close()
    assert running.join().complete
    assert queries.session(store).branch == "try"
    assert set(queries.count_exposures(store).items()) >= {("done", 9), ("going", 0)}


def test_adopting_is_taken_back_without_running_anything_again(
    session: Session, files: Folder, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    running = started(session, files, log)
    wait_for(lambda: done(session, "b") == 6)
    ask(session, CreateBranch(name="twenty", changes={"b": {"add": 20}}))
    wait_for(lambda: done(session, "b", "twenty") == 6)
    ask(session, AdoptBranch(name="twenty"))
    assert done(session, "b") == 6
    before = runs(log)
    files.bring(1)  # the branch that rests does not see it
    wait_for(lambda: done(session, "b") == 7)
    ask(session, AdoptBranch(name="main"))
    wait_for(lambda: done(session, "b", "main") == 7)
    files.close()
    assert running.join().complete
    new = {f"e006 {x:.1f}": 1 for x in (1, 10, 20, 5)}
    assert runs(log) == before + Counter(new)
    assert session.values("b") == {f"e{n:03d}": n + 11 for n in range(7)}


def test_a_step_is_added_replaced_and_taken_out_of_a_running_session(
    session: Session, files: Folder, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    running = started(session, files, log)
    wait_for(lambda: done(session, "b") == 6 and done(session, "c") == 6)
    store = session.store()
    document = json.loads(json.dumps(session_workflow(store).to_document(), default=str))
    by_name = {step["name"]: step for step in document["steps"]}
    by_name["c"]["inputs"] = {"number": "a"}  # c takes what a makes now
    inputs = {"first": "a", "second": "src"}
    by_name["b"] |= {"protocol": "toy.sum2", "parameters": {}, "inputs": inputs}
    by_name["d"] = {"name": "d", "protocol": "toy.add", "parameters": {"add": 100.0},
                    "inputs": {"number": "b"}}  # fmt: skip
    changed = {**document, "steps": list(by_name.values())}
    told = preview(store, registry(), type(session_workflow(store)).from_document(changed))
    assert {one.name: one.tasks for one in told.steps} == {"b": 6, "c": 6, "d": 6}
    ask(session, ChangeWorkflow(workflow=changed))
    wait_for(lambda: done(session, "d") == 6 and done(session, "c") == 6)
    assert session.values("c")["e003"] == 3 + 1 + 5
    assert session.values("d")["e003"] == (3 + 1) + 3 + 100
    without = {**changed, "steps": [s for s in changed["steps"] if s["name"] not in ("b", "d")]}
    told = preview(store, registry(), type(session_workflow(store)).from_document(without))
    assert (told.tasks, told.removed) == (0, ("b", "d"))
    ask(session, ChangeWorkflow(workflow=without))
    assert [step.name for step in queries.steps(store)] == ["src", "a", "c"]
    files.bring(1)
    files.close()
    assert running.join().complete
    assert runs(log)["e006 10.0"] == 0  # b is gone
    # What it was before is there, and comes back as it was.
    ask_at_rest = session.start(
        ("src", "toy.count", {"folder": files.path}, {}),
        add("a", "src", log, add=1),
        add("c", "a", log, add=5),
        add("b", "a", log, add=10),
    )
    assert ask_at_rest.join().complete
    assert runs(log)["e003 10.0"] == 1
    assert done(session, "b") == 7


def test_a_branch_that_is_dropped_stops_and_its_results_stay(
    session: Session, files: Folder, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    running = started(session, files, log)
    wait_for(lambda: done(session, "b") == 6)
    ask(session, CreateBranch(name="slow", changes={"b": {"add": 40, "seconds": 0.3}}))
    wait_for(lambda: done(session, "b", "slow") > 0)
    ask(session, DropBranch(name="slow"))
    files.bring(1)
    wait_for(lambda: done(session, "b") == 7)
    files.close()
    assert running.join().complete
    kept = queries.results(session.store(), "b", branch="slow")
    assert 0 < len(kept) < 6
    assert all(one.outputs["number"]["value"] >= 41 for one in kept)


def test_a_parameter_is_set_in_a_branch_alone(
    session: Session, files: Folder, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    running = started(session, files, log)
    wait_for(lambda: done(session, "b") == 6)
    ask(session, CreateBranch(name="other", changes={"b": {"add": 20}}))
    said = ask(session, SetParameters(step="a", changes={"add": 2}, branch="other"))
    assert said == "a is at revision 2, b is at revision 3"
    files.close()
    assert running.join().complete
    store = session.store()
    assert {one.name: one.revision for one in queries.steps(store)} == {
        "src": 1, "a": 1, "b": 1, "c": 1,
    }  # fmt: skip
    other = queries.results(store, "b", branch="other")
    assert sorted(one.outputs["number"]["value"] for one in other) == [22 + n for n in range(6)]


def test_the_preview_of_a_branch_counts_what_then_runs(
    session: Session, files: Folder, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    running = started(session, files, log)
    wait_for(lambda: done(session, "b") == 6 and done(session, "c") == 6)
    store = session.store()
    workflow = with_parameters(session_workflow(store), registry(), "a", {"add": 7})
    told = preview(store, registry(), workflow)
    assert {one.name: (one.tasks, one.kept) for one in told.steps} == {"a": (6, 0), "b": (6, 0)}
    before = sum(runs(log).values())
    ask(session, CreateBranch(name="seven", changes={"a": {"add": 7}}))
    wait_for(lambda: done(session, "b", "seven") == 6)
    assert sum(runs(log).values()) == before + told.tasks
    files.close()
    assert running.join().complete


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (CreateBranch(name="main"), "there is a branch 'main' already (active)"),
        (CreateBranch(name="x", changes={"z": {"add": 1}}), "no step 'z'"),
        (CreateBranch(name="x", base="nope"), "no branch 'nope' in this session; it has main"),
        (CreateBranch(name="x", exposures=("e000", "e9")), "no exposure e9 in this session"),
        (CreateBranch(name="x", changes={"a": {"add": "many"}}), "add"),
        (ChangeWorkflow(workflow={"name": "w", "steps": []}), "it has no steps"),
        (AdoptBranch(name="nope"), "no branch 'nope' in this session; it has main"),
        (AdoptBranch(name="main"), "branch 'main' is the one that is adopted"),
        (DropBranch(name="main"), "branch 'main' is the one that is adopted"),
        (SetParameters(step="a", changes={"add": 3}, branch="nope"), "no branch 'nope'"),
    ],
)
def test_what_cannot_be_done_with_branches_is_refused_and_changes_nothing(
    local: Session, tmp_path: Path, request_: Request, said: str
) -> None:
    files, log = Folder(tmp_path / "files", 2), tmp_path / "log"
    running = started(local, files, log)
    wait_for(lambda: done(local, "b") == 2)
    token = send(local.folder, request_)
    verdict, answer = answer_of(local.folder, token, timeout=20.0)
    assert verdict == "refused"
    assert said in answer
    files.close()
    assert running.join().complete
    assert [one.name for one in queries.branches(local.store())] == ["main"]
