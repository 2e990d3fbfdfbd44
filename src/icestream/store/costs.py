"""What a task of a step costs, from those that ran in this session before.

A preview asks for the mean of all of them and for their files, a forecast for those of lately.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from icestream.store import tables as t

__all__ = ["LATELY", "Cost", "costs_of", "lately", "seconds_lately"]

_NEWEST = 100
"""Results whose files are looked at."""
LATELY = 60
"""The newest tasks of a step that say what it costs lately."""
_FADE = 0.93
"""Weight of a task to that of the next: ten tasks later it is half."""


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


def seconds_lately(connection: Connection, revision: int) -> float | None:
    """Seconds of a task of a revision lately, from the newest that ran; None before any has."""
    task = t.task.c
    chosen = (
        select(t.result.c.seconds)
        .join(t.task, task.result_id == t.result.c.id)
        .where(task.revision_id == revision, task.state == "done")
        .where(t.result.c.revision_id == revision)
        .order_by(task.serial.desc())
        .limit(LATELY)
    )
    newest = [float(seconds) for seconds in connection.execute(chosen).scalars()]
    return lately(newest[::-1])


def lately(seconds: Sequence[float]) -> float | None:
    """Seconds of a task lately: a mean in which the newest, the last, weighs most."""
    weight = weights = total = 0.0
    for each in reversed(seconds):
        weight = weight * _FADE if weight else 1.0
        weights, total = weights + weight, total + weight * each
    return total / weights if weights else None


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
