"""How often each revision of a step was run, and from when to when."""

from dataclasses import dataclass

from sqlalchemy import func, select

from icestream.store import tables as t
from icestream.store.open import Store

__all__ = ["StepRun", "step_runs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRun:
    """The results of one revision of a step, as one run of its protocol."""

    step: str
    revision: int
    protocol: str
    version: int
    """Of the protocol."""
    results: int
    began: float
    """When its first task was begun, seconds since the epoch."""
    ended: float
    """When its last task ended."""


def step_runs(store: Store) -> tuple[StepRun, ...]:
    """All revisions of steps that made results, in the order in which these were begun."""
    began = func.min(t.result.c.started)
    chosen = (
        select(
            t.step.c.name.label("step"),
            t.revision.c.number.label("revision"),
            t.revision.c.protocol,
            t.revision.c.version,
            func.count().label("results"),
            began.label("began"),
            func.max(t.result.c.started + t.result.c.seconds).label("ended"),
        )
        .join(t.revision, t.revision.c.id == t.result.c.revision_id)
        .join(t.step, t.step.c.id == t.result.c.step_id)
        .group_by(t.step.c.name, t.revision.c.number, t.revision.c.protocol, t.revision.c.version)
        .order_by(began, t.step.c.name, t.revision.c.number)
    )
    with store.read() as connection:
        return tuple(StepRun(**row) for row in connection.execute(chosen).mappings())
