"""What has to be run again since something was changed, and the results that stand until it is.

A change gives a step, and all that depends on it, new revisions, which have nothing yet. The
results of the revisions before are kept, and they are the session's last complete ones until every
exposure that had a result has another: a person who looks, or exports, in between is shown these.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from icestream.store import tables as t
from icestream.store.event_reading import read_event
from icestream.store.events import (
    BranchAdopted,
    ChangeUndone,
    StepAdded,
    StepRemoved,
    StepRevised,
)
from icestream.store.open import Store
from icestream.store.records import RerunRecord, StandingRecord

__all__ = ["Reruns", "rerun_words", "reruns", "told_state", "undoing"]

_CHANGES = tuple(kind.kind for kind in (StepAdded, StepRevised, StepRemoved, BranchAdopted))
_LIVE = ("ready", "running", "held")
_OVER = ("done", "failed")
"""States of a step that makes nothing more."""


@dataclass(frozen=True, slots=True)
class Reruns:
    """What waits to be run again; empty, and nothing stands, where all results are of now."""

    steps: tuple[RerunRecord, ...] = ()
    standing: StandingRecord | None = None
    """The last complete results; None where nothing waits, or nobody knows what was before."""

    def __bool__(self) -> bool:
        return bool(self.steps)

    @property
    def exposures(self) -> int:
        """Exposures, or groups, that wait at the step where most do."""
        return max((step.waiting for step in self.steps), default=0)


def reruns(store: Store) -> Reruns:
    """What waits to be run again in the branch that is adopted.

    It costs nothing for a session in which nothing was changed, or all is done again.
    """
    with store.read() as connection:
        rows = _members(connection)
        if not (any(map(_is_open, rows.values())) and _has_siblings(connection, rows)):
            return Reruns()
        states = list(_states(connection))
        now = frozenset(row.id for row in rows.values())
        if not states or states[-1].revisions != now:
            return Reruns()  # a session of before such changes were told
        steps = _waiting(connection, states)
        if not steps:
            return Reruns()
        ordered = sorted(steps, key=lambda step: rows[step.step].depth)
        return Reruns(tuple(ordered), _standing(connection, states))


def undoing(store: Store) -> StandingRecord:
    """What the adopted branch was before its last change that was not taken back.

    Raises
    ------
    LookupError
        If there was none.
    """
    with store.read() as connection:
        chosen = select(t.event.c.time).where(t.event.c.kind == ChangeUndone.kind)
        undone = set(connection.execute(chosen).scalars())
        now = frozenset(row.id for row in _members(connection).values())
        kept: list[_State] = []
        for state in _states(connection, branches=True):
            if state.time in undone and len(kept) > 1:
                kept.pop()
            else:
                kept.append(state)
        if len(kept) < 2 or kept[-1].revisions != now:
            raise LookupError("nothing was changed in this session that could be taken back")
        return _record(connection, kept[-2], until=kept[-1])


def told_state(state: str, reason: str, again: Reruns, asked: int = 0) -> tuple[str, str]:
    """State of a session and its reason, as people are told: where work waits, it is not done.

    `asked` is how many requests nobody has answered yet.
    """
    if state != "done" or not (again or asked):
        return state, reason
    if again:
        return "stopped", f"{_names(again)} {_wait(again)} to be run again"
    return "stopped", f"{asked} {'request waits' if asked == 1 else 'requests wait'}"


def rerun_words(again: Reruns, *, runs: bool) -> str:
    """What waits, such as ``ctf and pick wait to be run again, for 12 exposures``.

    Where a process `runs` the session, it is at it.
    """
    count = again.exposures
    many = f"{count} exposure{'' if count == 1 else 's'}"
    if runs:
        are = "is" if len(again.steps) == 1 else "are"
        return f"{_names(again)} {are} being run again{f': {many} to go' if count else ''}"
    return f"{_names(again)} {_wait(again)} to be run again{f', for {many}' if count else ''}"


def _names(again: Reruns) -> str:
    names = [step.step for step in again.steps]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _wait(again: Reruns) -> str:
    return "waits" if len(again.steps) == 1 else "wait"


@dataclass(frozen=True, slots=True)
class _State:
    """The revisions that the adopted branch had from some moment on."""

    time: float
    who: str
    branch: str
    steps: Mapping[int, int]
    """Revision by step."""

    @property
    def revisions(self) -> frozenset[int]:
        return frozenset(self.steps.values())


def _members(connection: Connection) -> dict[str, Any]:
    """Revisions of the adopted branch with their counts, by the name of the step."""
    counted = [t.counter.c[name] for name in (*_LIVE, "done")]
    chosen = (
        select(t.step.c.name, t.revision, *counted)
        .join(t.member, t.member.c.revision_id == t.revision.c.id)
        .join(t.session, t.session.c.branch_id == t.member.c.branch_id)
        .join(t.step, t.step.c.id == t.revision.c.step_id)
        .outerjoin(t.counter, t.counter.c.revision_id == t.revision.c.id)
    )
    return {row.name: row for row in connection.execute(chosen)}


def _is_open(row: Any) -> bool:
    """Whether a revision has work, or has not looked at all that was there before it."""
    if row.kind == "monitor":
        return False
    if row.kind == "batch" and not row.done:
        return row.state not in _OVER  # what comes in has to be enough for a batch first
    return row.backfill is not None or any((row.ready, row.running, row.held))


def _has_siblings(connection: Connection, rows: Mapping[str, Any]) -> bool:
    """Whether another revision of a step has made something."""
    chosen = (
        select(t.revision.c.id)
        .join(t.counter, t.counter.c.revision_id == t.revision.c.id)
        .where(
            t.revision.c.step_id.in_([row.step_id for row in rows.values()]),
            t.revision.c.id.not_in([row.id for row in rows.values()]),
            t.counter.c.done > 0,
        )
        .limit(1)
    )
    return connection.execute(chosen).first() is not None


@dataclass(slots=True)
class _Replay:
    """The branches of a session, as its events tell of them."""

    numbers: Mapping[tuple[int, int], int]
    """Revision by step and number."""
    branches: dict[str, dict[int, int]] = field(default_factory=dict)
    adopted: str = "main"

    def take(self, step: int | None, event: Any) -> None:
        if isinstance(event, BranchAdopted):
            self.adopted = event.branch
        elif isinstance(event, StepAdded | StepRevised) and step is not None:
            revision = self.numbers.get((step, event.revision))
            if revision is not None:
                self.branches.setdefault(event.branch, {})[step] = revision
        elif isinstance(event, StepRemoved) and step is not None:
            self.branches.get(event.branch, {}).pop(step, None)


def _states(connection: Connection, *, branches: bool = False) -> Iterator[_State]:
    """What the adopted branch has been, the oldest first.

    That another of the same steps was adopted counts where `branches` do.
    """
    rows = connection.execute(select(t.revision)).all()
    replay = _Replay({(row.step_id, row.number): row.id for row in rows})
    chosen = select(t.event).where(t.event.c.kind.in_(_CHANGES)).order_by(t.event.c.seq)
    last: _State | None = None
    for row in connection.execute(chosen).all():
        event = read_event(row.kind, json.loads(row.document))
        replay.take(row.step_id, event)
        steps = dict(replay.branches.get(replay.adopted, {}))
        who = str(getattr(event, "who", ""))
        state = _State(row.time, who, replay.adopted, steps)
        changed = last is None or last.steps != state.steps
        changed = changed or (branches and last is not None and last.branch != state.branch)
        if last is not None and last.time != state.time and changed:
            yield last  # what is changed at one moment is one change
        if changed:
            last = state
    if last is not None:
        yield last


def _standing(connection: Connection, states: Sequence[_State]) -> StandingRecord | None:
    """The last of the states before the present one in which nothing waited."""
    for place in range(len(states) - 1, 0, -1):
        before = states[:place]
        if not _waiting(connection, before):
            return _record(connection, before[-1], until=states[place])
    return None


def _record(connection: Connection, state: _State, until: _State) -> StandingRecord:
    chosen = (
        select(t.step.c.name, t.revision.c.number)
        .join(t.step, t.step.c.id == t.revision.c.step_id)
        .where(t.revision.c.id.in_(sorted(state.revisions)))
        .order_by(t.revision.c.depth, t.step.c.id)
    )
    return StandingRecord(
        branch=state.branch,
        revisions=state.revisions,
        steps={row.name: row.number for row in connection.execute(chosen)},
        until=until.time,
        who=until.who,
    )


def _waiting(connection: Connection, states: Sequence[_State]) -> list[RerunRecord]:
    """Steps of the last state that have less than those of the states before it had made."""
    state = states[-1]
    found: dict[int, RerunRecord] = {}
    of_batches: set[int] = set()
    for row in sorted(_revision_rows(connection, state), key=lambda row: (row.depth, row.step_id)):
        feeding = {link.source_id for link in _links(connection, row.id)}
        if row.kind == "batch" or feeding & of_batches:
            of_batches.add(row.step_id)
        others = {
            before.steps[row.step_id] for before in states[:-1] if row.step_id in before.steps
        } - {row.id}
        record = None
        if others and row.step_id in of_batches:
            record = _of_batches(connection, row, others, fed=bool(feeding & found.keys()))
        elif others:
            record = _of_exposures(connection, row, others)
        if record is not None:
            found[row.step_id] = record
    return list(found.values())


def _revision_rows(connection: Connection, state: _State) -> Sequence[Any]:
    chosen = (
        select(t.step.c.name, t.revision, *(t.counter.c[name] for name in (*_LIVE, "done")))
        .join(t.step, t.step.c.id == t.revision.c.step_id)
        .outerjoin(t.counter, t.counter.c.revision_id == t.revision.c.id)
        .where(t.revision.c.id.in_(sorted(state.revisions)), t.revision.c.kind != "monitor")
    )
    return connection.execute(chosen).all()


def _links(connection: Connection, revision: int) -> Sequence[Any]:
    return connection.execute(select(t.link).where(t.link.c.revision_id == revision)).all()


def _of_exposures(connection: Connection, row: Any, others: set[int]) -> RerunRecord | None:
    """How many exposures or groups have a result of a step in other revisions, and not in this."""
    old, new = t.task.alias("old"), t.task.alias("new")
    made = (old.c.revision_id.in_(others), old.c.state == "done")
    same = and_(new.c.revision_id == row.id, new.c.subject_id == old.c.subject_id)
    lacks = or_(new.c.id.is_(None), new.c.state.in_(_LIVE))
    counted = func.count(old.c.subject_id.distinct())
    lacking = select(counted).select_from(old.outerjoin(new, same)).where(*made, lacks)
    waiting = int(connection.execute(lacking).scalar_one())
    if not waiting:
        return None
    before = int(connection.execute(select(counted).where(*made)).scalar_one())
    return RerunRecord(step=row.name, kind=row.kind, waiting=waiting, before=before)


def _of_batches(
    connection: Connection, row: Any, others: set[int], *, fed: bool
) -> RerunRecord | None:
    """Whether a step had batches and has none of now, or is to be fed again.

    Batches are of a revision: which of them there will be again, nobody knows.
    """
    made = select(func.max(t.counter.c.done)).where(t.counter.c.revision_id.in_(others))
    before = int(connection.execute(made).scalar() or 0)
    # One that has ended with none has too little for one now; one at work has as many to catch up.
    at_work = any(getattr(row, name) for name in _LIVE)
    over = row.state in _OVER or (row.done and not (at_work and row.done < before))
    if not before or (over and not fed):
        return None
    return RerunRecord(step=row.name, kind="batch", waiting=0, before=before)
