"""Provenance: the workflow that runs again, and one line for each result."""

import json
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from icestream.engine.graph.validation import validate
from icestream.engine.graph.workflow import load_workflow
from icestream.exports.provenance import export_provenance, write_provenance
from icestream.protocol import Registry
from icestream.store import tables as t
from icestream.store.standing import reruns
from report_session import SampleSession


def test_every_result_has_its_line(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "session", start=1.7e9)
    session.grow(6)
    session.store.close()
    export_provenance(tmp_path / "session", tmp_path / "out")
    lines = [json.loads(line) for line in (tmp_path / "out/lineage.jsonl").read_text().splitlines()]
    about, results = lines[0], lines[1:]
    assert about["session"] == session_name()
    epochs = {epoch["number"]: epoch for epoch in about["epochs"]}
    assert all(line["epoch"] in epochs for line in results)
    assert epochs[1]["software"] == {"icestream": "0.1", "numpy": "2.0"}
    assert {"import", "align", "ctf"} <= {line["step"] for line in results}
    assert len({line["id"] for line in results}) == len(results)
    made = {line["id"] for line in results}
    assert all(source in made for line in results for _, source in line["inputs"])


def session_name() -> str:
    return "apoferritin-grid-2"


def test_the_workflow_can_run_elsewhere(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "session", start=1.7e9)
    session.store.close()
    export_provenance(tmp_path / "session", tmp_path / "out")
    workflow = load_workflow(tmp_path / "out/workflow.json")
    assert [p for p in validate(workflow, Registry()) if "pattern" not in p] == []


def test_what_people_set_stands_beside_what_ran(tmp_path: Path) -> None:
    """A lesson is of its session: it is in the workflow as run alone."""
    session = SampleSession(tmp_path / "session", start=1.7e9)
    session.teach("pick", diameter=137.0)
    session.store.close()
    export_provenance(tmp_path / "session", tmp_path / "out")
    people = load_workflow(tmp_path / "out/workflow.json").step("pick").parameters
    as_run = load_workflow(tmp_path / "out/workflow-as-run.json").step("pick").parameters
    assert people == {}
    assert as_run == {"diameter": 137.0}


def test_results_that_stand_come_with_the_workflow_that_made_them(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "session", start=1.7e9)
    session.grow(6)
    write_provenance(session.store, tmp_path / "before")
    session.change("pick", "extract")
    with session.store.write() as connection:
        pick = select(t.member.c.revision_id).where(t.member.c.step_id == session.step_ids["pick"])
        new = t.revision.c.id == pick.scalar_subquery()
        connection.execute(t.revision.update().where(new).values(changed='{"diameter": 99.0}'))
    write_provenance(session.store, tmp_path / "now")
    standing = reruns(session.store).standing
    write_provenance(session.store, tmp_path / "stood", standing)
    for name in ("workflow.json", "workflow-as-run.json"):
        stood, before = ((tmp_path / out / name).read_text() for out in ("stood", "before"))
        assert stood == before
    assert "99" in (tmp_path / "now/workflow-as-run.json").read_text()


def _tried(tmp_path: Path) -> SampleSession:
    """A session with a branch `short`, which ends with the CTF."""
    session = SampleSession(tmp_path / "session", start=1.7e9)
    session.grow(3)
    with session.store.write() as connection:
        connection.execute(
            insert(t.branch).values(
                id=9, name="short", workflow="w", state="resting", created=1.7e9, who="ann"
            )
        )
        chosen = select(t.member.c.step_id, t.member.c.revision_id).where(
            t.member.c.step_id.in_([session.step_ids[one] for one in ("import", "align", "ctf")])
        )
        for row in connection.execute(chosen).all():
            connection.execute(insert(t.member).values(branch_id=9, **row._mapping))
    return session


def _about(folder: Path) -> dict[str, object]:
    first, _, _ = (folder / "lineage.jsonl").read_text().partition("\n")
    return dict(json.loads(first))


def test_the_branch_is_named_where_it_is_asked_for_or_not_the_first(tmp_path: Path) -> None:
    session = _tried(tmp_path)
    export_provenance(session.folder, tmp_path / "first")
    assert "branch" not in _about(tmp_path / "first")
    for name, steps in (("main", True), ("short", False)):
        export_provenance(session.folder, tmp_path / name, name)
        assert _about(tmp_path / name)["branch"] == name
        workflow = load_workflow(tmp_path / name / "workflow-as-run.json")
        assert ("pick" in [step.name for step in workflow.steps]) == steps
    with pytest.raises(LookupError, match="no branch 'other'"):
        export_provenance(session.folder, tmp_path / "no", "other")
    with session.store.write() as connection:
        connection.execute(t.session.update().values(branch_id=9))
    write_provenance(session.store, tmp_path / "adopted")
    assert _about(tmp_path / "adopted")["branch"] == "short"
