"""Workflows: the graph of steps that a person edits, as values and as JSON files.

::

    {"version": 2,
     "name": "default",
     "steps": [{"name": "ctf", "protocol": "ctf.estimate", "parameters": {"defocus_max": 3.0},
                "inputs": {"micrograph": "align.micrograph"}}]}

An input names the step and port that feed it; several for one port are a list. Where a step has
one output port, its name alone will do (``"align"``). `icestream.engine.graph.document` has the
form.
"""

import functools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any

from icestream.alike import meant
from icestream.documents import read_json
from icestream.engine.graph.document import VERSION, Blank, Origin, StepDocument, read_document
from icestream.protocol import Port, Protocol
from icestream.protocol.breaking import in_a_sentence

__all__ = [
    "EACH_TIME",
    "PATTERN",
    "PLUGINS",
    "STEP_NAME",
    "InvalidWorkflow",
    "Output",
    "Step",
    "Workflow",
    "load_workflow",
    "near",
    "order_of",
    "output_port",
    "placeholder_of",
    "plugin_workflow",
    "save_workflow",
    "shipped_workflows",
]

PLUGINS = "icestream.workflows"
"""Entry points of workflows that plugins bring."""
EACH_TIME = ("watch", "idle_timeout")
"""Parameters of sources that hold for one run; the next one does not inherit them."""
PATTERN = "pattern"
"""Parameter of the source that takes the first argument of ``icestream process``."""
_OWN = files("icestream.engine.graph") / "workflows"
STEP_NAME = re.compile(r"[a-z][a-z0-9_-]{0,40}")


