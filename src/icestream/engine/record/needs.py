"""What steps need of the machine and do not find: they are paused before anything fails."""

from collections.abc import Iterable

from icestream.engine.decisions.events import StepBroken
from icestream.engine.graph.plan import PlannedStep
from icestream.protocol import missing

__all__ = ["broken_for_want", "wants"]


def wants(step: PlannedStep, gpus: int | None) -> str:
    """What a step needs and this machine, with so many GPUs for it, does not have; else empty."""
    return "; ".join(missing(step.protocol, gpus=gpus))


def broken_for_want(steps: Iterable[PlannedStep], gpus: int | None) -> list[StepBroken]:
    """The steps that cannot run here, each with what it wants."""
    lacking = ((step, wants(step, gpus)) for step in steps)
    return [StepBroken(step.id, said) for step, said in lacking if said]
