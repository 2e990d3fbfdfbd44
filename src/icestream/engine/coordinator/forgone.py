"""Forgone: what sources brought that people gave up, and that cannot be read any more.

A folder of movies that is away holds the session until it is back. Of a source that is given up it
fails them instead, one by one and by name.
"""

from collections.abc import Sequence
from dataclasses import replace

from icestream.engine.executors.contract import Ended, Ending
from icestream.engine.graph.plan import Plan
from icestream.engine.record.record import Record
from icestream.model import RevisionId

__all__ = ["fail_forgone"]


def fail_forgone(record: Record, ended: Sequence[Ended]) -> list[Ended]:
    """What became of leases, where that a folder is away is the end of what came from it."""
    if not record.given_up:
        return list(ended)
    return [
        replace(lease, endings=tuple(_judged(record, lease, e) for e in lease.endings))
        for lease in ended
    ]


def _judged(record: Record, lease: Ended, ending: Ending) -> Ending:
    if ending.outcome != "storage" or ending.away in ("", str(record.folder)):
        return ending
    out = record.leases.get(lease.lease, {}).get(ending.task)
    given_up = _given_up_above(record.plan, out.revision, record.given_up) if out else ""
    if not given_up:
        return ending
    return replace(ending, outcome="item", reason=f"{ending.reason}; {given_up}", away="")


def _given_up_above(plan: Plan, revision: RevisionId, given_up: dict[RevisionId, str]) -> str:
    """Who gave up a source that feeds a step, and why; empty where nobody did."""
    for source, said in given_up.items():
        if source in plan.steps and revision in _fed_by(plan, source):
            return said
    return ""


def _fed_by(plan: Plan, source: RevisionId) -> set[RevisionId]:
    reached, frontier = {source}, {source}
    while frontier:
        frontier = {c for step in frontier for c in plan.steps[step].consumers} - reached
        reached |= frontier
    return reached
