"""How long work would wait that is not asked for yet: a branch to adopt, a change to make."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from icestream.model.forecast import Forecast, forecast
from icestream.model.workload import StepLoad, Workload

__all__ = ["Awaited", "MoreWork", "await_more"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreWork:
    """Tasks of one step that would have to run."""

    step: str
    tasks: int
    each: float
    """Core seconds of one, as they were measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """What more work costs, and when it would be done where the session runs now."""

    seconds: float
    """Core seconds of it."""
    before: float
    """Core seconds of what waits already."""
    cores: float | None
    """Cores that the session has, or had when it last ran; None: not known."""
    alone: float | None
    """Seconds that it takes on all of them; None: not known."""
    now: Forecast
    """Without it."""
    then: Forecast
    """With it, what waits already and what still comes."""
    runs: bool = True
    """Whether a process runs the session now: else nothing is done before one does."""


def await_more(
    work: Workload, more: Sequence[MoreWork], exposures: int, *, runs: bool = True
) -> Awaited:
    """What more work costs, and when it would be done.

    Parameters
    ----------
    work
        What the session has to do without it.
    more
        What would have to run.
    exposures
        For how many.
    runs
        Whether a process runs the session now.
    """
    seconds = sum(one.tasks * one.each for one in more)
    return Awaited(
        seconds=seconds,
        before=sum((step.seconds or 0.0) * step.left for step in work.steps),
        cores=work.cores,
        alone=seconds / work.cores if work.cores else None,
        now=forecast(work),
        then=forecast(_with(work, more, exposures)),
        runs=runs,
    )


def _with(work: Workload, more: Sequence[MoreWork], exposures: int) -> Workload:
    """The same session with more to do."""
    added = {one.step: one for one in more}
    steps = [_longer(step, added.pop(step.name, None)) for step in work.steps]
    fresh = [StepLoad(name=o.step, seconds=o.each, left=o.tasks) for o in added.values()]
    return replace(work, steps=(*steps, *fresh), behind=work.behind + exposures)


def _longer(step: StepLoad, more: MoreWork | None) -> StepLoad:
    """A step with more to do: as many exposures as cost the same."""
    if more is None:
        return step
    if not step.seconds:
        return replace(step, seconds=more.each, left=step.left + more.tasks)
    return replace(step, left=step.left + more.tasks * more.each / step.seconds)
