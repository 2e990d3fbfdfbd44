"""Plans: a workflow bound to its protocols, and what can be asked of the graph."""

from dataclasses import replace

import pytest

import toys
from icestream.engine.graph.domains import EXPOSURES, Domain
from icestream.engine.graph.plan import (
    Plan,
    PlannedStep,
    bind,
    fingerprint_of,
    parameters_of,
    works_of,
)
from icestream.engine.graph.workflow import InvalidWorkflow, Output, Workflow
from icestream.model import RevisionId, SubjectId
from icestream.protocol import Registry
from toy_plan import planned

STEPS = (
    ("src", "toy.count", {}, {}),
    ("sel", "toy.select", {"below": 7}, {"number": "src"}),
    ("a", "toy.add", {}, {"number": "sel"}),
    ("s", "toy.sum2", {}, {"first": "a", "second": "src.number"}),
    ("total", "toy.total", {}, {"number": "s"}),
    ("twice", "toy.double", {}, {"total": "total"}),
)


def bound(*steps: object) -> dict[str, PlannedStep]:
    made = Workflow.from_document(toys.workflow(*(steps or STEPS)))  # type: ignore[arg-type]
    return bind(made, toys.registry())


def plan(*steps: object) -> Plan:
    """Of one branch. Steps are numbered 1, 2, ... by depth, revisions 11, 12, ..."""
    return planned(bound(*steps))


def test_the_only_port_of_a_step_gets_its_name() -> None:
    made = bound()
    assert made["s"].inputs == {
        "first": (Output("a", "number"),),
        "second": (Output("src", "number"),),
    }
    assert [step.depth for step in made.values()] == [0, 1, 2, 3, 4, 5]


def test_the_maker_of_an_item_is_behind_what_only_passes() -> None:
    made = plan()
    step, port = made.maker(made.step("a").feeds["number"][0])
    assert (step.name, port) == ("src", "number")
    step, port = made.maker(made.step("s").feeds["first"][0])
    assert (step.name, port) == ("a", "number")


def test_steps_are_at_the_same_work_when_they_make_the_same_of_the_same() -> None:
    made = plan(
        ("src", "toy.count", {}, {}),
        ("sel", "toy.select", {"below": 7}, {"number": "src"}),
        ("a", "toy.add", {}, {"number": "src"}),
        ("same", "toy.add", {}, {"number": "sel"}),
        ("other", "toy.add", {"add": 5}, {"number": "src"}),
        ("after", "toy.add", {}, {"number": "a"}),
        ("after_same", "toy.add", {}, {"number": "same"}),
        ("b", "toy.agree", {}, {"number": ["a", "other"]}),
        ("c", "toy.agree", {}, {"number": ["same", "src"]}),
    )
    works = works_of(made.steps)
    of = {step.name: works[number] for number, step in made.steps.items()}
    assert of["a"] == of["same"]  # a selection only lets pass
    assert of["after"] == of["after_same"]
    assert of["b"] == of["c"]  # of some candidates nothing may have come
    alike = ({"a", "same"}, {"after", "after_same"}, {"b", "c"})
    assert len(set(of.values())) == len(of) - len(alike)


def test_a_workflow_that_cannot_run_cannot_be_bound() -> None:
    with pytest.raises(InvalidWorkflow, match="no protocol 'toy.nope'"):
        plan(("src", "toy.nope", {}, {}))


def test_a_step_is_found_by_name_or_those_that_exist_are_named() -> None:
    assert plan().step("a").id == 13
    with pytest.raises(LookupError, match="no step 'b' in this session; it has src, sel, a"):
        plan().step("b")


def test_a_step_is_found_in_the_branch_that_is_named() -> None:
    made = plan(*STEPS[:3])
    members = {**made.branches["main"], "a": RevisionId(99)}
    other = replace(made.step("a"), id=RevisionId(99))
    both = Plan("toy", {**made.steps, other.id: other}, {**made.branches, "try": members}, "main")
    assert [both.step("a", name).id for name in ("main", "try")] == [13, 99]
    assert both.step("src", "try") is both.step("src")
    with pytest.raises(LookupError, match="no branch 'x' is processed in this session; it has ma"):
        both.step("a", "x")
    with pytest.raises(LookupError, match="no step 'b' in branch 'try'; it has src, sel, a"):
        both.step("b", "try")


def test_downstream_is_all_that_depends_on_a_step_in_order_of_depth() -> None:
    made = plan()
    names = [step.name for step in made.downstream(made.step("sel"))]
    assert names == ["sel", "a", "s", "total", "twice"]
    assert [step.name for step in made.downstream(made.step("twice"))] == ["twice"]


