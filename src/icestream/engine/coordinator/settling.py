"""Settling: limits of a selection that follow from the session's own distribution.

When a selection has judged 30, 60, 120, ... exposures, it is shown what was measured on as many of
the first, and may offer parameters, which are adopted like what a monitor offers. The store is
asked at these numbers alone, so that an exposure costs the same however many there are.
"""

import time
import traceback

from sqlalchemy import select

from icestream.engine.graph.plan import Plan, PlannedStep
from icestream.engine.messages import LIMITS, Inspected
from icestream.engine.record.distributions import FEWEST, doubled, measured, settled_changes
from icestream.model import Alert, Offer, RevisionId, content_key
from icestream.store import tables as t
from icestream.store.open import Store

__all__ = ["Settling", "settled", "settles"]


def settles(step: PlannedStep) -> bool:
    """Whether a step has limits that follow from the session's own distribution."""
    return step.adopted and step.protocol.judges and bool(step.protocol.distributions())


def settled(store: Store, plan: Plan) -> list[Inspected]:
    """What all selections offer at the end of a session."""
    settling = Settling()
    looks = [settling.look(store, step) for step in plan.by_depth() if settles(step)]
    return [said for said in looks if said is not None]


class Settling:
    """Knows from how many exposures on a selection is to be asked again."""

    def __init__(self) -> None:
        self._from: dict[RevisionId, int] = {}

    def look(self, store: Store, step: PlannedStep) -> Inspected | None:
        """What a selection offers now; None where there is nothing new to tell it from."""
        now = time.time()
        with store.read() as connection:
            counted = select(t.counter.c.done).where(t.counter.c.revision_id == step.id)
            done = int(connection.execute(counted).scalar() or 0)
            if done < self._from.get(step.id, FEWEST):
                return None
            values = measured(connection, step, step.id)
        most, fewest = doubled(done), min(map(len, values.values()))
        # Where some exposures lack a value, so many more may bring it.
        self._from[step.id] = done + (most - fewest) if fewest < most else 2 * most
        try:
            count, changes = settled_changes(step, values)
        except Exception:
            return Inspected(step.id, now, error=traceback.format_exc())
        return Inspected(step.id, now, (_alert(step, changes, count),)) if changes else None


def _alert(step: PlannedStep, changes: dict[str, object], count: int) -> Alert:
    told = [text for value in changes.values() for text in _texts(value)]
    return Alert(
        key=f"{LIMITS}{content_key(changes)[:12]}",
        level="notice",
        message=f"limits of {step.name} follow from {count} of its exposures: {'; '.join(told)}",
        offer=Offer(step=step.name, changes=changes, automatic=True),
    )


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]
