"""When the classes of a session will teach its picker, and what is run again then."""

from collections.abc import Set
from dataclasses import replace

from icestream.engine.graph.workflow import Workflow
from icestream.planning.costs import SessionCosts
from icestream.protocol import Registry
from icestream.protocols.monitor_picking import MonitorPicking, PickingLessons

__all__ = ["with_lessons"]


def with_lessons(
    costs: SessionCosts, workflow: Workflow, registry: Registry, particles: float
) -> SessionCosts:
    """The same, with the lessons that the workflow's picking monitors give.

    A short session says nothing of them: what it did before one is no part of what a whole session
    does before it.

    Parameters
    ----------
    costs
        Of an exposure, told from a short session.
    workflow
        Whose monitors teach.
    registry
        Where its protocols are.
    particles
        That an exposure has; 0: not known, so that there are no lessons.
    """
    lessons: list[float] = []
    anew: set[str] = set()
    for step in workflow.steps:
        if particles <= 0 or not issubclass(registry.get(step.protocol), MonitorPicking):
            continue
        given = PickingLessons(**step.parameters)
        if given.automatic:
            lessons += [due / particles for due in (given.first, given.again) if due]
            anew |= _behind(workflow, given.step)
    steps = (
        replace(one, anew=True, once=0.0 if one.seconds else one.once)
        if one.name in anew
        else replace(one, anew=False)
        for one in costs.steps
    )
    return replace(costs, steps=tuple(steps), lessons=tuple(sorted(lessons)))


def _behind(workflow: Workflow, taught: str) -> Set[str]:
    """A step and all that work on what it leaves."""
    found = {taught}
    while (
        more := {
            step.name
            for step in workflow.steps
            if any(one.step in found for feeding in step.inputs.values() for one in feeding)
        }
        - found
    ):
        found |= more
    return found
