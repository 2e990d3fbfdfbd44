"""When the classes will teach the picker, and what is run again then."""

import pytest

from icestream.engine.graph.workflow import Workflow, load_workflow
from icestream.planning.costs import SessionCosts, StepCost
from icestream.planning.lessons import with_lessons
from icestream.protocol import Registry

COSTS = SessionCosts(
    workflow="default",
    movie=1e6,
    steps=(
        StepCost(name="align", seconds=4.0),
        StepCost(name="pick", seconds=1.0, once=3.0),
        StepCost(name="extract", seconds=0.5),
        StepCost(name="classify", seconds=0.2, gathers=True, once=9.0),
        StepCost(name="volume", seconds=0.0, gathers=True, once=60.0),
    ),
)


def test_a_picker_that_is_taught_picks_again_what_had_come() -> None:
    taught = with_lessons(COSTS, load_workflow("default"), Registry(), 25.0)
    assert taught.lessons == (20.0, 200.0)  # of 500 and of 5000 particles
    anew = {step.name for step in taught.steps if step.anew}
    assert anew == {"pick", "extract", "classify", "volume"}
    short = {step.name: step.seconds for step in taught.in_session(100).steps}
    assert short["pick"] == pytest.approx(1.2)  # the second lesson never comes
    assert short["align"] == 4.0
    assert short["volume"] == pytest.approx(1.2)  # once, and once more after the lesson
    long = {step.name: step.seconds for step in taught.in_session(1000).steps}
    assert long["pick"] == pytest.approx(1.22)
    assert long["classify"] == pytest.approx(0.2 * 1.22)


def test_without_particles_or_when_a_person_decides_there_is_no_lesson() -> None:
    assert with_lessons(COSTS, load_workflow("default"), Registry(), 0.0).lessons == ()
    document = load_workflow("default").to_document()
    for step in document["steps"]:
        if step["name"] == "pick_monitor":
            step["parameters"] = {"automatic": False}
    asked = with_lessons(COSTS, Workflow.from_document(document), Registry(), 25.0)
    assert asked.lessons == ()
    assert not any(step.anew for step in asked.steps)
