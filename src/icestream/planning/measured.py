"""What an exposure costs, told from the results of a session."""

import json
import math
import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, func, select

from icestream.facility.keep.known import FileClasses
from icestream.planning.costs import NotPlanned, SessionCosts, StepCost
from icestream.protocol import Registry, Resources, UnknownProtocol
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.current import current
from icestream.store.open import Store
from icestream.store.pace import looks_for_more
from icestream.store.records import StepRecord, WorkflowRecord
from icestream.store.workload import gathered_by

__all__ = ["NothingMeasured", "session_costs"]

_NEWEST = 200
"""Results of a step that are looked at: those of lately, and so many at most."""
_UNCOUNTED = ("source", "monitor", "trigger")


class NothingMeasured(NotPlanned):
    """A session has no results from which costs could be told."""


@dataclass(frozen=True, slots=True)
class _Task:
    """What one task took."""

    result: int
    seconds: float
    cpu: float | None
    memory: float
    exposures: int
    """That it took as its inputs."""


def session_costs(store: Store, registry: Registry, *, engine: float = 0.0) -> SessionCosts:
    """Costs of an exposure, from the newest results of each step of the adopted branch.

    Of a step of single exposures the older half is left out where there are few: workers were
    new then. Of a step that gathers exposures, the last task of a session that has ended is left
    out: it looks at everything once more.

    Parameters
    ----------
    store
        The session's.
    registry
        Says what tasks ask for; what it does not know is told from the results alone.
    engine
        Seconds of a core that the session's own process took for an exposure.

    Raises
    ------
    NothingMeasured
        If no step of single exposures has a result.
    """
    graph = queries.workflow(store)
    gathers = gathered_by(graph.steps, graph.links)
    found = sum(queries.count_exposures(store).values())
    ended = not looks_for_more(store)
    sources = {link.source for link in graph.links}
    costs, unknown, single = [], [], []
    with store.read() as connection:
        for step in graph.steps:
            if step.kind in _UNCOUNTED:
                continue
            tasks = _tasks(connection, step.name)
            if step.name not in gathers:
                tasks = tasks[len(tasks) // 2 :]
                single += tasks
            elif gathers[step.name] == step.name and ended and len(tasks) > 1:
                tasks = tasks[:-1]
            if step.name not in gathers:
                each = _reached(step)
            else:
                each = _gathered(step, tasks, graph, found)
            if tasks and each:
                need, feeds = _need(step, registry), step.name in sources
                cost = _cost(step.name, tasks, each, need)
                cost = replace(cost, gathers=step.name in gathers, feeds=feeds)
                costs.append(replace(cost, writes=_written(connection, tasks, each)))
            else:
                unknown.append(step.name)
        movie = _movie(connection, graph.steps)
    if not single:
        raise NothingMeasured(
            f"no step of the session has a result of an exposure: of {found} exposures nothing "
            "can be told. Name a session that has processed some, or measure here, without --from"
        )
    return SessionCosts(
        workflow=graph.name,
        steps=tuple(costs),
        movie=movie,
        engine=engine,
        exposures=found,
        unknown=tuple(unknown),
        per_core=_per_core(single),
    )


def _gathered(step: StepRecord, tasks: Sequence[_Task], graph: WorkflowRecord, found: int) -> float:
    """Tasks of a step that gathers exposures, or follows such a step, for each that is found."""
    if taken := sum(task.exposures for task in tasks):
        records = {record.name: record for record in graph.steps}
        feeding = (records[link.source] for link in graph.links if link.step == step.name)
        return len(tasks) / taken * min(map(_reached, feeding), default=1.0)
    return step.counts.done / found if found else 0.0


def _cost(name: str, tasks: Sequence[_Task], each: float, need: Resources) -> StepCost:
    """What a step takes, from some of its tasks and how many there are for each exposure."""
    return StepCost(
        name=name,
        seconds=each * statistics.fmean(_held(task, need) for task in tasks),
        cores=need.cores,
        gpus=need.gpus,
        memory=max(need.memory, *(task.memory for task in tasks)),
        tasks=len(tasks),
    )


def _reached(step: StepRecord) -> float:
    """Part of the exposures that a step is run for."""
    counts = step.counts
    return (counts.done + counts.failed) / counts.ended if counts.ended else 1.0


def _need(step: StepRecord, registry: Registry) -> Resources:
    try:
        protocol = registry.get(step.protocol)
        need: Resources = protocol(protocol.parameters_type()(**step.parameters)).need()
    except (UnknownProtocol, ValueError):
        return Resources(memory=0)  # of a plugin that is not here, or of another version
    return need


def _held(task: _Task, need: Resources) -> float:
    """Seconds of a core: computed, or held where cores or GPUs are held for a program."""
    if task.cpu is None or need.cores > 1 or need.gpus:
        return task.seconds * need.cores
    return task.cpu


def _per_core(tasks: Sequence[_Task]) -> float:
    computed = math.fsum(task.cpu or 0.0 for task in tasks)
    return math.fsum(task.seconds for task in tasks) / computed if computed else 1.0


def _tasks(connection: Connection, step: str) -> list[_Task]:
    """The newest tasks of a step that ran, the oldest first."""
    members, task, result = current(connection, None), t.task.c, t.result.c
    chosen = (
        select(result.id, result.seconds, result.cpu, result.memory)
        .join(t.task, task.result_id == result.id)
        .join(members, members.c.revision_id == task.revision_id)
        .where(members.c.name == step, task.state == "done")
        .order_by(task.serial.desc())
        .limit(_NEWEST)
    )
    rows = connection.execute(chosen).all()
    counted = _exposures_of(connection, [row.id for row in rows])
    return [
        _Task(row.id, row.seconds, row.cpu, row.memory or 0.0, counted.get(row.id, 0))
        for row in reversed(rows)
    ]


def _exposures_of(connection: Connection, results: Sequence[int]) -> Mapping[int, int]:
    """How many exposures each of the results was made from."""
    made = t.result.alias("made")
    chosen = (
        select(t.input_.c.result_id, func.count(made.c.subject_id.distinct()))
        .join(made, made.c.id == t.input_.c.source_id)
        .join(t.exposure, t.exposure.c.id == made.c.subject_id)
        .where(t.input_.c.result_id.in_(results))
        .group_by(t.input_.c.result_id)
    )
    return {int(row[0]): int(row[1]) for row in connection.execute(chosen)}


def _written(connection: Connection, tasks: Sequence[_Task], each: float) -> dict[str, float]:
    """Bytes that a step leaves for each exposure, by class."""
    chosen = (
        select(t.file.c.path, t.file.c.size, t.result.c.types, t.result.c.pictures)
        .join(t.result, t.result.c.id == t.file.c.result_id)
        .where(t.file.c.result_id.in_([task.result for task in tasks]))
    )
    sums: dict[str, float] = defaultdict(float)
    classes = FileClasses()
    for row in connection.execute(chosen):
        sums[classes.of(row.path, row.types, row.pictures)] += row.size
    return {kind: each * count / len(tasks) for kind, count in sums.items()}


def _movie(connection: Connection, steps: Sequence[StepRecord]) -> float:
    """Bytes of the file of a movie, the mean of the newest; 0 where the session has none."""
    names = [step.name for step in steps if step.kind == "source"]
    members = current(connection, None)
    chosen = (
        select(t.result.c.document)
        .join(members, members.c.revision_id == t.result.c.revision_id)
        .where(members.c.name.in_(names))
        .order_by(t.result.c.id.desc())
        .limit(_NEWEST)
    )
    return statistics.fmean(sizes) if (sizes := list(_sizes(connection.execute(chosen)))) else 0.0


def _sizes(rows: Sequence[Row[Any]] | Any) -> Iterator[float]:
    for row in rows:
        for item in json.loads(row.document).values():
            if size := item.get("size"):
                yield float(size)
            elif (path := item.get("path")) and Path(path).is_file():
                yield float(Path(path).stat().st_size)
