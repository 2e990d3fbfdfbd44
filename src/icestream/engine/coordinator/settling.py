"""Settling: limits of a selection that follow from the session's own distribution.

When a selection has judged 30, 60, 120, ... exposures, it is shown what was measured on as many of
the first, and may offer parameters, which are adopted like what a monitor offers. The store is
asked at these numbers alone, so that an exposure costs the same however many there are.
"""

import time
import traceback
from collections.abc import Sequence

from sqlalchemy import Connection, select

from icestream.engine.graph.plan import Plan, PlannedStep
from icestream.engine.messages import LIMITS, Inspected
from icestream.model import Alert, Offer, RevisionId, content_key
from icestream.store import tables as t
from icestream.store.open import Store

__all__ = ["FEWEST", "Settling", "settled", "settles"]

FEWEST = 30
"""Exposures that a distribution is told from for the first time."""


def settles(step: PlannedStep) -> bool:
    """Whether a step has limits that follow from the session's own distribution."""
    return step.adopted and step.protocol.judges and bool(step.protocol.distributions())


def settled(store: Store, plan: Plan) -> list[Inspected]:
    """What all selections offer at the end of a session."""
    settling = Settling()
    looks = [settling.look(store, plan, step) for step in plan.by_depth() if settles(step)]
    return [said for said in looks if said is not None]


class Settling:
    """Knows from how many exposures on a selection is to be asked again."""

    def __init__(self) -> None:
        self._from: dict[RevisionId, int] = {}

    def look(self, store: Store, plan: Plan, step: PlannedStep) -> Inspected | None:
        """What a selection offers now; None where there is nothing new to tell it from."""
        now = time.time()
        with store.read() as connection:
            counted = select(t.counter.c.done).where(t.counter.c.revision_id == step.id)
            done = int(connection.execute(counted).scalar() or 0)
            if done < self._from.get(step.id, FEWEST):
                return None
            most = _doubled(done)
            wanted = list(step.protocol.distributions())
            found = [_values(connection, plan, step, subject, most) for subject in wanted]
        fewest = min(map(len, found))
        # Where some exposures lack a value, so many more may bring it.
        self._from[step.id] = done + (most - fewest) if fewest < most else 2 * most
        if fewest < FEWEST:
            return None
        count = _doubled(fewest)
        measured = {subject: values[:count] for subject, values in zip(wanted, found, strict=True)}
        try:
            changes = dict(step.protocol.settle(measured))
        except Exception:
            return Inspected(step.id, now, error=traceback.format_exc())
        if not changes:
            return None
        return Inspected(step.id, now, (_alert(step, changes, count),))


def _doubled(count: int) -> int:
    """The largest of 30, 60, 120, ... that is not more than `count`."""
    return FEWEST << max(0, (count // FEWEST).bit_length() - 1)


def _alert(step: PlannedStep, changes: dict[str, object], count: int) -> Alert:
    told = [text for value in changes.values() for text in _texts(value)]
    return Alert(
        key=f"{LIMITS}{content_key(changes)[:12]}",
        level="notice",
        message=f"limits of {step.name} follow from {count} of its exposures: {'; '.join(told)}",
        offer=Offer(step=step.name, changes=changes, automatic=True),
    )


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]


def _values(
    connection: Connection, plan: Plan, step: PlannedStep, subject: tuple[str, str], most: int
) -> Sequence[float]:
    """What was measured on the first exposures, by the first link that reports the quality."""
    quality, named = subject
    ports = sorted(step.feeds, key=lambda port: port in step.many)
    for feed in (feed for port in ports for feed in step.feeds[port]):
        if named and (plan.steps[feed.step].name != named):
            continue
        maker, _ = plan.maker(feed)
        chosen = (
            select(t.quality.c.value)
            .join(t.task, t.task.c.result_id == t.quality.c.result_id)
            .where(
                t.task.c.revision_id == maker.id,
                t.task.c.state == "done",
                t.quality.c.revision_id == maker.id,
                t.quality.c.name == quality,
            )
            .order_by(t.task.c.subject_id)
            .limit(most)
        )
        if values := connection.execute(chosen).scalars().all():
            return list(values)
    return []