@pytest.mark.parametrize(
    ("name", "passes", "per_exposure", "gathers", "domain"),
    [
        ("src", False, True, False, EXPOSURES),
        ("sel", True, True, False, EXPOSURES),
        ("s", False, True, False, EXPOSURES),
        ("total", False, False, True, Domain("batch", "total")),
        ("twice", False, False, False, Domain("batch", "total")),
    ],
)
def test_what_a_step_has_tasks_for(
    name: str, passes: bool, per_exposure: bool, gathers: bool, domain: Domain
) -> None:
    step = bound()[name]
    found = (step.passes, step.per_exposure, step.gathers, step.domain)
    assert found == (passes, per_exposure, gathers, domain)


def test_what_follows_a_step_on_snapshots_works_on_snapshots_too() -> None:
    made = bound(*STEPS, ("again", "toy.double", {}, {"total": "twice"}))
    assert made["again"].domain == Domain("batch", "total")


@pytest.mark.parametrize(("sample", "taken"), [(None, True), ({3}, True), ({4}, False)])
def test_a_step_of_a_sample_takes_nothing_else(sample: set[int] | None, taken: bool) -> None:
    chosen = None if sample is None else frozenset(SubjectId(one) for one in sample)
    assert replace(bound()["a"], sample=chosen).takes(SubjectId(3)) is taken


def test_files_of_a_later_revision_have_a_folder_of_their_own() -> None:
    step = plan().step("a")
    assert step.folder == "a"
    assert replace(step, number=3).folder == "a@3"


# -- fingerprints ----------------------------------------------------------------------------------


def fingerprints(*steps: object) -> dict[str, str]:
    found: dict[str, str] = {}
    for step in bound(*steps).values():
        found[step.name] = fingerprint_of(step, found)
    return found


def test_a_changed_parameter_changes_the_fingerprint_of_all_that_depends_on_it() -> None:
    changed = (STEPS[0], ("sel", "toy.select", {"below": 8}, {"number": "src"}), *STEPS[2:])
    before, after = fingerprints(), fingerprints(*changed)
    assert {n for n in before if before[n] != after[n]} == {"sel", "a", "s", "total", "twice"}


def test_a_default_that_is_spelled_out_changes_nothing() -> None:
    spelled = (*STEPS[:2], ("a", "toy.add", {"add": 1.0}, {"number": "sel"}), *STEPS[3:])
    assert fingerprints(*spelled) == fingerprints()


def test_the_name_of_a_step_is_not_in_its_fingerprint() -> None:
    twins = fingerprints(
        STEPS[0],
        ("one", "toy.add", {}, {"number": "src"}),
        ("two", "toy.add", {}, {"number": "src"}),
        ("other", "toy.add", {}, {"number": "one"}),
    )
    assert twins["one"] == twins["two"] != twins["other"]


def test_which_port_is_fed_by_what_is_in_the_fingerprint() -> None:
    def swapped(first: str, second: str) -> str:
        feeds = {"first": first, "second": second}
        return fingerprints(*STEPS[:3], ("s", "toy.sum2", {}, feeds))["s"]

    assert swapped("a", "src") != swapped("src", "a")


# -- parameters ------------------------------------------------------------------------------------


def test_parameters_are_all_there_and_ready_for_json() -> None:
    protocol, every = parameters_of(toys.Add, {"add": 4, "log": "/x"})
    assert protocol.parameters.add == 4.0
    assert every == {
        "add": 4.0, "write": False, "seconds": 0.0, "log": "/x", "fail": ""
    }  # fmt: skip


def test_a_parameter_that_is_newer_than_results_decides_where_it_is_set() -> None:
    def deciding(**parameters: object) -> set[str]:
        step = {"name": "src", "protocol": "movies.import", "parameters": parameters, "inputs": {}}
        made = Workflow.from_document({"name": "w", "steps": [step]})
        return set(bind(made, Registry())["src"].deciding)

    assert deciding(microscope="krios1") - deciding() == {"microscope"}
    assert "voltage" in deciding()


def test_a_parameter_that_came_later_decides_nothing_at_its_default() -> None:
    def select(**given: float) -> PlannedStep:
        return bound(STEPS[0], ("w", "toy.weigh", {"below": 7, **given}, {"number": "src"}))["w"]

    assert dict(select().deciding) == {"below": 7.0}
    assert dict(select(margin=0.0).deciding) == {"below": 7.0}
    assert dict(select(margin=1.0).deciding) == {"below": 7.0, "margin": 1.0}
    assert select().parameters["margin"] == 0.0
