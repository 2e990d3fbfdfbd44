"""Workflows bound to their protocols and to the session's store: what the engine works from.

The plan holds one entry for each revision of a step that some branch has. Branches that have a
revision in common have its entry in common, and so its tasks and results.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from icestream.alike import hint
from icestream.engine.graph.domains import Domain, domain_of
from icestream.engine.graph.validation import validate
from icestream.engine.graph.workflow import (
    InvalidWorkflow,
    Output,
    Step,
    Workflow,
    order_of,
    output_port,
)
from icestream.model import BranchId, RevisionId, StepId, StepKind, SubjectId, content_key
from icestream.protocol import (
    FoundProgram,
    Protocol,
    Registry,
    Resources,
    operational_parameters,
    unset_parameters,
)

__all__ = [
    "FIRST_BRANCH",
    "Feed",
    "Lane",
    "Plan",
    "PlannedStep",
    "bind",
    "fingerprint_of",
    "folder_of",
    "parameters_of",
    "works_of",
]

FIRST_BRANCH = BranchId(1)
"""The branch that every session begins with."""
_NOWHERE, _NO_STEP = RevisionId(0), StepId(0)  # until it is entered into a store

Lane = Literal["live", "reprocess"]
"""Which goes first: what comes in now, or what is done again."""


@dataclass(frozen=True, slots=True)
class Feed:
    """An output port of a planned step."""

    step: RevisionId
    port: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """A step at one revision: its protocol, its parameters, its place in the graph."""

    name: str
    protocol: Protocol[Any]
    parameters: Mapping[str, Any]
    """All of them, JSON-ready."""
    changed: Mapping[str, Any]
    """Those that differ from the defaults because somebody said so."""
    deciding: Mapping[str, Any]
    """What decides what the step makes, and so makes its keys: parameters, and the versions of
    programs."""
    target: str
    """``module:Class``, for the workers."""
    depth: int
    domain: Domain
    """What its tasks are about."""
    inputs: Mapping[str, tuple[Output, ...]]
    """What feeds each input port, by the names of steps."""
    programs: Mapping[str, FoundProgram] = field(default_factory=dict)
    """The programs that it runs, as they were when the step was planned."""
    many: frozenset[str] = frozenset()
    """Inputs that take any number of links, and go on with those that have a result."""
    said_by: Mapping[str, str] = field(default_factory=dict)
    """Who said those of `changed` that no person did."""
    within: tuple[str, ...] | None = None
    """Folders below which it reads, beside the session's own; None: all."""
    fingerprint: str = ""

    id: RevisionId = _NOWHERE
    """Of the revision: the plan knows the step by it."""
    step: StepId = _NO_STEP
    number: int = 1
    """Of the revision, among those of the step."""
    feeds: Mapping[str, tuple[Feed, ...]] = field(default_factory=dict)
    """What feeds each input port."""
    consumers: tuple[RevisionId, ...] = ()
    """Planned steps that it feeds, in all branches."""
    gate: str = "held"
    """Of a trigger: held, open, or shut for good."""
    closed: str = ""
    """Of a trigger: by which other step it is closed, and why."""
    looks_back: bool = False
    """Whether a result that it needs may exist before its task does."""
    branch: BranchId = FIRST_BRANCH
    """The branch that it is reported for: the adopted one, where that has it."""
    adopted: bool = True
    """Whether the adopted branch has it."""
    beside: str = ""
    """Name of its branch, where the adopted one does not have it."""
    sample: frozenset[SubjectId] | None = None
    """The exposures that it is for; None for all."""

    @property
    def kind(self) -> StepKind:
        """What records and people call the kind of its protocol."""
        return self.protocol.kind

    @property
    def lane(self) -> Lane:
        """Other branches do again what was done: what comes in for the adopted one goes first."""
        return "live" if self.adopted else "reprocess"

    @property
    def passes(self) -> bool:
        """Whether its outputs are its inputs, let through or held back."""
        return self.protocol.passes

    @property
    def gathers(self) -> bool:
        """Whether one of its tasks takes the items of many subjects."""
        return self.protocol.gathers

    @property
    def per_exposure(self) -> bool:
        """Whether it has one task for every exposure."""
        return self.domain.kind == "exposure" and not self.protocol.watches

    @property
    def folder(self) -> str:
        """Where its files go, relative to the session's folder."""
        return folder_of(self.name, self.number)

    @property
    def need(self) -> Resources:
        """What one of its tasks needs."""
        return self.protocol.need()

    def takes(self, subject: SubjectId) -> bool:
        """Whether an exposure that comes to it is among those that it is for."""
        return self.sample is None or subject in self.sample


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps of all branches that are processed, by their revisions."""

    name: str
    steps: Mapping[RevisionId, PlannedStep]
    branches: Mapping[str, Mapping[str, RevisionId]] = field(default_factory=dict)
    """Revisions by the names of branches and steps."""
    adopted: str = "main"
    """Name of the adopted branch."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Branches that cannot be processed here, and why."""

    def step(self, name: str, branch: str | None = None) -> PlannedStep:
        """The step called `name` in a branch, by default the adopted one.

        Raises
        ------
        LookupError
            Naming the steps, or the branches, that exist.
        """
        branch = branch or self.adopted
        if branch not in self.branches:
            known = ", ".join(self.branches)
            raise LookupError(
                f"no branch {branch!r} is processed in this session; it has {known}"
                f"{hint(branch, self.branches)}"
            )
        members = self.branches[branch]
        if name not in members:
            where = "this session" if branch == self.adopted else f"branch {branch!r}"
            raise LookupError(
                f"no step {name!r} in {where}; it has {', '.join(members)}{hint(name, members)}"
            )
        return self.steps[members[name]]

    def downstream(self, step: PlannedStep, branch: str | None = None) -> list[PlannedStep]:
        """The step and all that depend on it in a branch, in order of depth."""
        ours = set(self.branches[branch or self.adopted].values())
        reached = {step.id}
        frontier = {step.id}
        while frontier:
            frontier = {
                c for revision in frontier for c in self.steps[revision].consumers
            } & ours - reached
            reached |= frontier
        return _in_order(self.steps[revision] for revision in reached)

    def by_depth(self) -> list[PlannedStep]:
        """All steps, sources first."""
        return _in_order(self.steps.values())

    def with_step(self, step: PlannedStep) -> "Plan":
        """The same plan with a step as it is now."""
        return replace(self, steps={**self.steps, step.id: step})

    def maker(self, feed: Feed) -> tuple[PlannedStep, str]:
        """The step and port that make what comes from a feed: selections and triggers only pass."""
        origin = _origin(self.steps, feed)
        return self.steps[origin.step], origin.port


