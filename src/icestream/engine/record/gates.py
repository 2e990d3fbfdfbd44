"""Gates: what becomes of an item that comes to a trigger or a sampler."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from icestream.engine.decisions.events import AtGate
from icestream.engine.graph.joins import Input, Joined, Row
from icestream.engine.graph.plan import Plan, PlannedStep
from icestream.engine.record.applied import Applied
from icestream.engine.record.arrivals import Arrivals, size_at
from icestream.engine.record.verdicts import Decided, words_on
from icestream.model import (
    Exposure,
    RevisionId,
    SubjectId,
    TaskState,
    from_document,
    qualities_of,
)
from icestream.protocol import Draw, Incoming, SampleProtocol, TriggerProtocol
from icestream.protocol.triggers import ticket_of
from icestream.store import tables as t
from icestream.store.writing import Writes

if TYPE_CHECKING:
    from icestream.engine.record.cascade import Cascade

__all__ = ["Fate", "Gates", "held_of", "let_go", "not_begun"]


@dataclass(frozen=True, slots=True)
class Fate:
    """State of an item at a trigger, whether it goes on, and why not."""

    state: TaskState
    passed: bool = False
    reason: str = ""


_PASSES = Fate("done", passed=True)
_WAITS = Fate("held")


@dataclass(slots=True)
class _Expected:
    """What the store has of the subjects that a transaction brings to a trigger."""

    rows: dict[SubjectId, Any] = field(default_factory=dict)
    words: Mapping[SubjectId, Decided] = field(default_factory=dict)


class Gates:
    """The gates of one transaction."""

    def __init__(
        self,
        plan: Plan,
        connection: Connection,
        writes: Writes,
        arrivals: Arrivals,
        applied: Applied,
    ) -> None:
        self._plan = plan
        self._connection = connection
        self._writes = writes
        self._arrivals = arrivals
        self._applied = applied
        self._expected = _Expected()
        self._taken: dict[tuple[RevisionId, str], int] = {}

    def expect(self, step: PlannedStep, subjects: Iterable[SubjectId]) -> None:
        """Read at once what is known of subjects that come to a trigger."""
        subjects = list(subjects)
        self._writes.flush(self._connection)  # exposures that were found just now are looked at
        rows = self._arrivals.there(step, dict.fromkeys(subjects))
        self._expected = _Expected(rows, words_on(self._connection, step.step, subjects))

    def fate(self, step: PlannedStep, row: Row, joined: Joined) -> Fate:
        """What becomes of an item: let through, held, or left out."""
        input_ = _held_input(step, joined)
        old = self._expected.rows.get(row.subject)
        word = self._expected.words.get(row.subject)
        if old is not None and old.went is not None:
            return _PASSES if word is None or word.accepted else _against(word)
        fate = self._of_people(word) or self._closed(step)
        if fate is not None:
            # What people let through alone opens nothing for others.
            self._leave(step, old, passed=False)
            return fate
        open_ = step.gate == "open" and not step.protocol.draws
        if old is None:
            known = open_ and cast("TriggerProtocol[Any]", step.protocol).closed_by() is None
            return _PASSES if known else self._come(step, row.subject, input_, joined)
        if not open_:
            return self._drawn_late(step, old) if step.protocol.draws else _WAITS
        self._leave(step, old, passed=True)
        return _PASSES

    def forget(self, step: PlannedStep, subject: SubjectId) -> None:
        """An item goes no further after all, or is to be seen as if it came anew."""
        for old in self._arrivals.there(step, {subject: None}).values():
            self._leave(step, old, passed=False)
            if old.went is not None:
                self._taken.pop((step.id, old.lot), None)

    def lot(self, subject: SubjectId) -> str:
        """The part of the stream that an expected subject has come in."""
        return str(self._expected.rows[subject].lot)

    def go(self, step: PlannedStep, subject: SubjectId, *, passed: bool) -> None:
        """Write down that an expected subject goes on, or no further."""
        self._leave(step, self._expected.rows.get(subject), passed=passed)

    def draw(self, step: PlannedStep, lot: str, name: str, *, closed: bool) -> bool | str | None:
        """Whether an exposure is in a sample: why not, where it is not; None where it waits."""
        protocol = cast("SampleProtocol[Any]", step.protocol)
        key = (step.id, lot)
        if key not in self._taken:
            self._taken[key] = self._count(step, lot)
        ticket = ticket_of(name, protocol.seed())
        draw = Draw(ticket=ticket, lot=lot, taken=self._taken[key], closed=closed)
        answer = protocol.draw(draw)
        if answer:
            self._taken[key] += 1
            return True
        return None if answer is None else protocol.left_out(draw)

    def names(self, subjects: Iterable[SubjectId]) -> dict[SubjectId, str]:
        """Names of subjects."""
        column = t.subject.c
        chosen = select(column.id, column.name).where(column.id.in_(list(subjects)))
        return {SubjectId(row.id): row.name for row in self._connection.execute(chosen)}

    def _of_people(self, word: Decided | None) -> Fate | None:
        if word is None:
            return None
        return _PASSES if word.accepted else _against(word)

    def _closed(self, step: PlannedStep) -> Fate | None:
        if step.closed:
            return Fate("skipped", reason=step.closed)
        if step.gate == "shut":
            return Fate("skipped", reason=f"held back by {step.name} until the stream had ended")
        return None

    def _come(self, step: PlannedStep, subject: SubjectId, input_: Input, joined: Joined) -> Fate:
        """An item comes for the first time, or once more after it was left out."""
        protocol = cast("TriggerProtocol[Any]", step.protocol)
        item = self._arrivals.item(step, input_)
        lot = str(protocol.lot_of(self._incoming(step, subject, item, joined)))
        size, now = size_at(step, item), self._writes.now
        went: float | None = None
        if protocol.draws:
            if step.gate == "open" or protocol.opened_by() is None:
                answer = self.draw(step, lot, self.names([subject])[subject], closed=False)
                if isinstance(answer, str):
                    return Fate("skipped", reason=answer)
                went = now if answer else None
        elif step.gate == "open" or (not protocol.shuts() and self._has_opened(step, lot)):
            went = now  # its part of the stream has opened before
        self._arrivals.write_down(step, subject, input_, size, lot=lot, came=now, went=went)
        passed = went is not None
        held = AtGate(step.id, lot, 1, size, when=now)
        self._applied.gates.append(
            AtGate(step.id, lot, passed_items=1, passed_size=size) if passed else held
        )
        return _PASSES if passed else _WAITS

    def _drawn_late(self, step: PlannedStep, old: Any) -> Fate:
        """An item that waits for another step to open the sampler, or for the end."""
        protocol = cast("TriggerProtocol[Any]", step.protocol)
        if step.gate != "open" and protocol.opened_by() is not None:
            return _WAITS
        subject = SubjectId(old.subject_id)
        answer = self.draw(step, old.lot, self.names([subject])[subject], closed=False)
        if answer is None:
            return _WAITS
        self._leave(step, old, passed=answer is True)
        return _PASSES if answer is True else Fate("skipped", reason=str(answer))

    def _leave(self, step: PlannedStep, old: Any, *, passed: bool) -> None:
        """What is held goes on, or goes no further; so does what has passed, perhaps."""
        if old is None:
            return
        ours = t.arrival.c.id == old.id
        if passed:
            self._connection.execute(update(t.arrival).where(ours).values(went=self._writes.now))
        else:
            self._connection.execute(delete(t.arrival).where(ours))
        if old.went is None:
            more = (1, old.size) if passed else (0, 0)
            self._applied.gates.append(AtGate(step.id, old.lot, -1, -old.size, *more))
        elif not passed:
            gone = AtGate(step.id, old.lot, passed_items=-1, passed_size=-old.size)
            self._applied.gates.append(gone)

    def _has_opened(self, step: PlannedStep, lot: str) -> bool:
        """Whether anything of a part of a stream was let through."""
        chosen = select(t.arrival.c.id).where(*_passed(step, lot)).limit(1)
        return self._connection.execute(chosen).scalar() is not None

    def _count(self, step: PlannedStep, lot: str) -> int:
        """Items of a part of a stream that were let through."""
        chosen = select(func.count()).select_from(t.arrival).where(*_passed(step, lot))
        return int(self._connection.execute(chosen).scalar() or 0)

    def _incoming(
        self, step: PlannedStep, subject: SubjectId, item: Any, joined: Joined
    ) -> Incoming:
        return Incoming(
            item, lambda: self._exposure(subject), lambda: self._measured(step, item, joined)
        )

    def _exposure(self, subject: SubjectId) -> Exposure | None:
        chosen = select(t.exposure.c.details).where(t.exposure.c.id == subject)
        details = self._connection.execute(chosen).scalar()
        if details is None:
            return None
        document = json.loads(details) or {"name": self.names([subject])[subject]}
        return from_document(Exposure, document)

    def _measured(self, step: PlannedStep, item: Any, joined: Joined) -> dict[str, float]:
        """Qualities of what is linked as evidence, and of the item itself."""
        qualities: dict[str, float] = {}
        for input_ in joined.inputs:
            if input_.port == "evidence":
                qualities |= qualities_of(self._evidence(step, input_))
        return {**qualities, **qualities_of(item)}

    def _evidence(self, step: PlannedStep, input_: Input) -> Any:
        """What was measured, as an item of the type that its step makes."""
        feeds = step.feeds[input_.port]
        feed = next(
            output for output in feeds if self._plan.steps[output.step].name == input_.label
        )
        maker, port = self._plan.maker(feed)
        kind = next(output.item for output in type(maker.protocol).outputs() if output.name == port)
        return self._arrivals.read(kind, input_)


def _passed(step: PlannedStep, lot: str) -> tuple[ColumnElement[bool], ...]:
    arrival = t.arrival.c
    return arrival.revision_id == step.id, arrival.lot == lot, arrival.went.is_not(None)


def _held_input(step: PlannedStep, joined: Joined) -> Input:
    """What is held, among the inputs: the others are looked at."""
    port = type(step.protocol).inputs()[0].name
    return next(input_ for input_ in joined.inputs if input_.port == port)


def _against(word: Decided) -> Fate:
    return Fate("done", passed=False, reason=word.why or f"rejected by {word.who}")


def held_of(
    connection: Connection, step: PlannedStep, lot: str, *, drawn: bool = False
) -> list[SubjectId]:
    """What a trigger holds of a part of its stream: as it came, or the lowest ticket first."""
    arrival, task = t.arrival.c, t.task.c
    chosen = (
        select(arrival.subject_id, t.subject.c.name)
        .join(
            t.task,
            (task.revision_id == arrival.revision_id) & (task.subject_id == arrival.subject_id),
        )
        .join(t.subject, t.subject.c.id == arrival.subject_id)
        .where(arrival.revision_id == step.id, arrival.lot == lot, task.state == "held")
        .order_by(arrival.id)
    )
    rows = connection.execute(chosen).all()
    if drawn:
        seed = cast("SampleProtocol[Any]", step.protocol).seed()
        rows = sorted(rows, key=lambda row: (ticket_of(row.name, seed), row.name))
    return [SubjectId(row.subject_id) for row in rows]


def not_begun(connection: Connection, step: PlannedStep) -> list[SubjectId]:
    """What a trigger has let through, and no step that it feeds has begun with."""
    task, other = t.task.c, t.task.alias()
    after = list(step.consumers)
    begun = select(other.c.id).where(
        other.c.revision_id.in_(after),
        other.c.subject_id == task.subject_id,
        other.c.state.not_in(("ready", "skipped")),
    )
    chosen = (
        select(task.subject_id)
        .distinct()
        .join(t.arrival, t.arrival.c.subject_id == task.subject_id)
        .where(task.revision_id.in_(after), task.state == "ready", ~begun.exists())
        .where(t.arrival.c.revision_id == step.id, t.arrival.c.went.is_not(None))
        .order_by(task.subject_id)
    )
    return [SubjectId(row[0]) for row in connection.execute(chosen)]


def let_go(cascade: "Cascade", step: PlannedStep, subjects: Sequence[SubjectId], how: str) -> None:
    """Let what is held go on, or no further; for a sample, as it is drawn now."""
    cascade.load(subjects)
    gates = cascade.gates
    gates.expect(step, subjects)
    names = gates.names(subjects)
    left_out = step.closed or f"held back by {step.name} until the stream had ended"
    for subject in subjects:
        row = cascade.rows(subject).get(step.id)
        if row is None or row.state != ("done" if how == "close" else "held"):
            continue
        reason = "" if how == "pass" else left_out
        if how == "draw":
            answer = gates.draw(step, gates.lot(subject), names[subject], closed=True)
            reason = "" if answer is True else str(answer or "not in the sample")
        gates.go(step, subject, passed=not reason)
        state: TaskState = "skipped" if reason else "done"
        cascade.change(step, row, state, passed=not reason, reason=reason)
