"""Cascade: what follows when tasks end, within the transaction that records it.

When a task ends, the steps that it feeds are looked at for the same exposure: those whose inputs
are all there get a task, those whose inputs will not come are skipped with the reason, and a task
whose result is known already ends at once, which may go on down the graph. The work depends on
the number of exposures in the transaction and of steps in the workflow, never on the session.
"""

import heapq
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from icestream.engine.decisions.ready import Ready, rank_of
from icestream.engine.graph.joins import LIVE, Joined, Missing, Row, join
from icestream.engine.graph.plan import Plan, PlannedStep
from icestream.engine.record.arrivals import Arrivals
from icestream.engine.record.documents import Documents
from icestream.engine.record.verdicts import Judged, judged, verdict_of
from icestream.model import task_key
from icestream.store import tables as t
from icestream.store.writing import Writes

__all__ = ["Applied", "Cascade"]


@dataclass(slots=True)
class Applied:
    """What a transaction changed that the coordinator keeps count of in memory."""

    ready: list[Ready] = field(default_factory=list)
    withdrawn: dict[int, int] = field(default_factory=dict)
    """Ready tasks that need not run after all: their steps by task."""
    arrived: dict[int, list[int]] = field(default_factory=dict)
    """Sizes of items that came to a batch or trigger step, by step."""
    left: dict[int, list[int]] = field(default_factory=dict)
    """Sizes of items that left it, in a batch or because they are missing after all."""
    new_results: set[int] = field(default_factory=set)
    """Steps that have new results."""