class InvalidWorkflow(ValueError):
    """A workflow that cannot run; `problems` lists everything that is wrong."""

    def __init__(self, name: str, problems: list[str]) -> None:
        listed = "".join(f"\n  - {problem}" for problem in problems)
        super().__init__(f"workflow {name!r} cannot run:{listed}")
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True, order=True)
class Output:
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
    inputs: Mapping[str, tuple[Output, ...]] = field(default_factory=dict)
    """What feeds each port."""
    origin: Origin | None = None
    """Where it was imported from."""
    said_by: Mapping[str, str] = field(default_factory=dict)
    """Who said parameters that no person did, in words: ``metadata (EPU's ...)``."""
    within: tuple[str, ...] | None = None
    """Folders below which it reads, beside the session's own; None: wherever it is led."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """Steps and how they are linked."""

    name: str
    steps: tuple[Step, ...]
    about: str = ""
    """One sentence for people who choose a workflow."""
    blanks: tuple[Blank, ...] = ()
    """What is filled in when a session begins."""
    origin: Origin | None = None
    """Where it was imported from."""

    def step(self, name: str) -> Step:
        """The step called `name`; LookupError names those that exist."""
        for step in self.steps:
            if step.name == name:
                return step
        known = [step.name for step in self.steps]
        raise LookupError(f"no step {name!r} in workflow {self.name!r};{near(name, known)}")

    def changed(self, step: str, parameters: Mapping[str, Any]) -> "Workflow":
        """The same workflow with some parameters of one step changed, which a person says."""
        old = self.step(step)
        said_by = {name: who for name, who in old.said_by.items() if name not in parameters}
        new = replace(old, parameters={**old.parameters, **parameters}, said_by=said_by)
        return replace(self, steps=tuple(new if s is old else s for s in self.steps))

    @classmethod
    def from_document(cls, document: Any, *, called: str = "?") -> "Workflow":
        """Read the JSON form; InvalidWorkflow says everything that is wrong with it.

        A document that does not say its name is `called` so in messages.
        """
        read, problems = read_document(document)
        if read is None:
            name = document.get("name", "unnamed") if isinstance(document, dict) else called
            raise InvalidWorkflow(str(name), problems)
        return cls(
            name=read.name,
            steps=tuple(map(_read_step, read.steps)),
            about=read.about,
            blanks=tuple(read.blanks),
            origin=read.origin,
        )

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
                    **_origin(step.origin),
                    **({"said_by": dict(step.said_by)} if step.said_by else {}),
                    **({} if step.within is None else {"within": list(step.within)}),
                }
            )
        about = {"about": self.about} if self.about else {}
        blanks = [blank.model_dump(exclude_unset=True) for blank in self.blanks]
        return {
            "version": VERSION,
            "name": self.name,
            **about,
            **({"blanks": blanks} if blanks else {}),
            **_origin(self.origin),
            "steps": steps,
        }


def shipped_workflows() -> tuple[str, ...]:
    """Names of the workflows that come with icestream, and with the plugins that are installed."""
    return tuple(sorted({*_own_workflows(), *_of_plugins()}))


def _own_workflows() -> set[str]:
    return {file.name[:-5] for file in _OWN.iterdir() if file.name.endswith(".json")}


@functools.cache  # all packages are looked through for them
def _of_plugins() -> Mapping[str, EntryPoint]:
    """Workflows of plugins by name; an entry point has the package that holds ``NAME.json``."""
    return {point.name: point for point in entry_points(group=PLUGINS)}


def load_workflow(name_or_path: str | Path) -> Workflow:
    """Read a workflow: a shipped one by name, or a JSON file by path."""
    name, path = str(name_or_path), Path(name_or_path)
    if name in _own_workflows():
        return _read((_OWN / f"{name}.json").read_bytes(), name)
    if (point := _of_plugins().get(name)) is not None:
        return plugin_workflow(point)
    if path.is_file():
        return _read(path.read_bytes(), name)
    raise LookupError(
        f"no workflow {name!r}: it is neither a file nor one of those shipped;"
        f"{near(name, shipped_workflows())}"
    )


def plugin_workflow(point: EntryPoint) -> Workflow:
    """Read the workflow that a plugin declares.

    Raises
    ------
    InvalidWorkflow
        If it cannot be read, with the reason.
    """
    try:
        text = (files(point.value) / f"{point.name}.json").read_bytes()
    except (Exception, SystemExit) as error:  # the package is the plugin's own
        package = point.dist.name if point.dist else "a plugin"
        why = in_a_sentence(error, point.value)
        problem = f"{package} says that {point.value} has {point.name}.json: {why}"
        raise InvalidWorkflow(point.name, [problem]) from error
    return _read(text, point.name)


def _read(text: str | bytes, called: str) -> Workflow:
    try:
        document = read_json(text)
    except ValueError as error:
        raise InvalidWorkflow(called, [f"is not JSON: {error}"]) from error
    return Workflow.from_document(document, called=called)


def save_workflow(workflow: Workflow, path: Path) -> None:
    """Write a workflow as a JSON file."""
    path.write_text(json.dumps(workflow.to_document(), indent=2, ensure_ascii=False) + "\n")


def order_of(workflow: Workflow) -> dict[str, int]:
    """Depth of each step: links between it and its farthest source.

    Raises
    ------
    LookupError
        If a link leads to a step that is not there.
    InvalidWorkflow
        If steps feed each other in a circle.
    """
    left = {
        step.name: [
            workflow.step(source.step).name
            for sources in step.inputs.values()
            for source in sources
        ]
        for step in workflow.steps
    }
    depths: dict[str, int] = {}
    while left:
        free = [name for name, feeding in left.items() if all(one in depths for one in feeding)]
        if not free:
            circle = ", ".join(left)
            raise InvalidWorkflow(workflow.name, [f"steps feed each other in a circle: {circle}"])
        for name in free:
            depths[name] = 1 + max((depths[one] for one in left[name]), default=-1)
        left = {name: feeding for name, feeding in left.items() if name not in free}
    return depths


def output_port(protocol: type[Protocol[Any]], source: Output) -> Port | None:
    """The port that `source` names; None when there is no such port or it is not clear which."""
    ports = protocol.outputs()
    if not source.port:
        return ports[0] if len(ports) == 1 else None
    return next((port for port in ports if port.name == source.port), None)


def placeholder_of(step: Step) -> tuple[str, str] | None:
    """The program and its protocol whose place a step holds; None for a protocol of ours.

    ``scipion:ProtGctf`` is ProtGctf of Scipion. Such a step can be kept, looked at and edited, and
    no session runs it.
    """
    program, colon, kind = step.protocol.partition(":")
    return (_PROGRAMS.get(program, program), kind) if colon else None


_PROGRAMS = {"scipion": "Scipion", "relion": "RELION"}


def _origin(origin: Origin | None) -> dict[str, Any]:
    return {} if origin is None else {"origin": origin.model_dump(exclude_unset=True)}


def _read_step(read: StepDocument) -> Step:
    inputs: dict[str, tuple[Output, ...]] = {}
    for port, value in (read.inputs or {}).items():
        given = value if isinstance(value, list) else [value]
        inputs[port] = tuple(Output(*output.split(".", 1)) for output in given)
    return Step(
        name=read.name,
        protocol=read.protocol,
        parameters=dict(read.parameters or {}),
        inputs=inputs,
        origin=read.origin,
        said_by=dict(read.said_by or {}),
        within=None if read.within is None else tuple(read.within),
    )


def near(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: what may have been meant, or what there is."""
    known = list(known)
    if asked := meant(name, known):
        return f" {asked}"
    return f" there are {', '.join(known)}" if known else " there are none"
