"""What a task of each step costs, from those that ran in this session before."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from icestream.store import tables as t

__all__ = ["Cost", "costs_of"]

_NEWEST = 100
"""Results whose files are looked at."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one task of a step, on average."""

    seconds: float = 0.0
    bytes: float = 0.0
    """Of its files."""
    measured: int = 0
    """Tasks that ran, in all revisions of the step; 0: nothing is known."""


def costs_of(connection: Connection, steps: Collection[str]) -> Mapping[str, Cost]:
    """Costs of a task of each of the steps that have run before, by name.

    What it takes to know them does not grow with the session.
    """
    ran = t.counter.c.done - t.counter.c.reused
    chosen = (
        select(
            t.step.c.name,
            t.revision.c.id,
            t.counter.c.done,
            ran.label("ran"),
            t.counter.c.seconds,
        )
        .join(t.revision, t.revision.c.step_id == t.step.c.id)
        .join(t.counter, t.counter.c.revision_id == t.revision.c.id)
        .where(t.step.c.name.in_(list(steps)), t.counter.c.done > 0)
        .order_by(t.revision.c.number)
    )
    rows = connection.execute(chosen).all()
    costs = {}
    for name in {row.name for row in rows}:
        ours = [row for row in rows if row.name == name]
        measured = sum(row.ran for row in ours)
        seconds = sum(row.seconds for row in ours) / measured if measured else 0.0
        costs[name] = Cost(seconds, _bytes(connection, ours[-1].id), measured)
    return costs


def _bytes(connection: Connection, revision: int) -> float:
    """Mean size of the files of the newest results of a revision."""
    newest = (
        select(t.task.c.result_id)
        .where(t.task.c.revision_id == revision, t.task.c.state == "done")
        .order_by(t.task.c.serial.desc())
        .limit(_NEWEST)
    )
    results = [result for result in connection.execute(newest).scalars() if result is not None]
    if not results:
        return 0.0
    summed = select(func.sum(t.file.c.size)).where(t.file.c.result_id.in_(results))
    return int(connection.execute(summed).scalar() or 0) / len(results)
