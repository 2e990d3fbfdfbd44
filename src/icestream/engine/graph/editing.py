"""Steps added to, replaced in and taken out of a workflow, with the links that follow."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from icestream.engine.graph.placeholders import past_placeholders
from icestream.engine.graph.validation import validate
from icestream.engine.graph.workflow import (
    InvalidWorkflow,
    Output,
    Step,
    Workflow,
    order_of,
    output_port,
    placeholder_of,
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
    sources = [source.step for links in old.inputs.values() for source in links]
    inputs: dict[str, tuple[Output, ...]] = {}
    reach = _upstream(workflow, sources)
    for port in made.inputs():
        kept = old.inputs.get(port.name)
        if kept is not None:
            inputs[port.name] = kept
        elif not port.optional and (source := _source(workflow, registry, port, reach)) is not None:
            inputs[port.name] = (source,)
    before = next(registry.usable([old.protocol]), None)

    def moved(source: Output, wanted: type[Any] | None) -> Output:
        if source.step != name:
            return source
        port = output_port(before, source) if before else None
        item = port.item if port else wanted
        new = next((p for p in made.outputs() if item and issubclass(p.item, item)), None)
        return source if new is None else Output(name, new.name)

    new = Step(name=name, protocol=protocol, inputs=inputs)
    steps = tuple(
        new
        if step is old
        else _relinked(
            step,
            {
                port: tuple(moved(source, _wanted(registry, step, port)) for source in sources)
                for port, sources in step.inputs.items()
            },
        )
        for step in workflow.steps
    )
    return _valid(replace(workflow, steps=steps), registry)


def without_step(workflow: Workflow, registry: Registry, name: str) -> Workflow:
    """The workflow without a step: what it fed is fed by what fed it, of the same type.

    Monitors that watch nothing any more go with it. What raises is as for `with_step`.
    """
    gone = workflow.step(name)
    steps = []
    for step in workflow.steps:
        if step is gone:
            continue
        inputs = {}
        for port, sources in step.inputs.items():
            item = _wanted(registry, step, port)
            fed = tuple(
                dict.fromkeys(
                    new for one in sources for new in _past(workflow, registry, gone, one, item)
                )
            )
            if fed:
                inputs[port] = fed
        watches = any(one.watches for one in registry.usable([step.protocol]))
        if inputs or not step.inputs or not watches:
            steps.append(_relinked(step, inputs))
    return _valid(replace(workflow, steps=tuple(steps)), registry)


def _relinked(step: Step, inputs: Links) -> Step:
    return step if inputs == step.inputs else replace(step, inputs=inputs)


def _wanted(registry: Registry, step: Step, port: str) -> type[Any] | None:
    """The type that a step takes at a port; None where nobody knows."""
    for protocol in registry.usable([step.protocol]):
        for one in protocol.inputs():
            if one.name == port:
                return one.item
    return None


def _past(
    workflow: Workflow, registry: Registry, gone: Step, source: Output, item: type[Any] | None
) -> Iterator[Output]:
    """What feeds a port in the place of a step that is gone; nothing for something new."""
    if source.step != gone.name:
        yield source
        return
    if placeholder_of(gone):
        before = [one for sources in gone.inputs.values() for one in sources]
        held = [one for one in before if placeholder_of(workflow.step(one.step))]
        if item is None or held:  # what another placeholder makes, nobody knows
            yield from (held or before)[:1]
        elif (found := past_placeholders(workflow, registry, source, item)) is not None:
            yield found
        return
    for protocol in registry.usable([gone.protocol]):
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
        for protocol in registry.usable([step.protocol]):
            for output in protocol.outputs():
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
    problems = validate(workflow, registry, unfinished=True)
    if problems:
        raise InvalidWorkflow(workflow.name, problems)
    return workflow
