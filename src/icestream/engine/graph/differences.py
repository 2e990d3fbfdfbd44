"""What is otherwise in a workflow than in another: steps, protocols, links and parameters."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from icestream.engine.graph.workflow import EACH_TIME, Step, Workflow
from icestream.protocol import Registry, UnknownProtocol

__all__ = ["Difference", "differences"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is otherwise."""

    step: str
    what: Literal["added", "removed", "protocol", "input", "parameter"]
    name: str = ""
    """Of the parameter, or of the port that is fed otherwise."""
    old: Any = None
    """Value before: of a parameter, as JSON has it; the name of a protocol; what feeds a port."""
    new: Any = None


def differences(old: Workflow, new: Workflow, registry: Registry) -> tuple[Difference, ...]:
    """All that is otherwise in `new`, in the order of its steps, then what it lacks.

    What is said for one run only, such as whether it waits for movies, is none.
    """
    before = {step.name: step for step in old.steps}
    after = {step.name for step in new.steps}
    changes: list[Difference] = []
    for step in new.steps:
        known = before.get(step.name)
        if known is None:
            changes.append(Difference(step=step.name, what="added", new=step.protocol))
            continue
        changes += _of_step(known, step, registry)
    changes += [
        Difference(step=step.name, what="removed", old=step.protocol)
        for step in old.steps
        if step.name not in after
    ]
    return tuple(changes)


def _of_step(old: Step, new: Step, registry: Registry) -> Iterator[Difference]:
    if old.protocol != new.protocol:
        yield Difference(step=new.name, what="protocol", old=old.protocol, new=new.protocol)
    for port in {**old.inputs, **new.inputs}:
        fed = [[str(source) for source in step.inputs.get(port, ())] for step in (old, new)]
        if _bare(fed[0]) != _bare(fed[1]):
            yield Difference(step=new.name, what="input", name=port, old=fed[0], new=fed[1])
    if old.protocol != new.protocol:
        return  # its parameters are others
    defaults = _defaults(new.protocol, registry)
    for name in {**old.parameters, **new.parameters}:
        if name in EACH_TIME:
            continue
        values = [step.parameters.get(name, defaults.get(name)) for step in (old, new)]
        if values[0] != values[1]:
            yield Difference(
                step=new.name, what="parameter", name=name, old=values[0], new=values[1]
            )


def _bare(fed: list[str]) -> list[str]:
    """Names of the steps that feed a port: the port of one that has only one need not be said."""
    return [name.partition(".")[0] for name in fed]


def _defaults(protocol: str, registry: Registry) -> dict[str, Any]:
    try:
        made = registry.get(protocol).parameters_type()()
    except UnknownProtocol:
        return {}
    return dict(made.model_dump(mode="json"))
