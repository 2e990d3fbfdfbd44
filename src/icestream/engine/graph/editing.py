"""Steps added to, replaced in and taken out of a workflow, with the links that follow."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from icestream.engine.graph.validation import validate
from icestream.engine.graph.workflow import (
    InvalidWorkflow,
    Output,
    Step,
    Workflow,
    order_of,
    output_port,
)
from icestream.protocol import Port, Protocol, Registry

__all__ = ["with_replaced", "with_step", "without_step"]

Links = Mapping[str, tuple[Output, ...]]


def with_step(  # noqa: PLR0913 - where a step stands has several sides
    workflow: Workflow,
    registry: Registry,
    name: str,
    protocol: str,
    *,
    inputs: Links | None = None,
    after: str | None = None,
    before: Iterable[str] = (),
) -> Workflow:
    """The workflow with a step more.

    Parameters
    ----------
    workflow
        The workflow.
    registry
        Where protocols are found.
    name
        Of the new step.
    protocol
        Name of its protocol.
    inputs
        What feeds it, by port. Other ports that must be fed get what the last step before it makes
        of their type.
    after
        The step behind which it stands: it takes what that one, or one before it, makes. The
        last steps of the workflow when not given.
    before
        Steps that take what the new one makes in the place of what they took of the same type.

    Raises
    ------
    InvalidWorkflow
        If the result cannot run, with everything that is wrong.
    LookupError
        If there is no such step or protocol.
    """
    made = registry.get(protocol)
    given = dict(inputs or {})
    reach = None if after is None else _upstream(workflow, [after])
    for port in made.inputs():
        if port.name not in given and not port.optional:
            source = _source(workflow, registry, port, reach)
            if source is not None:
                given[port.name] = (source,)
    step = Step(name=name, protocol=protocol, inputs=given)
    changed = replace(workflow, steps=(*workflow.steps, step))
    for consumer in before:
        changed = _fed_by(changed, registry, consumer, name, made)
    return _valid(changed, registry)


def with_replaced(workflow: Workflow, registry: Registry, name: str, protocol: str) -> Workflow:
    """The workflow with another protocol in the place of a step's, linked as far as types allow.

    What raises is as for `with_step`.
    """
    old, made = workflow.step(name), registry.get(protocol)
    rest = replace(workflow, steps=tuple(step for step in workflow.steps if step is not old))
    sources = [source.step for links in old.inputs.values() for source in links]
    inputs: dict[str, tuple[Output, ...]] = {}
    reach = _upstream(workflow, sources)
    for port in made.inputs():
        kept = old.inputs.get(port.name)
        if kept is not None:
            inputs[port.name] = kept
        elif not port.optional and (source := _source(rest, registry, port, reach)) is not None:
            inputs[port.name] = (source,)
    before = registry.get(old.protocol)

    def moved(source: Output) -> Output:
        if source.step != name:
            return source
        port = output_port(before, source)
        new = next((p for p in made.outputs() if port and issubclass(p.item, port.item)), None)
        return source if new is None else Output(name, new.name)

    new = Step(name=name, protocol=protocol, inputs=inputs)
    steps = tuple(
        new
        if step is old
        else _relinked(step, {p: tuple(map(moved, s)) for p, s in step.inputs.items()})
        for step in workflow.steps
    )
    return _valid(replace(workflow, steps=steps), registry)


def without_step(workflow: Workflow, registry: Registry, name: str) -> Workflow:
    """The workflow without a step: what it fed is fed by what fed it, of the same type.

    Monitors that watch nothing any more go with it. What raises is as for `with_step`.
    """
    gone = workflow.step(name)
    protocol = registry.get(gone.protocol)
    steps = []
    for step in workflow.steps:
        if step is gone:
            continue
        inputs = {}
        for port, sources in step.inputs.items():
            fed = tuple(
                dict.fromkeys(new for source in sources for new in _past(gone, protocol, source))
            )
            if fed:
                inputs[port] = fed
        if inputs or not step.inputs or not registry.get(step.protocol).watches:
            steps.append(_relinked(step, inputs))
    return _valid(replace(workflow, steps=tuple(steps)), registry)


def _relinked(step: Step, inputs: Links) -> Step:
    return step if inputs == step.inputs else replace(step, inputs=inputs)


def _past(gone: Step, protocol: type[Protocol[Any]], source: Output) -> Iterator[Output]:
    """What feeds a port in the place of a step that is gone; nothing for something new."""
    if source.step != gone.name:
        yield source
        return
    made = output_port(protocol, source)
    ports = [p for p in protocol.inputs() if made is not None and issubclass(p.item, made.item)]
    ports.sort(key=lambda port: made is not None and port.name != made.name)
    for port in ports[:1]:
        yield from gone.inputs.get(port.name, ())[:1]


def _fed_by(
    workflow: Workflow,
    registry: Registry,
    consumer: str,
    name: str,
    made: type[Protocol[Any]],
) -> Workflow:
    """The workflow with a step that takes what another makes, at every port of the type."""
    old = workflow.step(consumer)
    ports = {port.name: port for port in registry.get(old.protocol).inputs()}
    inputs = dict(old.inputs)
    for port in inputs:
        outputs = [
            p for p in made.outputs() if port in ports and issubclass(p.item, ports[port].item)
        ]
        if outputs and not ports[port].many:
            inputs[port] = (Output(name, outputs[0].name),)
    if inputs == old.inputs:
        took = ", ".join(port.item.__name__ for port in ports.values())
        raise InvalidWorkflow(
            workflow.name, [f"step {consumer!r} takes {took}, and {made.name} makes none of it"]
        )
    new = replace(old, inputs=inputs)
    return replace(workflow, steps=tuple(new if step is old else step for step in workflow.steps))


def _source(
    workflow: Workflow, registry: Registry, port: Port, reach: set[str] | None
) -> Output | None:
    """The output of a port's type that lies farthest from the sources, within `reach`."""
    depths = order_of(workflow)
    for step in sorted(workflow.steps, key=lambda step: -depths[step.name]):
        if reach is not None and step.name not in reach:
            continue
        for output in registry.get(step.protocol).outputs():
            if issubclass(output.item, port.item):
                return Output(step.name, output.name)
    return None


def _upstream(workflow: Workflow, names: Iterable[str]) -> set[str]:
    """Steps, and all that feeds them."""
    reached: set[str] = set()
    front = list(names)
    while front:
        name = front.pop()
        if name not in reached:
            reached.add(name)
            step = workflow.step(name)
            front += [source.step for sources in step.inputs.values() for source in sources]
    return reached


def _valid(workflow: Workflow, registry: Registry) -> Workflow:
    problems = validate(workflow, registry)
    if problems:
        raise InvalidWorkflow(workflow.name, problems)
    return workflow
