"""Feedback: whether the steps that triggers listen to are there, and can begin before them."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from icestream.engine.graph.workflow import Step, Workflow, near
from icestream.protocol import Enough, Protocol, TriggerProtocol

__all__ = ["feedback_problems", "listens"]

Protocols = Mapping[str, type[Protocol[Any]]]


def listens(step: Step, protocol: type[Protocol[Any]]) -> Mapping[str, Enough]:
    """What a step waits to hear of others, by how it is said: opened by, closed by."""
    if not issubclass(protocol, TriggerProtocol):
        return {}
    try:
        trigger = protocol(protocol.parameters_type().model_validate(dict(step.parameters)))
    except ValidationError:
        return {}  # said where the parameters are
    heard = {"opened by": trigger.opened_by(), "closed by": trigger.closed_by()}
    return {how: enough for how, enough in heard.items() if enough is not None}


def feedback_problems(workflow: Workflow, protocols: Protocols) -> Iterator[str]:
    """Steps that are not there or make nothing, and circles in which nothing can ever begin."""
    names = [step.name for step in workflow.steps]
    openers: dict[str, str] = {}
    for step in workflow.steps:
        kind = protocols.get(step.name)
        for how, enough in (listens(step, kind) if kind else {}).items():
            where = f"step {step.name!r}: {how} {str(enough)!r}"
            maker = protocols.get(enough.step)
            if enough.step not in names:
                yield f"{where}: no step {enough.step!r};{near(enough.step, names)}"
            elif enough.step == step.name and how == "opened by":
                yield f"{where}: it waits for itself, and can never begin; name another step"
            elif maker is not None and not maker.outputs():
                yield f"{where}: {enough.step!r} makes nothing that could be counted; name another"
            elif how == "opened by":
                openers[step.name] = enough.step
    yield from _circles(workflow, openers)


def _circles(workflow: Workflow, openers: Mapping[str, str]) -> Iterator[str]:
    """A trigger that waits for a step which begins only after it."""
    # What is optional is waited for as well, where it is linked.
    needs = {
        step.name: {source.step for sources in step.inputs.values() for source in sources}
        for step in workflow.steps
    }
    for trigger, opener in openers.items():
        reached, frontier = {opener}, [opener]
        while frontier:
            name = frontier.pop()
            more = needs.get(name, set()) | ({openers[name]} if name in openers else set())
            frontier += more - reached
            reached |= more
        if trigger in reached:
            yield (
                f"step {trigger!r} is opened by {opener!r}, which waits for {trigger!r}: neither "
                "can ever begin; let another step open it, or link them otherwise"
            )
