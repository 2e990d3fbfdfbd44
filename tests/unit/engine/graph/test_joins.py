"""Joining inputs by exposure, as tables of cases."""

import pytest

import toys
from icestream.engine.graph.joins import Joined, Missing, Row, join
from icestream.engine.graph.plan import Plan, bind
from icestream.engine.graph.workflow import Workflow
from toy_plan import planned


@pytest.fixture(scope="module")
def plan() -> Plan:
    made = Workflow.from_document(
        toys.workflow(
            ("src", "toy.count", {}, {}),
            ("sel", "toy.select", {}, {"number": "src"}),
            ("a", "toy.add", {}, {"number": "sel.number"}),
            ("s", "toy.sum2", {}, {"first": "sel.number", "second": "a"}),
            ("m", "toy.agree", {}, {"number": ["src", "a", "s"]}),
        )
    )
    return planned(bind(made, toys.registry()))


def rows(**states: str) -> dict[int, Row]:
    numbers = {"src": 11, "sel": 12, "a": 13, "s": 14, "m": 15}
    made = {}
    for name, state in states.items():
        number = numbers[name]
        passed = state == "done"
        row = Row(number, number, 7, "done" if state == "rejected" else state, passed)
        row.key, row.result, row.reason = f"key-{name}", (number - 10) * 10, f"why-{name}"
        made[number] = row
    return made


@pytest.mark.parametrize(
    "states",
    [{}, {"src": "done"}, {"src": "done", "sel": "ready"}, {"src": "done", "sel": "running"}],
)
def test_a_step_waits_for_its_inputs(plan: Plan, states: dict[str, str]) -> None:
    assert join(plan, plan.step("a"), rows(**states)) is None


def test_an_item_behind_a_selection_is_the_one_before_it(plan: Plan) -> None:
    found = join(plan, plan.step("a"), rows(src="done", sel="done"))
    assert isinstance(found, Joined)
    (one,) = found.inputs
    assert (one.port, one.label, one.result, one.key) == ("number", "sel", 10, "key-src:number")


@pytest.mark.parametrize(
    ("states", "reason"),
    [
        ({"src": "done", "sel": "rejected"}, "rejected by sel: why-sel"),
        ({"src": "done", "sel": "failed"}, "sel failed"),
        ({"src": "failed", "sel": "skipped"}, "why-sel"),
    ],
)
def test_what_will_not_come_is_said(plan: Plan, states: dict[str, str], reason: str) -> None:
    assert join(plan, plan.step("a"), rows(**states)) == Missing(reason)


def test_a_join_needs_all_its_inputs(plan: Plan) -> None:
    there = {"src": "done", "sel": "done"}
    assert join(plan, plan.step("s"), rows(**there, a="running")) is None
    assert isinstance(join(plan, plan.step("s"), rows(**there, a="failed")), Missing)
    found = join(plan, plan.step("s"), rows(**there, a="done"))
    assert isinstance(found, Joined)
    assert [one.result for one in found.inputs] == [10, 30]


@pytest.mark.parametrize(
    ("a", "s", "labels"),
    [
        ("done", "done", ["src", "a", "s"]),
        ("done", "failed", ["src", "a"]),
        ("failed", "skipped", None),
    ],
)
def test_a_consensus_takes_what_there_is_if_it_is_enough(
    plan: Plan, a: str, s: str, labels: list[str] | None
) -> None:
    found = join(plan, plan.step("m"), rows(src="done", sel="done", a=a, s=s))
    if labels is None:
        assert isinstance(found, Missing)
        assert found.reason.startswith("1 of the 2 candidates")
    else:
        assert isinstance(found, Joined)
        assert [one.label for one in found.inputs] == labels


def test_a_reason_that_all_candidates_share_is_said_once() -> None:
    """What is rejected before the pickers has no candidates, and not too few of them."""
    made = Workflow.from_document(
        toys.workflow(
            ("src", "toy.count", {}, {}),
            ("sel", "toy.select", {}, {"number": "src"}),
            ("a", "toy.add", {}, {"number": "sel.number"}),
            ("s", "toy.add", {}, {"number": "sel.number"}),
            ("m", "toy.agree", {}, {"number": ["a", "s"]}),
        )
    )
    behind = planned(bind(made, toys.registry()))
    states = {"src": "done", "sel": "rejected", "a": "skipped", "s": "skipped"}
    gone = rows(**states)
    for row in gone.values():
        row.reason = "rejected by sel: too thick"
    assert join(behind, behind.step("m"), gone) == Missing("rejected by sel: too thick")
    failed = rows(src="done", sel="done", a="failed", s="done")
    found = join(behind, behind.step("m"), failed)
    assert found == Missing("1 of the 2 candidates it needs: a failed")


def test_an_input_of_many_links_goes_on_with_those_that_have_a_result() -> None:
    made = Workflow.from_document(
        toys.workflow(
            ("src", "toy.count", {}, {}),
            ("sel", "toy.add", {}, {"number": "src"}),
            ("a", "toy.add", {}, {"number": "src"}),
            ("s", "toy.weigh", {}, {"number": "src", "evidence": ["sel", "a"]}),
            ("m", "toy.add", {}, {"number": "s"}),
        )
    )
    plan = planned(bind(made, toys.registry()))
    assert join(plan, plan.step("s"), rows(src="done", sel="done", a="ready")) is None
    found = join(plan, plan.step("s"), rows(src="done", sel="done", a="failed"))
    assert isinstance(found, Joined)
    assert [(one.port, one.label) for one in found.inputs] == [
        ("number", "src"),
        ("evidence", "sel"),
    ]
    assert isinstance(join(plan, plan.step("s"), rows(src="failed", sel="done", a="done")), Missing)
