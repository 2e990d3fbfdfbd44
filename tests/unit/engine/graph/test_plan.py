"""Plans: a workflow bound to its protocols, and what can be asked of the graph."""

import pytest

import toys
from icestream.engine.graph.plan import Feed, Plan, bind, parameters_of
from icestream.engine.graph.workflow import InvalidWorkflow, Workflow

STEPS = (
    ("src", "toy.count", {}, {}),
    ("sel", "toy.select", {"below": 7}, {"number": "src"}),
    ("a", "toy.add", {}, {"number": "sel"}),
    ("s", "toy.sum2", {}, {"first": "a", "second": "src.number"}),
    ("total", "toy.total", {}, {"number": "s"}),
    ("twice", "toy.double", {}, {"total": "total"}),
)


def plan(*steps: object) -> Plan:
    """Steps are numbered 1, 2, ... as they stand in the workflow."""
    made = Workflow.from_document(toys.workflow(*(steps or STEPS)))  # type: ignore[arg-type]
    return bind(made, toys.registry(), {s.name: n for n, s in enumerate(made.steps, 1)})


def test_links_become_numbers_and_the_only_port_its_name() -> None:
    bound = plan()
    assert bound.step("s").sources == {
        "first": (Feed(3, "number"),),
        "second": (Feed(1, "number"),),
    }
    assert bound.step("src").consumers == (2, 4)
    assert [step.depth for step in bound.by_depth()] == [0, 1, 2, 3, 4, 5]


def test_a_step_that_feeds_two_ports_of_another_has_one_consumer() -> None:
    bound = plan(STEPS[0], ("s", "toy.sum2", {}, {"first": "src", "second": "src"}))
    assert bound.step("src").consumers == (2,)


def test_a_workflow_that_cannot_run_cannot_be_bound() -> None:
    with pytest.raises(InvalidWorkflow, match="no protocol 'toy.nope'"):
        plan(("src", "toy.nope", {}, {}))


def test_a_step_is_found_by_name_or_those_that_exist_are_named() -> None:
    assert plan().step("a").id == 3
    with pytest.raises(LookupError, match="no step 'b' in this session; it has src, sel, a"):
        plan().step("b")


def test_downstream_is_all_that_depends_on_a_step_in_order_of_depth() -> None:
    bound = plan()
    names = [step.name for step in bound.downstream(bound.step("sel"))]
    assert names == ["sel", "a", "s", "total", "twice"]
    assert [step.name for step in bound.downstream(bound.step("twice"))] == ["twice"]


@pytest.mark.parametrize(
    ("name", "passes", "per_exposure", "snapshots"),
    [
        ("src", False, True, False),
        ("sel", True, True, False),
        ("s", False, True, False),
        ("total", False, False, False),
        ("twice", False, True, True),
    ],
)
def test_what_a_step_has_tasks_for(
    name: str, passes: bool, per_exposure: bool, snapshots: bool
) -> None:
    bound = plan()
    step = bound.step(name)
    found = (step.passes, step.per_exposure, bound.snapshots_feed(step))
    assert found == (passes, per_exposure, snapshots)


def test_what_follows_a_step_on_snapshots_works_on_snapshots_too() -> None:
    bound = plan(*STEPS, ("again", "toy.double", {}, {"total": "twice"}))
    assert bound.snapshots_feed(bound.step("again"))


def test_files_of_a_later_revision_have_a_folder_of_their_own() -> None:
    step = plan().step("a")
    assert step.folder == "a"
    step.number = 3
    assert step.folder == "a@3"


# -- fingerprints ----------------------------------------------------------------------------------


def fingerprints(*steps: object) -> dict[str, str]:
    return {step.name: step.fingerprint for step in plan(*steps).steps.values()}


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