class Cascade:
    """One transaction's worth of changed tasks, and what follows from them."""

    def __init__(
        self, plan: Plan, connection: Connection, writes: Writes, order: str, documents: Documents
    ) -> None:
        self.plan = plan
        self.connection = connection
        self.writes = writes
        self.order = order
        self.documents = documents
        self.applied = Applied()
        moved = (self.applied.arrived, self.applied.left)
        self._arrivals = Arrivals(connection, writes, documents, moved)
        self._rows: dict[int, dict[int, Row]] = {}
        self._queue: list[tuple[int, int, int]] = []
        self._queued: set[tuple[int, int]] = set()
        self._touched: set[int] = set()
        self._reopened: set[int] = set()

    def remember(self, number: int, document: str) -> None:
        """Keep the document of a result that is written in this transaction."""
        self.documents.remember(number, document)

    def load(self, exposures: Iterable[int]) -> None:
        """Read the current tasks of exposures; the store is asked once for all of them."""
        wanted = [exposure for exposure in set(exposures) if exposure not in self._rows]
        if not wanted:
            return
        for exposure in wanted:
            self._rows[exposure] = {}
        task = t.task.c
        chosen = select(
            task.id, task.step_id, task.exposure_id, task.state, task.passed, task.key,
            task.result_id, task.reason,
        ).where(
            task.exposure_id.in_(wanted),
            task.revision_id.in_([step.revision_id for step in self.plan.steps.values()]),
        )  # fmt: skip
        for found in self.connection.execute(chosen):
            row = Row(*found)
            self._rows[row.exposure][row.step] = row

    def rows(self, exposure: int) -> dict[int, Row]:
        """The tasks of an exposure by step; `load` it first."""
        return self._rows[exposure]

    def add(self, step: PlannedStep, row: Row, inputs: str = "[]") -> None:
        """Insert a task, and look at what it feeds when it has ended already."""
        row.id = self.writes.insert(
            t.task,
            step_id=step.id,
            revision_id=step.revision_id,
            exposure_id=row.exposure,
            key=row.key,
            inputs=inputs,
            state=row.state,
            passed=row.passed,
            rank=rank_of(step.depth, row.exposure, self.order),
            result_id=row.result,
            reason=row.reason,
            **self._ending(step, row),
        )
        self._rows[row.exposure][step.id] = row
        self.writes.count(step.revision_id, **{row.state: 1})
        self._after(step, row, before=None)

    def change(self, step: PlannedStep, row: Row, state: str, **values: Any) -> None:
        """Move a task to another state, and look at what it feeds."""
        before = row.state
        if before == "done" and not row.passed:
            self.writes.count(step.revision_id, rejected=-1)
        row.state = state
        row.passed = bool(values.get("passed", row.passed))
        row.reason = values.get("reason", row.reason)
        row.key = values.get("key", row.key)
        row.result = values.get("result_id", row.result)
        self.writes.update(t.task, row.id, state=state, **values, **self._ending(step, row))
        self.writes.count(step.revision_id, **{before: -1})
        self.writes.count(step.revision_id, **{state: 1})
        if before == "ready":
            self.applied.withdrawn[row.id] = step.id
        self._after(step, row, before)

    def look(self, step: int, exposure: int) -> None:
        """Have `cascade` look at a step for an exposure."""
        if (step, exposure) not in self._queued:
            self._queued.add((step, exposure))
            heapq.heappush(self._queue, (self.plan.steps[step].depth, step, exposure))

    def look_again(self, step: int, exposure: int) -> None:
        """Look at a step and judge the exposure anew, even if nothing changes."""
        self._touched.add(exposure)
        self._reopened.add(exposure)
        self.look(step, exposure)

    def follow(self) -> Applied:
        """Follow everything that was changed down the graph, shallow steps first."""
        while self._queue:
            depth, number, _ = self._queue[0]
            step = self.plan.steps[number]
            exposures = []
            while self._queue and self._queue[0][:2] == (depth, number):
                exposures.append(heapq.heappop(self._queue)[2])
                self._queued.discard((number, exposures[-1]))
            self.load(exposures)
            if step.kind == "batch":
                found = {one: join(self.plan, step, self._rows[one]) for one in exposures}
                self._arrivals.gather(step, found)
            elif step.kind not in ("monitor", "source"):
                self._join(step, exposures)
        self._judge_exposures()
        return self.applied

    def _ending(self, step: PlannedStep, row: Row) -> dict[str, Any]:
        if row.state in LIVE:
            return {}
        said = {"result": row.result} if row.state == "done" else {"reason": row.reason}
        seq = self.writes.event(
            f"task.{row.state}", json.dumps(said), step_id=step.id, exposure_id=row.exposure
        )
        return {"serial": seq, "ended": self.writes.now}

    def _after(self, step: PlannedStep, row: Row, before: str | None) -> None:
        self._touched.add(row.exposure)
        if row.state == "done":
            self.applied.new_results.add(step.id)
            if not row.passed:
                self.writes.count(step.revision_id, rejected=1)
        elif row.state == "ready":
            rank = rank_of(step.depth, row.exposure, self.order)
            self.applied.withdrawn.pop(row.id, None)
            self.applied.ready.append(Ready(rank, row.id, step.id))
        if before is not None and before not in LIVE:
            self._reopened.add(row.exposure)
        if row.state not in LIVE or (before is not None and before not in LIVE):
            for consumer in step.consumers:
                self.look(consumer, row.exposure)

    def _join(self, step: PlannedStep, exposures: list[int]) -> None:
        wanted: list[tuple[Row, Joined]] = []
        waiting: set[int] = set()
        for exposure in exposures:
            rows = self._rows[exposure]
            row, found = rows.get(step.id), join(self.plan, step, rows)
            if isinstance(found, Missing):
                self._skip(step, exposure, row, found)
            elif isinstance(found, Joined):
                key = self._key(step, found)
                if row is None:
                    row = Row(0, step.id, exposure, "ready")
                elif row.key == key and row.state == "ready" and step.looks_back:
                    waiting.add(row.id)  # unless what it made before a revision is there
                elif row.key == key and row.state not in ("skipped", "held"):
                    continue  # its inputs are what they were
                row.key = key
                wanted.append((row, found))
        known = self._known(step, [row for row, _ in wanted])
        for row, found in wanted:
            if row.id not in waiting or row.key in known:
                self._enable(step, row, found, known.get(row.key))

    def _skip(self, step: PlannedStep, exposure: int, row: Row | None, missing: Missing) -> None:
        if row is None:
            self.add(step, Row(0, step.id, exposure, "skipped", reason=missing.reason))
        elif row.state != "skipped":
            self.change(step, row, "skipped", reason=missing.reason, passed=False)

    def _enable(
        self, step: PlannedStep, row: Row, found: Joined, known: tuple[int, Judged] | None
    ) -> None:
        inputs = json.dumps([[i.port, i.label, i.result, i.source_port] for i in found.inputs])
        state, values = "ready", {"reason": "", "passed": False}
        if step.kind == "trigger":
            state, reason = self._arrivals.at_gate(step, row, found.inputs[0])
            values |= {"reason": reason, "passed": state == "done"}
        elif known is not None:
            state = "done"
            word = judged(self.connection, step.id, row.exposure, known[1])
            values |= {"result_id": known[0], "passed": word.passed, "reason": word.reason}
            self.writes.count(step.revision_id, reused=1)
            self._copy_qualities(step, row.exposure, known[0])
        if row.id:
            self.change(step, row, state, key=row.key, inputs=inputs, attempt=0, **values)
            return
        row.state, row.passed = state, bool(values["passed"])
        row.result, row.reason = known[0] if known else None, str(values["reason"])
        self.add(step, row, inputs)

    def _key(self, step: PlannedStep, found: Joined) -> str:
        inputs: dict[str, Any] = {}
        for one in found.inputs:
            if step.kind == "consensus":
                inputs.setdefault(one.port, []).append([one.label, one.key])
            else:
                inputs[one.port] = one.key
        protocol = step.protocol
        return task_key(protocol.name, protocol.version, step.deciding, inputs)

    def _known(self, step: PlannedStep, rows: list[Row]) -> dict[str, tuple[int, Judged]]:
        """Results that exist for the keys of `rows`, and what they say."""
        keys = [row.key for row in rows if row.id or step.looks_back]
        if not keys or step.kind == "trigger":
            return {}
        result = t.result.c
        if step.kind != "selection":
            chosen = select(result.key, result.id).where(result.key.in_(keys))
            return {key: (number, Judged()) for key, number in self.connection.execute(chosen)}
        told = select(result.key, result.id, result.types, result.document)
        return {
            key: (number, verdict_of(types, document))
            for key, number, types, document in self.connection.execute(
                told.where(result.key.in_(keys))
            )
        }

    def _copy_qualities(self, step: PlannedStep, exposure: int, result: int) -> None:
        """Give the qualities of a result that is used again to the present revision."""
        chosen = select(t.quality.c.name, t.quality.c.value).where(t.quality.c.result_id == result)
        for name, value in {row[0]: row[1] for row in self.connection.execute(chosen)}.items():
            self.writes.insert(
                t.quality,
                step_id=step.id,
                revision_id=step.revision_id,
                exposure_id=exposure,
                result_id=result,
                name=name,
                value=value,
            )

    def _judge_exposures(self) -> None:
        """Write the state of every exposure that has come to an end, or goes on again."""
        expected = [
            step
            for step in self.plan.steps.values()
            if step.per_exposure and not self.plan.snapshots_feed(step)
        ]
        for exposure in self._touched:
            if exposure > 0:
                state, reasons = _judge(expected, self._rows[exposure])
                if state != "going" or exposure in self._reopened:
                    self.writes.update(
                        t.exposure, exposure, state=state, reasons=json.dumps(reasons)
                    )


def _judge(expected: list[PlannedStep], rows: dict[int, Row]) -> tuple[str, list[str]]:
    """State of an exposure with these tasks, and the reasons for it."""
    failed, rejected, live = [], [], False
    feeding = {feed.step for step in expected for feeds in step.sources.values() for feed in feeds}
    arrived = True
    for step in expected:
        row = rows.get(step.id)
        if step.id not in feeding and (row is None or row.state != "done" or not row.passed):
            arrived = False
        if row is None or row.state in LIVE:
            live = True
        elif row.state == "failed":
            failed.append(f"{step.name}: {row.reason}")
        elif row.state == "done" and not row.passed:
            rejected.append(f"{step.name}: {row.reason or 'rejected'}")
        elif row.state == "skipped" and step.kind in ("trigger", "consensus"):
            rejected.append(f"{step.name}: {row.reason}")
    if live:
        return "going", []
    if arrived:
        return "done", []  # whatever was lost on the way: a candidate of a consensus, say
    if failed:
        return "failed", failed
    return ("rejected", rejected) if rejected else ("done", [])
