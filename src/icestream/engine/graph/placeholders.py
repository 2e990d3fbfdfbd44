"""Workflows without the steps that only hold another program's place."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from icestream.engine.graph.workflow import (
    InvalidWorkflow,
    Output,
    Step,
    Workflow,
    output_port,
    placeholder_of,
)
from icestream.protocol import Protocol, Registry

__all__ = ["past_placeholders", "without_placeholders"]

Links = dict[str, tuple[Output, ...]]


def past_placeholders(
    workflow: Workflow, registry: Registry, source: Output, item: type[Any]
) -> Output | None:
    """The nearest output of a type at or before a link, behind placeholders; None without one.

    Parameters
    ----------
    workflow
        The workflow.
    registry
        Where protocols are found.
    source
        Where the link begins.
    item
        The type that is looked for.
    """
    steps = {step.name: step for step in workflow.steps}
    passed: set[str] = set()
    front = [source]
    while front:
        output = front.pop(0)
        step = steps.get(output.step)
        if step is None or output.step in passed:
            continue
        if placeholder_of(step):
            passed.add(step.name)
            front += [one for sources in step.inputs.values() for one in sources]
            continue
        for protocol in registry.usable([step.protocol]):
            named = output_port(protocol, output)
            ports = protocol.outputs() if named is None else (named,)
            for port in ports:
                if issubclass(port.item, item):
                    return Output(step.name, port.name)
    return None


def without_placeholders(workflow: Workflow, registry: Registry) -> tuple[Workflow, list[str]]:
    """The workflow without placeholders, and what that changes, in sentences.

    What a placeholder fed is fed by what lies before it, of the same type. A step for which there
    is nothing goes with it, and so does what it feeds; a consensus of one gives way to that one.

    Raises
    ------
    InvalidWorkflow
        If no step would be left.
    """
    said = [
        f"step {step.name!r}, which holds the place of {kind} of {program}, is left out"
        for step in workflow.steps
        if (held := placeholder_of(step))
        for program, kind in [held]
    ]
    gone: dict[str, Output | None] = {}
    """Steps that cannot run, and what gives what they would have given."""
    while True:
        before = len(gone)
        inputs = {
            step.name: _fed(workflow, registry, step, gone)
            for step in workflow.steps
            if not placeholder_of(step)
        }
        for step in workflow.steps:
            if step.name in inputs and step.name not in gone:
                said += [
                    why
                    for protocol in registry.usable([step.protocol])
                    if (why := _unable(step, protocol, inputs[step.name], gone))
                ]
        if len(gone) == before:
            break
    kept = []
    for step in workflow.steps:
        if step.name in inputs and step.name not in gone:
            said += _otherwise(step, inputs[step.name])
            kept.append(replace(step, inputs=inputs[step.name]))
    if not kept:
        raise InvalidWorkflow(workflow.name, [*said, "no step is left that could run"])
    return replace(workflow, steps=tuple(kept)), said


def _fed(
    workflow: Workflow, registry: Registry, step: Step, gone: Mapping[str, Output | None]
) -> Links:
    """What feeds each port once placeholders, and steps that cannot run, are out of the way."""
    ports: dict[str, type[Any]] = {}
    for protocol in registry.usable([step.protocol]):
        ports = {port.name: port.item for port in protocol.inputs()}
    fed: Links = {}
    for name, sources in step.inputs.items():
        found = []
        for source in sources:
            output: Output | None = source
            if name in ports:
                output = past_placeholders(workflow, registry, source, ports[name]) or (
                    None if _held(workflow, source) else source
                )
            while output is not None and output.step in gone:
                output = gone[output.step]
            if output is not None:
                found.append(source if output.step == source.step else output)
        if found:
            fed[name] = tuple(dict.fromkeys(found))
    return fed


def _held(workflow: Workflow, source: Output) -> bool:
    return any(step.name == source.step and placeholder_of(step) for step in workflow.steps)


def _unable(
    step: Step, protocol: type[Protocol[Any]], fed: Links, gone: dict[str, Output | None]
) -> str:
    """Why a step cannot run with what still feeds it; it is noted as gone then."""
    if protocol.agrees:
        left = [source for sources in fed.values() for source in sources]
        asked = [source for sources in step.inputs.values() for source in sources]
        if len(left) < 2 <= len(asked):
            gone[step.name] = left[0] if left else None
            rest = f"{left[0]} goes on without it" if left else "nothing is left to compare"
            return f"step {step.name!r} ({protocol.name}) is left out: {rest}"
    lacking = [
        port.name
        for port in protocol.inputs()
        if port.name in step.inputs and port.name not in fed and not port.optional
    ]
    if not lacking and (fed or not step.inputs or not protocol.watches):
        return ""
    gone[step.name] = None
    without = ", ".join(
        sorted({source.step for name in lacking for source in step.inputs[name]})
    ) or ", ".join(source.step for sources in step.inputs.values() for source in sources)
    return f"step {step.name!r} ({protocol.name}) cannot run without {without}, and is left out"


def _otherwise(step: Step, inputs: Links) -> Iterator[str]:
    for name, sources in step.inputs.items():
        new = inputs.get(name, ())
        if new == sources:
            continue
        was = ", ".join(map(str, sources))
        if new:
            yield f"step {step.name!r}: {name} comes from {', '.join(map(str, new))}, not {was}"
        else:
            yield f"step {step.name!r}: runs without {name}, which {was} would have given"
