"""RO-Crates."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deposited import finished
from icestream.exports.deposit.about import About
from icestream.exports.deposit.facts import gather_facts
from icestream.exports.deposit.ro_crate import METADATA, export_ro_crate, ro_crate
from icestream.store import tables as t
from report_session import SampleSession

Graph = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> SampleSession:
    return finished(tmp_path_factory.mktemp("crate"))


@pytest.fixture(scope="module")
def crate(session: SampleSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "crate"
    assert export_ro_crate(session.folder, out) == ()
    return out


@pytest.fixture(scope="module")
def graph(crate: Path) -> Graph:
    return _graph(crate)


def _graph(crate: Path) -> Graph:
    document = json.loads((crate / METADATA).read_text())
    assert document["@context"] == "https://w3id.org/ro/crate/1.1/context"
    graph = {entity["@id"]: entity for entity in document["@graph"]}
    assert len(graph) == len(document["@graph"])
    return graph


def _of(graph: Graph, kind: str) -> list[dict[str, Any]]:
    return [one for one in graph.values() if kind in _list(one["@type"])]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _references(entity: dict[str, Any], name: str) -> Iterator[str]:
    for value in _list(entity.get(name, [])):
        yield value["@id"]


def test_every_file_is_described_and_every_reference_leads_somewhere(
    crate: Path, graph: Graph
) -> None:
    files = {path.name for path in crate.iterdir()} - {METADATA}
    assert set(_references(graph["./"], "hasPart")) == files
    assert {"map.mrc", "averages.mrcs", "lineage.jsonl", "README.md"} < files
    for name in files:
        assert graph[name]["contentSize"] == str((crate / name).stat().st_size)
    for entity in graph.values():
        for name in entity.keys() - {"conformsTo"}:
            for value in _list(entity[name]):
                if isinstance(value, dict):
                    assert value["@id"] in graph, (entity["@id"], name)


def test_it_is_what_the_profiles_demand(graph: Graph) -> None:
    """Of Workflow RO-Crate 1.0, and Process, Workflow and Provenance Run Crate 0.5."""
    root = graph["./"]
    assert graph[METADATA]["about"] == {"@id": "./"}
    assert "https://w3id.org/workflowhub/workflow-ro-crate/1.0" in _references(
        graph[METADATA], "conformsTo"
    )
    for name in ("process", "workflow", "provenance"):
        profile = f"https://w3id.org/ro/wfrun/{name}/0.5"
        assert profile in _references(root, "conformsTo")
        assert graph[profile]["@type"] == "CreativeWork"
    assert {"name", "description", "datePublished", "license"} <= root.keys()
    (workflow,) = _of(graph, "ComputationalWorkflow")
    assert root["mainEntity"] == {"@id": workflow["@id"]}
    assert {"File", "SoftwareSourceCode", "HowTo"} <= set(workflow["@type"])
    assert workflow["programmingLanguage"]["@id"] in graph
    tools = set(_references(workflow, "hasPart"))
    actions = _of(graph, "CreateAction")
    instruments = {one for action in actions for one in _references(action, "instrument")}
    assert tools | {workflow["@id"]} == instruments
    steps = _of(graph, "HowToStep")
    assert {one["@id"] for one in steps} == set(_references(workflow, "step"))
    assert {one for step in steps for one in _references(step, "workExample")} == tools
    (organize,) = _of(graph, "OrganizeAction")
    controls = _of(graph, "ControlAction")
    assert {one["@id"] for one in controls} == set(_references(organize, "object"))
    assert list(_references(organize, "result")) == ["#run"]
    for control in controls:
        assert graph[control["instrument"]["@id"]]["@type"] == "HowToStep"
        assert graph[control["object"]["@id"]]["@type"] == "CreateAction"


def test_runs_are_those_of_the_session(session: SampleSession, graph: Graph, crate: Path) -> None:
    assert graph["#run-ctf"]["instrument"] == {"@id": "#protocol-ctf.estimate"}
    assert "12 results" in graph["#run-align"]["description"]
    assert graph["#run-align"]["startTime"] < graph["#run-align"]["endTime"]
    assert "map.mrc" in _references(graph["#run-volume"], "result")
    assert "doi:10.7554/eLife.06980" in graph["#protocol-movies.align"]["citation"]
    assert "endTime" not in graph["#run"]
    with (crate / "exposures.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 12


def test_parameters_are_those_that_were_used(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.7e9)
    session.grow(2)
    with session.store.write() as connection:
        pick = t.revision.c.step_id == session.step_ids["pick"]
        connection.execute(t.revision.update().where(pick).values(parameters='{"diameter": 99.5}'))
    facts = gather_facts(session.folder)
    document, _ = ro_crate(facts, About(), {})
    graph = {one["@id"]: one for one in document["@graph"]}
    assert "#pick/diameter" in _references(graph["#run-pick"], "object")
    assert graph["#pick/diameter"]["value"] == "99.5"


def test_an_older_crate_is_brought_up_to_date_and_other_folders_are_refused(
    tmp_path: Path,
) -> None:
    session = SampleSession(tmp_path / "s", start=1.7e9)
    out = tmp_path / "crate"
    told = export_ro_crate(session.folder, out)
    assert "no step has made anything yet: there is no run to describe" in told
    assert "#run" not in _graph(out)
    session.grow(2)
    with session.store.write() as connection:
        connection.execute(t.session.update().values(state="done"))
    told = export_ro_crate(session.folder, out)
    assert told == (
        "license is required: say licence",
        "author is not known: say authors",
        "the session's name is its title: say title",
    )
    assert _graph(out)["#run"]["actionStatus"] == "http://schema.org/CompletedActionStatus"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").touch()
    with pytest.raises(FileExistsError, match="no crate"):
        export_ro_crate(session.folder, tmp_path / "mine")


def test_files_that_are_lost_are_told(tmp_path: Path) -> None:
    session = finished(tmp_path)
    assert export_ro_crate(session.folder, tmp_path / "crate") == ()
    (session.folder / "pool" / "map.mrc").unlink()
    (told,) = export_ro_crate(session.folder, tmp_path / "crate")
    assert told.startswith("map.mrc is left out: ")
    assert "map.mrc" not in _graph(tmp_path / "crate")
