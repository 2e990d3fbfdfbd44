"""Everything that keeps a workflow from running, found before it starts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from icestream.engine.graph.blanks import provisional, unfilled
from icestream.engine.graph.domains import Domain, domain_of
from icestream.engine.graph.feedback import feedback_problems
from icestream.engine.graph.workflow import (
    STEP_NAME,
    Output,
    Step,
    Workflow,
    near,
    order_of,
    output_port,
    placeholder_of,
)
from icestream.protocol import (
    Port,
    Protocol,
    Registry,
    UnknownProtocol,
    refused_values,
    unusual_values,
)

__all__ = ["doubts", "validate"]


def validate(workflow: Workflow, registry: Registry, *, unfinished: bool = False) -> list[str]:
    """Everything that keeps `workflow` from running, all at once; empty when it can run.

    One that is `unfinished` may have placeholders, and blanks that are not filled: what is said is
    wrong with the rest of it.
    """
    problems: list[str] = [] if unfinished else list(unfilled(workflow))
    workflow = provisional(workflow)
    protocols: dict[str, type[Protocol[Any]]] = {}
    names = [step.name for step in workflow.steps]
    if not workflow.steps:
        problems.append("it has no steps")
    for step in workflow.steps:
        if names.count(step.name) > 1 and step.name not in protocols:
            problems.append(f"step {step.name!r}: {names.count(step.name)} steps have this name")
        if not STEP_NAME.fullmatch(step.name):
            problems.append(
                f"step {step.name!r}: names are lower-case letters, digits, '_' and '-', "
                "starting with a letter"
            )
        if placeholder_of(step):
            problems += [] if unfinished else [_held(step)]
            continue
        try:
            protocols[step.name] = registry.get(step.protocol)
        except UnknownProtocol as error:
            problems.append(f"step {step.name!r}: {error}")
    for step in workflow.steps:
        if step.name in protocols:
            problems.extend(_parameter_problems(step, protocols[step.name]))
        problems.extend(_link_problems(step, workflow, protocols))
        problems.extend(_unreported(step, protocols))
    problems.extend(feedback_problems(workflow, protocols))
    problems.extend(_cycle(workflow) or _mixtures(workflow, protocols))
    return problems


def doubts(workflow: Workflow, registry: Registry, known: Workflow | None = None) -> Iterator[str]:
    """Unusual values of a valid workflow, and what may be meant instead.

    Those that a session was told before, in its workflow `known`, are not asked about again.
    """
    told = {step.name: step.parameters for step in known.steps} if known else {}
    for step in workflow.steps:
        before = told.get(step.name, {})
        new = {n: v for n, v in step.parameters.items() if n not in before or before[n] != v}
        for name, why in unusual_values(registry.get(step.protocol).parameters_type(), new):
            yield f"step {step.name!r}: parameter {name!r} of {step.protocol}: {why}"


def _held(step: Step) -> str:
    program, kind = placeholder_of(step) or ("", "")
    return (
        f"step {step.name!r}: holds the place of {kind} of {program}, which no installed protocol "
        "does; put a protocol in its place (icestream workflow replace), install a plugin that "
        "has it and import again, or run without it (--without-placeholders)"
    )


def _parameter_problems(step: Step, protocol: type[Protocol[Any]]) -> Iterator[str]:
    model = protocol.parameters_type()
    try:
        model.model_validate(dict(step.parameters))
    except ValidationError as error:
        for name, why in refused_values(model, error):
            where = f"parameter {name!r}" if name else "parameters"
            yield f"step {step.name!r}: {where} of {step.protocol}: {why}"


def _link_problems(
    step: Step, workflow: Workflow, protocols: Mapping[str, type[Protocol[Any]]]
) -> Iterator[str]:
    steps = {other.name for other in workflow.steps}
    protocol = protocols.get(step.name)
    ports = {port.name: port for port in protocol.inputs()} if protocol else {}
    for name, sources in step.inputs.items():
        where = f"step {step.name!r}, input {name!r}"
        if protocol and name not in ports:
            yield f"{where}: {step.protocol} has no such input;{near(name, list(ports))}"
        many = name in ports and ports[name].many
        if protocol and not (protocol.agrees or many) and len(sources) != 1:
            yield f"{where}: takes one link, found {len(sources)}"
        if protocol and protocol.agrees and len(set(sources)) < 2:
            yield (
                f"{where}: {step.protocol} compares two results or more, found one; "
                "connect another step, or take this one out"
            )
        for source in sources:
            if source.step not in steps:
                yield f"{where}: no step {source.step!r};{near(source.step, sorted(steps))}"
            elif source.step in protocols and protocol:
                yield from _port_problem(where, source, protocols[source.step], ports.get(name))
    for name, port in ports.items():
        if not port.optional and name not in step.inputs:
            yield (
                f"step {step.name!r}: input {name!r} ({port.item.__name__}) is not connected; "
                f"add {{{name!r}: '<step>.<port>'}} to its inputs"
            )


def _unreported(step: Step, protocols: Mapping[str, type[Protocol[Any]]]) -> Iterator[str]:
    """What its parameters ask for, and nothing that is linked reports."""
    protocol = protocols.get(step.name)
    sources = [source for each in step.inputs.values() for source in each]
    if protocol is None or any(source.step not in protocols for source in sources):
        return
    ports = [(source.step, output_port(protocols[source.step], source)) for source in sources]
    linked = [(name, port.item) for name, port in ports if port is not None]
    try:
        parameters = protocol.parameters_type().model_validate(dict(step.parameters))
    except ValidationError:
        return  # said where the parameters are
    for problem in protocol(parameters).unreported(linked):
        yield f"step {step.name!r}: {problem}"


def _port_problem(
    where: str, source: Output, protocol: type[Protocol[Any]], wanted: Port | None
) -> Iterator[str]:
    port = output_port(protocol, source)
    names = [port.name for port in protocol.outputs()]
    if port is None:
        if source.port:
            hint = near(source.port, names)
            yield f"{where}: {source.step!r} has no output {source.port!r};{hint}"
        elif names:
            yield f"{where}: {source.step!r} has outputs {', '.join(names)}; say which"
        else:
            yield f"{where}: {source.step!r} ({protocol.name}) has no output"
    elif wanted is not None and wanted.many and not issubclass(port.item, wanted.item):
        yield (
            f"{where}: looks at results that say what was measured, and {source.step}.{port.name} "
            f"({port.item.__name__}) does not; link another, or leave it out"
        )
    elif wanted is not None and not issubclass(port.item, wanted.item):
        yield (
            f"{where}: expects {wanted.item.__name__}, but {source.step}.{port.name} "
            f"is {port.item.__name__}"
        )


def _mixtures(workflow: Workflow, protocols: Mapping[str, type[Protocol[Any]]]) -> list[str]:
    """Name steps whose inputs are about different things: nothing pairs them."""
    depths = order_of(workflow) if all(_known(workflow)) else {}
    domains: dict[str, Domain] = {}
    problems = []
    for step in sorted(workflow.steps, key=lambda step: depths.get(step.name, 0)):
        names = [s.step for sources in step.inputs.values() for s in sources]
        feeding = [domains[name] for name in names if name in domains]
        protocol = protocols.get(step.name)
        if protocol is None:
            continue
        domains[step.name] = domain_of(step.name, protocol, feeding)
        different = list(dict.fromkeys(str(domain) for domain in feeding))
        if len(different) > 1 and not protocol.watches:
            problems.append(
                f"step {step.name!r}: joins {' with '.join(different)}, which nothing pairs; "
                f"connect it to one or the other{_or_to_the_last(feeding)}"
            )
    return problems


def _or_to_the_last(feeding: Sequence[Domain]) -> str:
    """What else can be done where snapshots meet others."""
    if not any(domain.kind == "batch" for domain in feeding):
        return ""
    return ", or, of snapshots, to the last of each (such as volume.last)"


def _known(workflow: Workflow) -> Iterator[bool]:
    names = {step.name for step in workflow.steps}
    for step in workflow.steps:
        yield from (s.step in names for sources in step.inputs.values() for s in sources)


def _cycle(workflow: Workflow) -> list[str]:
    """Name one cycle, if there is any: remove what has no unmet input until nothing changes."""
    feeding = {
        step.name: {s.step for sources in step.inputs.values() for s in sources}
        for step in workflow.steps
    }
    left = {name: sources & feeding.keys() for name, sources in feeding.items()}
    while True:
        free = [name for name, sources in left.items() if not sources]
        if not free:
            break
        for name in free:
            del left[name]
        left = {name: sources - set(free) for name, sources in left.items()}
    if left:
        trail = [next(iter(left))]
        while trail[-1] not in trail[:-1]:
            trail.append(min(left[trail[-1]]))
        loop = trail[trail.index(trail[-1]) :]
        return [f"steps feed each other in a circle: {' <- '.join(loop)}"]
    return []
