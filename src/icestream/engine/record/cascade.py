"""Cascade: what follows when tasks end, within the transaction that records it.

When a task ends, the steps that it feeds are looked at for the same exposure: those whose inputs
are all there get a task, those whose inputs will not come are skipped with the reason, and a task
whose result is known already ends at once, which may go on down the graph. The work depends on
the number of exposures in the transaction and of steps in the workflow, never on the session.
"""

import heapq
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from icestream.engine.decisions.ready import Ready, rank_of
from icestream.engine.graph.joins import LIVE, Joined, Missing, Row
from icestream.engine.graph.plan import Plan, PlannedStep
from icestream.engine.record.applied import Applied, Memory, Twin
from icestream.engine.record.arrivals import Arrivals, Outcomes
from icestream.engine.record.corrections import Corrections, copy_qualities
from icestream.engine.record.gates import Fate, Gates
from icestream.engine.record.results import results_of
from icestream.engine.record.verdicts import Judged, judged, verdict_of
from icestream.model import ResultId, RevisionId, SubjectId, TaskId, TaskState, task_key
from icestream.store import tables as t
from icestream.store.events import (
    Event,
    TaskDone,
    TaskFailed,
    TaskSkipped,
)
from icestream.store.writing import Writes

__all__ = ["Cascade", "Known"]

_OF_SUBJECTS = select(
    t.task.c.id, t.task.c.revision_id, t.task.c.subject_id, t.task.c.state, t.task.c.passed,
    t.task.c.key, t.task.c.result_id, t.task.c.reason, t.task.c.corrected,
).where(
    t.task.c.subject_id.in_(bindparam("subjects", expanding=True)),
    t.task.c.revision_id.in_(bindparam("steps", expanding=True)),
)  # fmt: skip


