"""Workflows: the graph of steps that a person edits, as values and as JSON files.

::

    {"name": "default",
     "steps": [{"name": "ctf", "protocol": "ctf.estimate", "parameters": {"defocus_max": 3.0},
                "inputs": {"micrograph": "align.micrograph"}}]}

An input names the step and port that feed it; several for one port are a list. Where a step has
one output port, its name alone will do (``"align"``).
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from icestream.protocol import Port, Protocol, Registry, UnknownProtocol, refused_values

__all__ = [
    "InvalidWorkflow",
    "Source",
    "Step",
    "Workflow",
    "load_workflow",
    "order_of",
    "save_workflow",
    "shipped_workflows",
    "validate",
]

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,40}")
_KEYS = {"name", "protocol", "parameters", "inputs"}


class InvalidWorkflow(ValueError):
    """A workflow that cannot run; `problems` lists everything that is wrong."""

    def __init__(self, name: str, problems: list[str]) -> None:
        listed = "".join(f"\n  - {problem}" for problem in problems)
        super().__init__(f"workflow {name!r} cannot run:{listed}")
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """An output port of a step."""

    step: str
    port: str = ""
    """Empty: its only one."""

    def __str__(self) -> str:
        return f"{self.step}.{self.port}" if self.port else self.step


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A protocol placed in a workflow with parameters."""

    name: str
    protocol: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """What differs from the protocol's defaults."""
    inputs: Mapping[str, tuple[Source, ...]] = field(default_factory=dict)
    """What feeds each port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """Steps and how they are linked."""

    name: str
    steps: tuple[Step, ...]
    about: str = ""
    """One sentence for people who choose a workflow."""

    def step(self, name: str) -> Step:
        """The step called `name`; LookupError names those that exist."""
        for step in self.steps:
            if step.name == name:
                return step
        known = [step.name for step in self.steps]
        raise LookupError(f"no step {name!r} in workflow {self.name!r};{_near(name, known)}")

    def changed(self, step: str, parameters: Mapping[str, Any]) -> "Workflow":
        """The same workflow with some parameters of one step changed."""
        old = self.step(step)
        new = replace(old, parameters={**old.parameters, **parameters})
        return replace(self, steps=tuple(new if s is old else s for s in self.steps))

    @classmethod
    def from_document(cls, document: Any, *, called: str = "?") -> "Workflow":
        """Read the JSON form; InvalidWorkflow says everything that is wrong with it.

        A document that does not say its name is `called` so in messages.
        """
        if not isinstance(document, dict) or not isinstance(document.get("steps"), list):
            raise InvalidWorkflow(called, ['expected an object with "name" and a list "steps"'])
        name = str(document.get("name", "unnamed"))
        problems: list[str] = []
        steps = [_read_step(place, raw, problems) for place, raw in enumerate(document["steps"])]
        if problems:
            raise InvalidWorkflow(name, problems)
        return cls(name=name, steps=tuple(steps), about=str(document.get("about", "")))

    def to_document(self) -> dict[str, Any]:
        """The JSON form; `from_document` is its inverse."""
        steps = []
        for step in self.steps:
            inputs = {
                port: str(sources[0]) if len(sources) == 1 else [str(s) for s in sources]
                for port, sources in step.inputs.items()
            }
            steps.append(
                {
                    "name": step.name,
                    "protocol": step.protocol,
                    "parameters": dict(step.parameters),
                    "inputs": inputs,
                }
            )
        about = {"about": self.about} if self.about else {}
        return {"name": self.name, **about, "steps": steps}


def shipped_workflows() -> tuple[str, ...]:
    """Names of the workflows that come with icestream."""
    folder = files("icestream.engine") / "workflows"
    return tuple(sorted(file.name[:-5] for file in folder.iterdir() if file.name.endswith(".json")))


def load_workflow(name_or_path: str | Path) -> Workflow:
    """Read a workflow: a shipped one by name, or a JSON file by path."""
    path = Path(name_or_path)
    if str(name_or_path) in shipped_workflows():
        text = (files("icestream.engine") / "workflows" / f"{name_or_path}.json").read_text()
    elif path.is_file():
        text = path.read_text()
    else:
        raise LookupError(
            f"no workflow {str(name_or_path)!r}: it is neither a file nor one of those shipped;"
            f"{_near(str(name_or_path), shipped_workflows())}"
        )
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidWorkflow(str(name_or_path), [f"is not JSON: {error}"]) from error
    return Workflow.from_document(document, called=str(name_or_path))


def save_workflow(workflow: Workflow, path: Path) -> None:
    """Write a workflow as a JSON file."""
    path.write_text(json.dumps(workflow.to_document(), indent=2, ensure_ascii=False) + "\n")


def validate(workflow: Workflow, registry: Registry) -> list[str]:
    """Everything that keeps `workflow` from running, all at once; empty when it can run."""
    problems: list[str] = []
    protocols: dict[str, type[Protocol[Any]]] = {}
    names = [step.name for step in workflow.steps]
    if not workflow.steps:
        problems.append("it has no steps")
    for step in workflow.steps:
        if names.count(step.name) > 1 and step.name not in protocols:
            problems.append(f"step {step.name!r}: {names.count(step.name)} steps have this name")
        if not _NAME.fullmatch(step.name):
            problems.append(
                f"step {step.name!r}: names are lower-case letters, digits, '_' and '-', "
                "starting with a letter"
            )
        try:
            protocols[step.name] = registry.get(step.protocol)
        except UnknownProtocol as error:
            problems.append(f"step {step.name!r}: {error}")
    for step in workflow.steps:
        if step.name in protocols:
            problems.extend(_parameter_problems(step, protocols[step.name]))
        problems.extend(_link_problems(step, workflow, protocols))
    problems.extend(_cycle(workflow) or _mixtures(workflow, protocols))
    return problems


def order_of(workflow: Workflow) -> dict[str, int]:
    """Depth of each step: links between it and its farthest source. Needs a graph without cycle."""
    depths: dict[str, int] = {}

    def depth(name: str) -> int:
        if name not in depths:
            feeding = [s.step for sources in workflow.step(name).inputs.values() for s in sources]
            depths[name] = 1 + max(map(depth, feeding)) if feeding else 0
        return depths[name]

    for step in workflow.steps:
        depth(step.name)
    return depths


def output_port(protocol: type[Protocol[Any]], source: Source) -> Port | None:
    """The port that `source` names; None when there is no such port or it is not clear which."""
    ports = protocol.outputs()
    if not source.port:
        return ports[0] if len(ports) == 1 else None
    return next((port for port in ports if port.name == source.port), None)


def _read_step(place: int, raw: Any, problems: list[str]) -> Step:
    if not isinstance(raw, dict) or not isinstance(raw.get("name"), str):
        problems.append(f'step {place + 1}: expected an object with a "name"')
        return Step(name=str(place), protocol="")
    name = raw["name"]
    if not isinstance(raw.get("protocol"), str):
        problems.append(f'step {name!r}: has no "protocol"')
    problems.extend(
        f"step {name!r}: unknown key {key!r};{_near(key, sorted(_KEYS))}"
        for key in sorted(raw.keys() - _KEYS)
    )
    inputs: dict[str, tuple[Source, ...]] = {}
    for port, value in dict(raw.get("inputs") or {}).items():
        given = value if isinstance(value, list) else [value]
        inputs[port] = tuple(Source(*str(one).split(".", 1)) for one in given)
    return Step(
        name=name,
        protocol=str(raw.get("protocol", "")),
        parameters=dict(raw.get("parameters") or {}),
        inputs=inputs,
    )


def _parameter_problems(step: Step, protocol: type[Protocol[Any]]) -> Iterator[str]:
    model = protocol.parameters_type()
    try:
        model.model_validate(dict(step.parameters))
    except ValidationError as error:
        for name, why in refused_values(model, error):
            hint = ""
            if name and name.partition(".")[0] not in model.model_fields:
                hint = f";{_near(name, list(model.model_fields))}"
            where = f"parameter {name!r}" if name else "parameters"
            yield f"step {step.name!r}: {where} of {step.protocol}: {why}{hint}"


def _link_problems(
    step: Step, workflow: Workflow, protocols: Mapping[str, type[Protocol[Any]]]
) -> Iterator[str]:
    steps = {other.name for other in workflow.steps}
    protocol = protocols.get(step.name)
    ports = {port.name: port for port in protocol.inputs()} if protocol else {}
    for name, sources in step.inputs.items():
        where = f"step {step.name!r}, input {name!r}"
        if protocol and name not in ports:
            yield f"{where}: {step.protocol} has no such input;{_near(name, list(ports))}"
        if protocol and protocol.kind != "consensus" and len(sources) != 1:
            yield f"{where}: takes one link, found {len(sources)}"
        for source in sources:
            if source.step not in steps:
                yield f"{where}: no step {source.step!r};{_near(source.step, sorted(steps))}"
            elif source.step in protocols:
                yield from _port_problem(where, source, protocols[source.step], ports.get(name))
    for name, port in ports.items():
        if not port.optional and name not in step.inputs:
            yield (
                f"step {step.name!r}: input {name!r} ({port.item.__name__}) is not connected; "
                f"add {{{name!r}: '<step>.<port>'}} to its inputs"
            )


def _port_problem(
    where: str, source: Source, protocol: type[Protocol[Any]], wanted: Port | None
) -> Iterator[str]:
    found = output_port(protocol, source)
    names = [port.name for port in protocol.outputs()]
    if found is None:
        if source.port:
            hint = _near(source.port, names)
            yield f"{where}: {source.step!r} has no output {source.port!r};{hint}"
        elif names:
            yield f"{where}: {source.step!r} has outputs {', '.join(names)}; say which"
        else:
            yield f"{where}: {source.step!r} ({protocol.name}) has no output"
    elif wanted is not None and not issubclass(found.item, wanted.item):
        yield (
            f"{where}: expects {wanted.item.__name__}, but {source.step}.{found.name} "
            f"is {found.item.__name__}"
        )


def _mixtures(workflow: Workflow, protocols: Mapping[str, type[Protocol[Any]]]) -> list[str]:
    """Name steps that join items of an exposure with snapshots of all: nothing pairs the two."""
    depths = order_of(workflow) if all(_known(workflow)) else {}
    snapshots: set[str] = set()
    problems = []
    for step in sorted(workflow.steps, key=lambda step: depths.get(step.name, 0)):
        feeding = {s.step for sources in step.inputs.values() for s in sources}
        kind = protocols[step.name].kind if step.name in protocols else ""
        if kind == "batch" or (feeding and feeding <= snapshots):
            snapshots.add(step.name)
        elif feeding & snapshots and kind != "monitor":
            of_all = ", ".join(sorted(feeding & snapshots))
            problems.append(
                f"step {step.name!r}: joins snapshots of {of_all} with items of single exposures; "
                "connect it to one or the other"
            )
    return problems


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


def _near(name: str, known: Any) -> str:
    near = difflib.get_close_matches(name, known, n=2, cutoff=0.5)
    if near:
        return f" did you mean {' or '.join(near)}?"
    return f" there are {', '.join(known)}" if known else " there are none"
