"""Applied: what a transaction changed becomes one event, and one for each step that is broken."""

from typing import Any

import pytest

from icestream.engine.decisions.events import StepBroken, TasksReady
from icestream.engine.decisions.ready import Ready
from icestream.engine.record.applied import Applied
from icestream.model import RevisionId, TaskId

ONE, TWO = RevisionId(1), RevisionId(2)
READY = Ready(5, TaskId(7), ONE)


def test_nothing_that_changed_is_no_event() -> None:
    assert Applied().events([]) == []


def test_a_change_that_was_undone_is_no_event() -> None:
    assert Applied(withheld={ONE: 0}, arrived={ONE: []}).events([(ONE, 0)]) == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"ready": [READY]}, {"tasks": (READY,)}),
        ({"withdrawn": {TaskId(7): ONE}}, {"withdrawn": ((TaskId(7), ONE),)}),
        ({"arrived": {ONE: [3, 0], TWO: [1]}}, {"arrived": ((ONE, 3), (ONE, 0), (TWO, 1))}),
        ({"left": {TWO: [2, 2]}}, {"left": ((TWO, 2), (TWO, 2))}),
        ({"withheld": {ONE: -1, TWO: 0}}, {"withheld": ((ONE, -1),)}),
    ],
)
def test_a_change_alone_is_one_event(changed: dict[str, Any], told: dict[str, Any]) -> None:
    assert Applied(**changed).events([]) == [TasksReady(**told)]


def test_what_is_settled_is_told_with_how_much_of_it_is_new() -> None:
    assert Applied().events([(ONE, 2), (TWO, 0)]) == [TasksReady(settled=((ONE, 2),))]


def test_all_changes_are_one_event() -> None:
    applied = Applied(
        ready=[READY],
        withdrawn={TaskId(8): TWO},
        arrived={ONE: [1]},
        left={ONE: [1]},
        withheld={TWO: 1},
    )
    assert applied.events([(ONE, 1)]) == [
        TasksReady(
            tasks=(READY,),
            withdrawn=((TaskId(8), TWO),),
            arrived=((ONE, 1),),
            left=((ONE, 1),),
            withheld=((TWO, 1),),
            settled=((ONE, 1),),
        )
    ]


def test_steps_that_are_broken_come_after_what_else_changed() -> None:
    broken = {ONE: "RuntimeError: a defect", TWO: "TypeError: no name"}
    said = [StepBroken(step, reason) for step, reason in broken.items()]
    assert Applied(broken=broken).events([]) == said
    told = Applied(broken=broken, ready=[READY]).events([])
    assert told == [TasksReady(tasks=(READY,)), *said]
