"""What a session has to do and what it costs, told from its counts and its newest tasks."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, func, select

from icestream.model.workload import NEWEST, StepLoad, Workload
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.costs import seconds_lately
from icestream.store.current import current
from icestream.store.open import Store
from icestream.store.pace import looks_for_more
from icestream.store.records import LinkRecord, StepRecord

__all__ = ["CORES", "ENDS", "OTHERS", "acquired_at", "gathered_by", "workload"]

CORES, OTHERS = "pace.cores", "pace.others"
"""Samples: cores that the session has, and those that it may use and others have. What a step needs
is told by `CORES` and its name, where it is not one."""
ENDS = "acquisition_ends"
"""Parameter of a monitor: when the acquisition is to end."""
_GATHERING = ("batch", "group")
_COUNTED = ("item", "consensus", "selection", "trigger", *_GATHERING)
_HALTED = ("paused", "failed", "draining")
_AGREE = 1800.0
"""Seconds between when the newest exposure was taken and found in which clocks are believed."""
_SAMPLES = 20_000
"""The newest samples that are looked at."""


def workload(store: Store, now: float) -> Workload:
    """What a session has to do, what comes, and what does it; its cost does not grow with it.

    Parameters
    ----------
    store
        The session's.
    now
        Seconds since the epoch.
    """
    graph = queries.workflow(store)
    exposures = queries.count_exposures(store)
    total, behind = sum(exposures.values()), exposures.get("going", 0)
    state = queries.session(store).state
    later = gathered_by(graph.steps, graph.links)
    halted: str = state if state in ("paused", "held", "draining") else ""
    with store.read() as connection:
        means = _means(connection)
        members = current(connection, None)
        revisions = dict(connection.execute(select(members.c.name, members.c.revision_id)).all())
        loads, busy, waits = [], 0.0, False
        for step in graph.steps:
            if step.kind not in _COUNTED:
                continue
            cores = means.get(f"{CORES}.{step.name}", 1.0)
            busy += step.counts.running * cores
            if step.state in _HALTED:
                if step.name not in later and step.counts.ready:
                    halted = halted or f"{step.name} is {step.state}"
                continue
            each = seconds_lately(connection, revisions[step.name])
            cost = None if each is None else each * cores
            if step.name in later:
                waiting = _waiting(connection, revisions, later[step.name])
                loads.append(_gathered(step, cost, total - behind - waiting, behind + waiting))
            else:
                waits = waits or step.counts.ready > 0
                loads.append(_of_exposures(step, cost, total))
        taken = _taken(connection)
    return Workload(
        now=now,
        taken=taken,
        behind=behind,
        steps=tuple(loads),
        cores=means.get(CORES),
        busy=min(busy, means.get(CORES, busy)) if busy and waits else None,
        others=means.get(OTHERS, 0.0),
        open=looks_for_more(store),
        ends=_ends(graph.steps),
        halted=halted,
    )


def _of_exposures(step: StepRecord, cost: float | None, total: int) -> StepLoad:
    """A step with a task for every exposure; those that it skips cost nothing."""
    counts = step.counts
    ran = (counts.done + counts.failed) / counts.ended if counts.ended else 1.0
    return StepLoad(
        name=step.name,
        seconds=None if cost is None else cost * ran,
        left=max(0, total - counts.ended),
    )


def _gathered(step: StepRecord, cost: float | None, reached: int, left: int) -> StepLoad:
    """A step whose tasks take many exposures, or what comes of such a step."""
    begun = step.counts.done + step.counts.running
    more = step.counts.ready * reached / begun if begun else 0.0
    return StepLoad(
        name=step.name,
        seconds=cost * begun / reached if cost is not None and reached > 0 else None,
        left=left + more,
        later=True,
        at_once=1.0 if step.kind == "batch" else None,
    )


def gathered_by(steps: Iterable[StepRecord], links: Iterable[LinkRecord]) -> Mapping[str, str]:
    """Steps whose tasks are not of one exposure, each with the step that gathers them for it."""
    links = tuple(links)
    gathers: dict[str, str] = {}
    for step in sorted(steps, key=lambda step: step.depth):
        before = [gathers[link.source] for link in links if link.step == step.name
                  and link.source in gathers]  # fmt: skip
        if step.kind in _GATHERING:
            gathers[step.name] = step.name
        elif before:
            gathers[step.name] = before[0]
    return gathers


def _waiting(connection: Connection, revisions: Mapping[str, int], step: str) -> int:
    """Items that wait at a step that gathers them."""
    arrival = t.arrival.c
    chosen = select(func.count()).where(
        arrival.revision_id == revisions[step], arrival.task_id.is_(None)
    )
    return int(connection.execute(chosen).scalar_one())


def _means(connection: Connection) -> dict[str, float]:
    """The newest samples of cores, by name."""
    last = connection.execute(select(func.max(t.sample.c.id))).scalar() or 0
    sample = t.sample.c
    chosen = (
        select(sample.name, sample.value)
        .where(sample.id > last - _SAMPLES, sample.name.startswith("pace."))
        .order_by(sample.id)
    )
    return {name: float(value) for name, value in connection.execute(chosen)}


def _taken(connection: Connection) -> tuple[float, ...]:
    """When the newest exposures were taken, or found where that is not known or not believed."""
    column = t.exposure.c
    chosen = select(column.found, column.details).order_by(column.id.desc()).limit(NEWEST)
    rows = connection.execute(chosen).all()
    found = sorted(float(row.found) for row in rows)
    acquired = [_acquired_in(row.details) for row in rows]
    known = sorted(time for time in acquired if time is not None)
    if len(known) == len(found) and known and 0.0 <= found[-1] - known[-1] <= _AGREE:
        return tuple(known)
    return tuple(found)


@lru_cache(maxsize=2 * NEWEST)
def _acquired_in(details: str) -> float | None:
    """The same of details as they are stored; the same exposures are asked for again and again."""
    return acquired_at(json.loads(details))


def acquired_at(details: Mapping[str, Any]) -> float | None:
    """When the microscope took it, seconds since the epoch; a time without zone is local."""
    text = details.get("acquired") or details.get("written")
    try:
        return datetime.fromisoformat(text).timestamp() if text else None
    except (TypeError, ValueError):
        return None


def _ends(steps: Iterable[StepRecord]) -> float | None:
    """When the acquisition is to end, as a monitor was told."""
    for step in steps:
        text = step.parameters.get(ENDS) if step.kind == "monitor" else None
        if text:
            return datetime.fromisoformat(text).timestamp()
    return None