def folder_of(name: str, number: int) -> str:
    """Where the files of a revision of a step go, relative to the session's folder."""
    return name if number == 1 else f"{name}@{number}"


def _in_order(steps: Iterable[PlannedStep]) -> list[PlannedStep]:
    return sorted(steps, key=lambda step: (step.depth, step.step, step.id))


def bind(workflow: Workflow, registry: Registry) -> dict[str, PlannedStep]:
    """Bind a workflow to its protocols: its steps by name, sources first, in no store yet.

    Raises
    ------
    InvalidWorkflow
        With everything that keeps it from running.
    """
    problems = validate(workflow, registry)
    if problems:
        raise InvalidWorkflow(workflow.name, problems)
    depths = order_of(workflow)
    bound: dict[str, PlannedStep] = {}
    for step in sorted(workflow.steps, key=lambda step: depths[step.name]):
        bound[step.name] = _bind_step(step, registry, depths[step.name], bound)
    return bound


def fingerprint_of(step: PlannedStep, feeding: Mapping[str, str]) -> str:
    """Hash of all that decides what a step makes: its own, and all that feeds it.

    `feeding` has the fingerprints of the steps that feed it, by name.
    """
    inputs = {
        port: [[feeding[source.step], source.port] for source in sources]
        for port, sources in step.inputs.items()
    }
    protocol = step.protocol
    return content_key([protocol.name, protocol.version, dict(step.deciding), inputs])


def works_of(steps: Mapping[RevisionId, PlannedStep]) -> dict[RevisionId, str]:
    """What each step makes of what: tasks of steps at the same work may have the same results.

    What a link passes through does not count, nor does what feeds an input that may be missing.
    """
    works: dict[RevisionId, str] = {}
    for step in _in_order(steps.values()):
        protocol = step.protocol
        sure = () if protocol.agrees else type(protocol).inputs()
        inputs = {
            port.name: [
                [works[origin.step], origin.port]
                for feed in step.feeds.get(port.name, ())
                for origin in [_origin(steps, feed)]
            ]
            for port in sure
            if not port.optional
        }
        content = [protocol.name, protocol.version, dict(step.deciding), inputs]
        works[step.id] = content_key(content)
    return works


def _origin(steps: Mapping[RevisionId, PlannedStep], feed: Feed) -> Feed:
    """What makes that which comes from a feed: selections and triggers only pass."""
    while steps[feed.step].passes:
        feed = steps[feed.step].feeds[feed.port][0]
    return feed


def parameters_of(
    protocol: type[Protocol[Any]], changed: Mapping[str, Any]
) -> tuple[Protocol[Any], dict[str, Any]]:
    """The protocol with parameters, and all of them as JSON-ready values."""
    parameters = protocol.parameters_type().model_validate(dict(changed))
    return protocol(parameters), parameters.model_dump(mode="json")


def _bind_step(
    step: Step, registry: Registry, depth: int, bound: Mapping[str, PlannedStep]
) -> PlannedStep:
    kind = registry.get(step.protocol)
    protocol, parameters = parameters_of(kind, step.parameters)
    inputs = {
        port: tuple(_resolved(source, bound[source.step].protocol) for source in sources)
        for port, sources in step.inputs.items()
    }
    feeding = [bound[source.step].domain for sources in inputs.values() for source in sources]
    return PlannedStep(
        name=step.name,
        protocol=protocol,
        parameters=parameters,
        changed=dict(step.parameters),
        deciding=_deciding(protocol, parameters),
        target=f"{kind.__module__}:{kind.__qualname__}",
        depth=depth,
        domain=domain_of(step.name, kind, feeding),
        inputs=inputs,
        programs=_found(protocol),
        many=frozenset(port.name for port in kind.inputs() if port.many),
        said_by=step.said_by,
        within=step.within,
    )


def _deciding(protocol: Protocol[Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What decides a step's results: its parameters, and the versions of the programs it runs."""
    left_out = operational_parameters(type(protocol).parameters_type())
    left_out |= unset_parameters(protocol.parameters)
    deciding = {key: value for key, value in parameters.items() if key not in left_out}
    return deciding | {f"version of {name}": text for name, text in protocol.software().items()}


def _found(protocol: Protocol[Any]) -> dict[str, FoundProgram]:
    """The programs that a step runs, as they are now; those that are not there are left out."""
    found = ((program.executable, program.found()) for program in protocol.programs())
    return {name: one for name, one in found if one is not None}


def _resolved(source: Output, protocol: Protocol[Any]) -> Output:
    """The output with the name of its port, where that was left out."""
    port = output_port(type(protocol), source)
    return Output(source.step, port.name if port else source.port)
