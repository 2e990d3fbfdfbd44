"""What an exposure costs, told from the results of a session."""

import json
import math
import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, func, select

from icestream.facility.keep.known import FileClasses
from icestream.planning.costs import NotPlanned, SessionCosts, StepCost, doublings
from icestream.protocol import Registry, Resources, UnknownProtocol
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.current import current
from icestream.store.open import Store
from icestream.store.pace import looks_for_more
from icestream.store.records import StepRecord, WorkflowRecord
from icestream.store.workload import gathered_by

__all__ = ["NothingMeasured", "particles_each", "session_costs"]

_NEWEST = 200
"""Results of a step that are looked at: those of lately, and so many at most."""
_PARTICLES = "particles.count"
_LITTLE = 0.1
"""Part of the dearest task of a step below which a task did nothing."""
_UNCOUNTED = ("source", "monitor", "trigger")


class NothingMeasured(NotPlanned):
    """A session has no results from which costs could be told."""


@dataclass(frozen=True, slots=True)
class _Task:
    """What one task took."""

    result: int
    revision: int
    seconds: float
    cpu: float | None
    memory: float
    exposures: int
    """That it took as its inputs."""


def session_costs(store: Store, registry: Registry, *, engine: float = 0.0) -> SessionCosts:
    """Costs of an exposure, from the newest results of each step of the adopted branch.

    Of a step of single exposures the older half is left out where there are few: workers were
    new then. Of a step that gathers exposures, the last task of a session that has ended is left
    out: it looks at everything once more. What a step took before it was changed, such as picks
    from before the classes taught the picker, is taken once by a session. What a step took
    that gathers what another gathered is taken again with twice as many exposures, as maps are.

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
    seen = _Seen.of(store, registry)
    costs, unknown, single = [], [], []
    with store.read() as connection:
        for step in seen.graph.steps:
            if step.kind in _UNCOUNTED:
                continue
            tasks = _counted(step, _tasks(connection, step.name), seen)
            if step.name not in seen.gathers:
                single += tasks
            cost = _cost(connection, step, tasks, seen)
            if cost is None:
                unknown.append(step.name)
            else:
                costs.append(cost)
        movie = _movie(connection, seen.graph.steps)
    if not single:
        raise NothingMeasured(
            f"no step of the session has a result of an exposure: of {seen.found} exposures "
            "nothing can be told. Name a session that has processed some, or measure here, "
            "without --from"
        )
    return SessionCosts(
        workflow=seen.graph.name,
        steps=tuple(costs),
        movie=movie,
        engine=engine,
        exposures=seen.found,
        unknown=tuple(unknown),
        per_core=_per_core(single),
    )


def particles_each(store: Store) -> float:
    """Particles in an exposure, the mean of those that have been extracted; 0: none were."""
    with store.read() as connection:
        members = current(connection, None)
        mean = connection.execute(
            select(func.avg(t.quality.c.value))
            .join(members, members.c.id == t.quality.c.step_id)
            .where(t.quality.c.name == _PARTICLES)
        ).scalar()
    return float(mean or 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What is known of a session as a whole."""

    graph: WorkflowRecord
    registry: Registry
    gathers: Mapping[str, str]
    follows: frozenset[str]
    """Steps that gather what another step made of what it gathered."""
    found: int
    ended: bool

    @classmethod
    def of(cls, store: Store, registry: Registry) -> "_Seen":
        graph = queries.workflow(store)
        gathers = gathered_by(graph.steps, graph.links)
        later = {link.step for link in graph.links if link.source in gathers}
        return cls(
            graph=graph,
            registry=registry,
            gathers=gathers,
            follows=frozenset(name for name in later if gathers.get(name) == name),
            found=sum(queries.count_exposures(store).values()),
            ended=not looks_for_more(store),
        )