class Cascade:
    """One transaction's worth of changed tasks, and what follows from them."""

    def __init__(self, plan: Plan, connection: Connection, writes: Writes, memory: Memory) -> None:
        self.plan = plan
        self.connection = connection
        self.writes = writes
        self.memory = memory
        self.applied = Applied()
        self.arrivals = Arrivals(connection, writes, memory.documents, self.applied)
        self.corrections = Corrections(connection, writes, memory.documents)
        self.gates = Gates(plan, connection, writes, self.arrivals, self.applied)
        self._rows: dict[SubjectId, dict[RevisionId, Row]] = {}
        self._queue: list[tuple[int, RevisionId, SubjectId]] = []
        self._queued: set[tuple[RevisionId, SubjectId]] = set()
        self.touched: set[SubjectId] = set()
        self.reopened: set[SubjectId] = set()

    def load(self, subjects: Iterable[SubjectId]) -> None:
        """Read the current tasks of subjects; the store is asked once for all of them."""
        wanted = [subject for subject in set(subjects) if subject not in self._rows]
        if not wanted:
            return
        for subject in wanted:
            self._rows[subject] = {}
        asked = {"subjects": wanted, "steps": list(self.plan.steps)}
        for columns in self.connection.execute(_OF_SUBJECTS, asked):
            row = Row(*columns)
            self._rows[row.subject][row.step] = row

    def rows(self, subject: SubjectId) -> dict[RevisionId, Row]:
        """The tasks of a subject by planned step; `load` it first."""
        return self._rows[subject]

    def add(self, step: PlannedStep, row: Row, inputs: str = "[]") -> None:
        """Insert a task, and look at what it feeds when it has ended already."""
        task = self.writes.insert(
            t.task,
            step_id=step.step,
            revision_id=step.id,
            subject_id=row.subject,
            key=row.key,
            inputs=inputs,
            state=row.state,
            passed=row.passed,
            rank=rank_of(step.depth, row.subject),
            result_id=row.result,
            reason=row.reason,
            corrected=row.corrected,
            **self._ending(step, row),
        )
        row.id = TaskId(task)
        self._rows[row.subject][step.id] = row
        self.writes.count(step.id, **{row.state: 1})
        self._after(step, row, before=None)

    def change(self, step: PlannedStep, row: Row, state: TaskState, **values: Any) -> None:
        """Move a task to another state, and look at what it feeds."""
        before = row.state
        if before == "done" and not row.passed:
            self.writes.count(step.id, rejected=-1)
        row.state = state
        row.passed = bool(values.get("passed", row.passed))
        row.reason = values.get("reason", row.reason)
        row.key = values.get("key", row.key)
        row.result = values.get("result_id", row.result)
        corrected = values.get("corrected", row.corrected if state == "done" else "")
        if corrected != row.corrected:
            row.corrected = values["corrected"] = corrected
        self.writes.update(t.task, row.id, state=state, **values, **self._ending(step, row))
        self.writes.count(step.id, **{before: -1})
        self.writes.count(step.id, **{state: 1})
        if before == "ready":
            self.applied.withdrawn[row.id] = step.id
        elif before == "held" and not step.protocol.holds:
            withheld = self.applied.withheld
            withheld[step.id] = withheld.get(step.id, 0) - 1
        self._after(step, row, before)

    def withhold(self, step: PlannedStep, row: Row, key: str = "", reason: str = "") -> None:
        """Let a task that is to start wait for another: one that does the same work just now.

        Or for that of another `key`, for a reason.
        """
        row.state = "held"
        reason = reason or "the same work is being done"
        self.writes.update(t.task, row.id, state="held", reason=reason)
        self.writes.count(step.id, ready=-1, held=1)
        self.applied.withheld[step.id] = self.applied.withheld.get(step.id, 0) + 1
        twins = self.applied.twins.setdefault(key or row.key, [])
        twins.append(Twin(row.id, step.id, row.subject))

    def release(self, key: str) -> None:
        """The work of a key is done, or is not being done any more: who waits for it goes on."""
        twins = self.memory.twins.get(key, [])
        if not twins or key in self.applied.released:
            return
        self.applied.released.add(key)
        self.writes.flush(self.connection)  # they may need what this transaction has made
        self.load(twin.subject for twin in twins)
        for twin in twins:
            step = self.plan.steps.get(twin.step)
            row = self._rows[twin.subject].get(twin.step)
            if step is None:  # its branch is gone; it is ready when that returns
                self.writes.update(t.task, twin.task, state="ready", reason="")
                self.writes.count(twin.step, held=-1, ready=1)
            elif row is not None and row.state == "held":
                known = self._known(step, [row]).get(row.key)
                if known is None:
                    self.change(step, row, "ready", reason="")
                else:
                    self.use(step, row, known)

    def use(self, step: PlannedStep, row: Row, known: "Known", **values: Any) -> None:
        """Take a result that exists for a task that has not run."""
        word = judged(self.connection, step.step, row.subject, known.word)
        self.writes.count(step.id, reused=1)
        copy_qualities(self.connection, self.writes, step, row.subject, known.result)
        row.key = values.get("key", row.key)
        made = self.corrections.of(step, row.subject, row.key, known.result)
        told = {"result_id": made.result, "passed": word.passed, "reason": word.reason}
        self.change(step, row, "done", corrected=made.key, **told, **values)

    def correct(self, step: PlannedStep, row: Row, by_hand: Collection[SubjectId]) -> None:
        """Let a task that is done have the result that people want of it.

        `by_hand` are the exposures for which somebody has corrected what the step found.
        """
        if row.state != "done" or not (row.corrected or row.subject in by_hand):
            return
        own = results_of(self.connection, [row.key]).get(row.key)
        if own is None:
            return  # it was cleaned up
        made = self.corrections.of(step, row.subject, row.key, own)
        if (made.result, made.key) != (row.result, row.corrected):
            if not made.key:
                copy_qualities(self.connection, self.writes, step, row.subject, own)
            self.change(step, row, "done", result_id=made.result, corrected=made.key)

    def known_results(self, step: PlannedStep, rows: list[Row]) -> dict[str, "Known"]:
        """Results that exist for the keys of tasks of a step that looks back."""
        return self._known(step, rows) if step.looks_back else {}

    def look(self, step: RevisionId, subject: SubjectId) -> None:
        """Have what follows look at a step for a subject."""
        planned = self.plan.steps[step]
        if (step, subject) not in self._queued and planned.takes(subject):
            self._queued.add((step, subject))
            heapq.heappush(self._queue, (planned.depth, step, subject))

    def look_again(self, step: RevisionId, subject: SubjectId) -> None:
        """Look at a step and judge the exposure anew, even if nothing changes."""
        if self.plan.steps[step].per_exposure and self.plan.steps[step].adopted:
            self.touched.add(subject)
            self.reopened.add(subject)
        self.look(step, subject)

    def next_look(self) -> tuple[PlannedStep, list[SubjectId]] | None:
        """A step that is to be looked at, the shallowest, and for which subjects."""
        if not self._queue:
            return None
        depth, revision, _ = self._queue[0]
        subjects = []
        while self._queue and self._queue[0][:2] == (depth, revision):
            subjects.append(heapq.heappop(self._queue)[2])
            self._queued.discard((revision, subjects[-1]))
        self.load(subjects)
        return self.plan.steps[revision], subjects

    def _ending(self, step: PlannedStep, row: Row) -> dict[str, Any]:
        if row.state in LIVE:
            return {}
        said: Event
        if row.state == "done":
            said = TaskDone(result=row.result, branch=step.beside)
        elif row.state == "failed":
            said = TaskFailed(reason=row.reason, branch=step.beside)
        else:
            said = TaskSkipped(reason=row.reason, branch=step.beside)
        seq = self.writes.event(said, step_id=step.step, subject_id=row.subject)
        return {"serial": seq, "ended": self.writes.now}

    def _after(self, step: PlannedStep, row: Row, before: TaskState | None) -> None:
        if step.per_exposure and step.adopted:
            self.touched.add(row.subject)
        if step.id in self.memory.made:
            self.applied.made[step.id, row.subject] = None  # its size is looked up at the end
        if row.state == "done":
            self.applied.new_results.add(step.id)
            if not row.passed:
                self.writes.count(step.id, rejected=1)
        elif row.state == "ready":
            rank = rank_of(step.depth, row.subject)
            self.applied.withdrawn.pop(row.id, None)
            self.applied.ready.append(Ready(rank, row.id, step.id))
        if before is not None and before not in LIVE:
            self.reopened.add(row.subject)
        if row.state not in LIVE or (before is not None and before not in LIVE):
            for consumer in step.consumers:
                self.look(consumer, row.subject)

    def join(self, step: PlannedStep, outcomes: Outcomes) -> None:
        """Give tasks to the subjects for which a step can do something, and skip the others."""
        wanted: list[tuple[Row, Joined]] = []
        known_rows: set[TaskId] = set()
        waiting: set[TaskId] = set()
        by_hand = self.corrections.standing(step, outcomes)
        for subject, outcome in outcomes.items():
            row = self._rows[subject].get(step.id)
            if isinstance(outcome, Missing):
                self._skip(step, subject, row, outcome)
            elif isinstance(outcome, Joined):
                key = _key(step, outcome)
                if row is None:
                    row = Row(TaskId(0), step.id, subject, "ready")
                elif row.key == key and row.state == "ready" and step.looks_back:
                    waiting.add(row.id)  # unless what it made before a revision is there
                elif row.key == key and row.state not in ("skipped", "held"):
                    self.correct(step, row, by_hand)
                    continue  # its inputs are what they were
                elif row.key == key and row.state == "held" and not step.protocol.holds:
                    continue  # it waits for another that does the same
                if row.id and row.key == key:
                    known_rows.add(row.id)
                row.key = key
                wanted.append((row, outcome))
        if step.protocol.holds:
            self._let_come(step, wanted, known_rows)
            return
        known = self._known(step, [row for row, _ in wanted])
        for row, outcome in wanted:
            if row.id not in waiting or row.key in known:
                self._enable(step, row, outcome, known.get(row.key))

    def _let_come(
        self, step: PlannedStep, wanted: list[tuple[Row, Joined]], same: set[TaskId]
    ) -> None:
        """Bring items to a trigger; nothing is said of those for which nothing is new."""
        self.gates.expect(step, [row.subject for row, _ in wanted])
        for row, joined in wanted:
            fate = self.gates.fate(step, row, joined)
            if row.id in same and fate == Fate(row.state, row.passed, row.reason):
                continue
            values = {"passed": fate.passed, "reason": fate.reason}
            if row.id:
                told = {"key": row.key, "inputs": _inputs(joined), "attempt": 0}
                self.change(step, row, fate.state, **told, **values)
                continue
            row.state, row.passed, row.reason = fate.state, fate.passed, fate.reason
            self.add(step, row, _inputs(joined))

    def _skip(
        self, step: PlannedStep, subject: SubjectId, row: Row | None, missing: Missing
    ) -> None:
        if row is not None and step.protocol.holds and row.state in ("held", "done"):
            self.gates.forget(step, subject)
        if row is None:
            self.add(step, Row(TaskId(0), step.id, subject, "skipped", reason=missing.reason))
        elif row.state != "skipped":
            self.change(step, row, "skipped", reason=missing.reason, passed=False)

    def _enable(self, step: PlannedStep, row: Row, joined: Joined, known: "Known | None") -> None:
        inputs = _inputs(joined)
        if row.id and known is not None:
            self.use(step, row, known, key=row.key, inputs=inputs, attempt=0)
            return
        state: TaskState = "ready"
        values: dict[str, Any] = {"reason": "", "passed": False}
        if known is not None:
            state = "done"
            word = judged(self.connection, step.step, row.subject, known.word)
            values = {"passed": word.passed, "reason": word.reason}
            self.writes.count(step.id, reused=1)
            copy_qualities(self.connection, self.writes, step, row.subject, known.result)
        if row.id:
            self.change(step, row, state, key=row.key, inputs=inputs, attempt=0, **values)
            return
        row.state, row.passed, row.reason = state, values["passed"], values["reason"]
        if known is not None:
            made = self.corrections.of(step, row.subject, row.key, known.result)
            row.result, row.corrected = made.result, made.key
        self.add(step, row, inputs)

    def _known(self, step: PlannedStep, rows: list[Row]) -> dict[str, "Known"]:
        """Results that exist for the keys of `rows`, and what they say; none whose files do not."""
        remade = self.memory.remade
        keys = [row.key for row in rows if (row.id or step.looks_back) and row.key not in remade]
        if not keys:
            return {}
        if not step.protocol.judges:
            there = results_of(self.connection, keys)
            return {key: Known(result_id, Judged()) for key, result_id in there.items()}
        result = t.result.c
        told = select(result.key, result.id, result.types, result.document)
        return {
            key: Known(result_id, verdict_of(types, document))
            for key, result_id, types, document in self.connection.execute(
                told.where(result.key.in_(keys))
            )
        }


@dataclass(frozen=True, slots=True)
class Known:
    """A result that exists, and what it says."""

    result: ResultId
    word: Judged


def _inputs(joined: Joined) -> str:
    """What goes into a task, as the store has it."""
    return json.dumps([[i.port, i.label, i.result, i.source_port] for i in joined.inputs])


def _key(step: PlannedStep, joined: Joined) -> str:
    inputs: dict[str, Any] = {}
    for input_ in joined.inputs:
        if step.protocol.agrees or input_.port in step.many:
            inputs.setdefault(input_.port, []).append([input_.label, input_.key])
        else:
            inputs[input_.port] = input_.key
    protocol = step.protocol
    return task_key(protocol.name, protocol.version, step.deciding, inputs)
