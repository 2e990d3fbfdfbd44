"""A workflow bound to its protocols and to the session's store: what the engine works from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from icestream.engine.graph.validation import validate
from icestream.engine.graph.workflow import InvalidWorkflow, Step, Workflow, order_of, output_port
from icestream.model import content_key
from icestream.protocol import Protocol, Registry, Resources, operational_parameters

__all__ = ["Feed", "Lane", "Plan", "PlannedStep", "bind"]

Lane = Literal["live", "reprocess"]
"""Which goes first: what comes in now, or what is done again."""


@dataclass(frozen=True, slots=True)
class Feed:
    """An output port of a step, by the step's number in the store."""

    step: int
    port: str


@dataclass(slots=True)
class PlannedStep:
    """A step with its protocol, parameters and place in the graph."""

    name: str
    protocol: Protocol[Any]
    parameters: Mapping[str, Any]
    """All of them, JSON-ready."""
    changed: Mapping[str, Any]
    """Those that differ from the defaults because somebody said so."""
    target: str
    """``module:Class``, for the workers."""
    depth: int
    sources: dict[str, tuple[Feed, ...]] = field(default_factory=dict)
    """What feeds each input port."""
    consumers: tuple[int, ...] = ()
    """Steps that it feeds."""
    id: int = 0
    revision_id: int = 0
    number: int = 1
    """Of the revision."""
    fingerprint: str = ""
    gate: str = "held"
    """Of a trigger: held, open, or shut for good."""
    looks_back: bool = False
    """Whether a result that it needs may exist before its task does."""
    lane: Lane = "live"
    deciding: Mapping[str, Any] = field(init=False)
    """The parameters that decide what the step makes: those that make its keys."""

    def __post_init__(self) -> None:
        left_out = operational_parameters(type(self.protocol).parameters_type())
        self.deciding = {k: v for k, v in self.parameters.items() if k not in left_out}

    @property
    def kind(self) -> str:
        """item, source, consensus, selection, batch, trigger or monitor."""
        return self.protocol.kind

    @property
    def passes(self) -> bool:
        """Whether its outputs are its inputs, let through or held back."""
        return self.kind in ("selection", "trigger")

    @property
    def per_exposure(self) -> bool:
        """Whether it has one task for every exposure."""
        return self.kind not in ("batch", "monitor")

    @property
    def folder(self) -> str:
        """Where its files go, relative to the session's folder."""
        return self.name if self.number == 1 else f"{self.name}@{self.number}"

    @property
    def need(self) -> Resources:
        """What one of its tasks needs."""
        return self.protocol.need()


@dataclass(slots=True)
class Plan:
    """All steps by their number in the store."""

    name: str
    steps: dict[int, PlannedStep]

    def step(self, name: str) -> PlannedStep:
        """The step called `name`; LookupError names those that exist."""
        for step in self.steps.values():
            if step.name == name:
                return step
        known = ", ".join(step.name for step in self.steps.values())
        raise LookupError(f"no step {name!r} in this session; it has {known}")

    def downstream(self, step: PlannedStep) -> list[PlannedStep]:
        """The step and all that depend on it, in order of depth."""
        found = {step.id}
        frontier = [step.id]
        while frontier:
            frontier = [c for s in frontier for c in self.steps[s].consumers if c not in found]
            found.update(frontier)
        return sorted((self.steps[s] for s in found), key=lambda s: (s.depth, s.id))

    def by_depth(self) -> list[PlannedStep]:
        """All steps, sources first."""
        return sorted(self.steps.values(), key=lambda s: (s.depth, s.id))

    def snapshots_feed(self, step: PlannedStep) -> bool:
        """Whether the step works on snapshots of a batch step instead of on exposures."""
        for feeds in step.sources.values():
            for feed in feeds:
                source = self.steps[feed.step]
                if source.kind == "batch" or self.snapshots_feed(source):
                    return True
        return False

    def fingerprint(self, step: PlannedStep) -> str:
        """Hash of all that decides what the step makes: its own, and all that feeds it."""
        feeding = {
            port: [[self.steps[feed.step].fingerprint, feed.port] for feed in feeds]
            for port, feeds in step.sources.items()
        }
        protocol = step.protocol
        return content_key([protocol.name, protocol.version, dict(step.deciding), feeding])


def bind(workflow: Workflow, registry: Registry, numbers: Mapping[str, int]) -> Plan:
    """Bind a workflow to its protocols; `numbers` are the steps' numbers in the store.

    Raises
    ------
    InvalidWorkflow
        With everything that keeps it from running.
    """
    problems = validate(workflow, registry)
    if problems:
        raise InvalidWorkflow(workflow.name, problems)
    depths = order_of(workflow)
    steps = {}
    for step in workflow.steps:
        bound = _bind_step(step, registry, depths[step.name])
        bound.id = numbers[step.name]
        steps[bound.id] = bound
    for step in workflow.steps:
        bound = steps[numbers[step.name]]
        for port, sources in step.inputs.items():
            feeds = []
            for source in sources:
                feeding = steps[numbers[source.step]]
                found = output_port(type(feeding.protocol), source)
                feeds.append(Feed(feeding.id, found.name if found else source.port))
                feeding.consumers = (*feeding.consumers, bound.id)
            bound.sources[port] = tuple(feeds)
    for bound in steps.values():
        bound.consumers = tuple(dict.fromkeys(bound.consumers))
    plan = Plan(workflow.name, steps)
    for bound in plan.by_depth():
        bound.fingerprint = plan.fingerprint(bound)
    return plan


def parameters_of(
    protocol: type[Protocol[Any]], changed: Mapping[str, Any]
) -> tuple[Protocol[Any], dict[str, Any]]:
    """The protocol with parameters, and all of them as JSON-ready values."""
    parameters = protocol.parameters_type().model_validate(dict(changed))
    return protocol(parameters), parameters.model_dump(mode="json")


def _bind_step(step: Step, registry: Registry, depth: int) -> PlannedStep:
    kind = registry.get(step.protocol)
    protocol, parameters = parameters_of(kind, step.parameters)
    return PlannedStep(
        name=step.name,
        protocol=protocol,
        parameters=parameters,
        changed=dict(step.parameters),
        target=f"{kind.__module__}:{kind.__qualname__}",
        depth=depth,
    )