def _counted(step: StepRecord, tasks: list[_Task], seen: _Seen) -> list[_Task]:
    """The tasks of a step that say what it costs while exposures come."""
    if step.name not in seen.gathers:
        return tasks[len(tasks) // 2 :]
    last = seen.ended and seen.gathers[step.name] == step.name and len(tasks) > 1
    return tasks[:-1] if last and step.name not in seen.follows else tasks


def _cost(
    connection: Connection, step: StepRecord, tasks: Sequence[_Task], seen: _Seen
) -> StepCost | None:
    """What a step takes for each exposure that is found, and once; None where nobody knows."""
    gathers = step.name in seen.gathers
    each = _gathered(step, tasks, seen.graph, seen.found) if gathers else _reached(step)
    if not (tasks and each):
        return None
    need = _need(step, seen.registry)
    seconds = each * statistics.fmean(_held(task, need) for task in tasks)
    once = _before(connection, step.name, tasks[-1].revision, need)
    first = 0.0
    if step.name in seen.follows:
        first, until = _reach(connection, tasks)
        once = (once + seen.found * seconds) / doublings(first, until)
        seconds = 0.0
    return StepCost(
        name=step.name,
        seconds=seconds,
        cores=need.cores,
        gpus=need.gpus,
        memory=max(need.memory, *(task.memory for task in tasks)),
        gathers=gathers,
        writes=_written(connection, tasks, each),
        feeds=any(link.source == step.name for link in seen.graph.links),
        tasks=len(tasks),
        once=once,
        first=first,
    )


def _reach(connection: Connection, tasks: Sequence[_Task]) -> tuple[float, float]:
    """Exposures whose particles there were when a step began its work first, and in the end.

    What a step does for too few of them is no work; without particles, both are 0.
    """
    dear = _LITTLE * max(task.seconds for task in tasks)
    first = next(task for task in tasks if task.seconds >= dear)
    result, quality = t.result.c, t.quality.c
    whole = (
        select(func.count(quality.subject_id.distinct()))
        .join(t.result, result.id == quality.result_id)
        .where(quality.name == _PARTICLES)
    )
    began = connection.execute(select(result.started).where(result.id == first.result)).scalar_one()
    until = connection.execute(whole).scalar_one()
    if not until:
        return 0.0, 0.0
    before = connection.execute(whole.where(result.started + result.seconds <= began)).scalar_one()
    return float(max(1, before)), float(until)


def _before(connection: Connection, step: str, counted: int, need: Resources) -> float:
    """Seconds of a core that all other revisions of a step took than the one that is counted."""
    counter = t.counter.c
    chosen = (
        select(func.sum(counter.seconds), func.sum(counter.cpu))
        .join(t.revision, t.revision.c.id == counter.revision_id)
        .join(t.step, t.step.c.id == t.revision.c.step_id)
        .where(t.step.c.name == step, counter.revision_id != counted)
    )
    seconds, computed = connection.execute(chosen).one()
    held = need.cores > 1 or need.gpus or not computed
    return float(seconds or 0.0) * need.cores if held else float(computed)


def _gathered(step: StepRecord, tasks: Sequence[_Task], graph: WorkflowRecord, found: int) -> float:
    """Tasks of a step that gathers exposures, or follows such a step, for each that is found."""
    if taken := sum(task.exposures for task in tasks):
        records = {record.name: record for record in graph.steps}
        feeding = (records[link.source] for link in graph.links if link.step == step.name)
        return len(tasks) / taken * min(map(_reached, feeding), default=1.0)
    return step.counts.done / found if found else 0.0


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
    """The newest tasks of a step that ran, the oldest first.

    Where it was changed and has no result since, those of before.
    """
    revision, task, result = _revision(connection, step), t.task.c, t.result.c
    chosen = (
        select(result.id, result.seconds, result.cpu, result.memory)
        .join(t.task, task.result_id == result.id)
        .where(task.revision_id == revision, task.state == "done")
        .order_by(task.serial.desc())
        .limit(_NEWEST)
    )
    rows = connection.execute(chosen).all()
    counted = _exposures_of(connection, [row.id for row in rows])
    return [
        _Task(row.id, revision, row.seconds, row.cpu, row.memory or 0.0, counted.get(row.id, 0))
        for row in reversed(rows)
    ]


def _revision(connection: Connection, step: str) -> int:
    """The revision of a step that the adopted branch has, or the newest with results; 0: none."""
    members = current(connection, None)
    chosen = (
        select(t.counter.c.revision_id)
        .join(t.revision, t.revision.c.id == t.counter.c.revision_id)
        .join(members, members.c.id == t.revision.c.step_id)
        .where(members.c.name == step, t.counter.c.done > t.counter.c.reused)
        .order_by(
            (members.c.revision_id == t.counter.c.revision_id).desc(),
            t.counter.c.revision_id.desc(),
        )
        .limit(1)
    )
    return int(connection.execute(chosen).scalar() or 0)


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
