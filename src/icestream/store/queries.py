"""Reading a session: plain functions from a store to frozen records.

Every function that returns a growing list takes ``after`` and ``limit`` and reads only what it
returns, so a reader can follow a session of any length. ``after`` is the `serial`, `seq` or `id`
of the last record that the reader has seen; 0 starts at the beginning. Documents hold paths
inside the session relative to its folder; `icestream.store.items` makes the items.
"""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, Subquery, and_, func, select

from icestream.alike import hint
from icestream.store import tables as t
from icestream.store.current import Branch, number_of
from icestream.store.current import current as current_of
from icestream.store.events import BranchCreated
from icestream.store.kinds import numbers_of_kinds
from icestream.store.mutes import MuteRecord, mute_of, mutes
from icestream.store.named import exposure_id
from icestream.store.open import Store
from icestream.store.records import (
    AlertRecord,
    BranchRecord,
    Counts,
    DecisionRecord,
    EpochRecord,
    EventRecord,
    ExposureRecord,
    FailureRecord,
    LinkRecord,
    QualityRecord,
    ResultRecord,
    RevisionRecord,
    SampleRecord,
    SessionRecord,
    StepRecord,
    WorkflowRecord,
)
from icestream.store.results import result_of_row

__all__ = [
    "alerts",
    "branches",
    "count_exposures",
    "decisions",
    "epochs",
    "events",
    "exposure",
    "exposures",
    "failures",
    "failures_of",
    "figures",
    "latest_results",
    "qualities",
    "results",
    "results_among",
    "results_of",
    "revisions",
    "samples",
    "session",
    "step",
    "steps",
    "workflow",
]

_COUNTS = tuple(column.name for column in t.counter.columns if column.name != "revision_id")


def session(store: Store) -> SessionRecord:
    """Facts of the session."""
    with store.read() as connection:
        chosen = select(t.session, t.branch.c.name.label("branch")).join(
            t.branch, t.branch.c.id == t.session.c.branch_id
        )
        row = connection.execute(chosen).one()
    facts = row._asdict()
    return SessionRecord(**{k: v for k, v in facts.items() if k not in ("id", "branch_id")})


def branches(store: Store) -> tuple[BranchRecord, ...]:
    """All branches of the session, the oldest first."""
    chosen = (
        select(t.branch, t.session.c.id.label("adopting"))
        .outerjoin(t.session, t.session.c.branch_id == t.branch.c.id)
        .order_by(t.branch.c.id)
    )
    made = select(t.event.c.document).where(t.event.c.kind == BranchCreated.kind)
    with store.read() as connection:
        rows = connection.execute(chosen).all()
        # Whoever has one branch only need not look through all events.
        documents = connection.execute(made).scalars().all() if len(rows) > 1 else []
        bases = {one["branch"]: one.get("base", "") for one in map(json.loads, documents)}
        return tuple(
            BranchRecord(
                base=bases.get(row.name, ""),
                name=row.name,
                workflow=row.workflow,
                state=row.state,
                adopted=row.adopting is not None,
                sample=None if row.sample is None else len(json.loads(row.sample)),
                created=row.created,
                who=row.who,
            )
            for row in rows
        )


def steps(store: Store, *, branch: Branch = None) -> tuple[StepRecord, ...]:
    """All steps of a branch with their states and counts, sources first."""
    with store.read() as connection:
        current = current_of(connection, branch)
        chosen = (
            select(current.c.id.label("step_id"), current.c.name, t.revision)
            .add_columns(*(t.counter.c[name] for name in _COUNTS))
            .join(t.revision, t.revision.c.id == current.c.revision_id)
            .outerjoin(t.counter, t.counter.c.revision_id == t.revision.c.id)
            .order_by(t.revision.c.depth, current.c.id)
        )
        return tuple(_step(row) for row in connection.execute(chosen))


def step(store: Store, name: str, *, branch: Branch = None) -> StepRecord:
    """The step called `name`; LookupError names those that exist."""
    records = steps(store, branch=branch)
    for record in records:
        if record.name == name:
            return record
    raise LookupError(
        f"no step {name!r} in this session; it has {', '.join(record.name for record in records)}"
        f"{hint(name, [record.name for record in records])}"
    )


def workflow(store: Store, *, branch: Branch = None) -> WorkflowRecord:
    """The graph that a branch of the session runs."""
    with store.read() as connection:
        current = current_of(connection, branch)
        chosen = (
            select(current.c.name, t.link.c.port, t.step.c.name, t.link.c.source_port)
            .join(t.link, t.link.c.revision_id == current.c.revision_id)
            .join(t.step, t.step.c.id == t.link.c.source_id)
            .order_by(t.link.c.id)
        )
        links = tuple(
            LinkRecord(step=row[0], port=row[1], source=row[2], source_port=row[3])
            for row in connection.execute(chosen)
        )
        named = select(t.branch.c.workflow).where(t.branch.c.id == number_of(connection, branch))
        name = str(connection.execute(named).scalar_one())
    return WorkflowRecord(name=name, steps=steps(store, branch=branch), links=links)


def revisions(store: Store, step: str) -> tuple[RevisionRecord, ...]:
    """All revisions of a step, the oldest first."""
    chosen = (
        select(t.revision)
        .join(t.step, t.step.c.id == t.revision.c.step_id)
        .where(t.step.c.name == step)
        .order_by(t.revision.c.number)
    )
    with store.read() as connection:
        return tuple(
            RevisionRecord(
                step=step,
                number=row.number,
                parameters=json.loads(row.parameters),
                changed=json.loads(row.changed),
                version=row.version,
                created=row.created,
                who=row.who,
            )
            for row in connection.execute(chosen)
        )


def exposures(
    store: Store,
    *,
    after: int = 0,
    limit: int = 200,
    state: str | None = None,
    newest: bool = False,
    branch: Branch = None,
) -> tuple[ExposureRecord, ...]:
    """A page of exposures in order of arrival, or newest first (then `after` counts down)."""
    chosen = _every_exposure().limit(limit)
    if state is not None:
        chosen = chosen.where(t.exposure.c.state == state)
    if newest:
        chosen = chosen.order_by(t.exposure.c.id.desc())
        chosen = chosen.where(t.exposure.c.id < after) if after else chosen
    else:
        chosen = chosen.where(t.exposure.c.id > after).order_by(t.exposure.c.id)
    with store.read() as connection:
        rows = connection.execute(chosen).all()
        return _exposures(connection, rows, branch)


def exposure(store: Store, name: str, *, branch: Branch = None) -> ExposureRecord:
    """The exposure called `name`; LookupError when there is none."""
    with store.read() as connection:
        rows = connection.execute(
            _every_exposure().where(t.exposure.c.id == exposure_id(name))
        ).all()
        if not rows:
            raise LookupError(f"no exposure {name!r} in {store.folder}")
        return _exposures(connection, rows, branch)[0]


def count_exposures(store: Store) -> dict[str, int]:
    """Number of exposures in each state: going, done, rejected, failed."""
    chosen = select(t.exposure.c.state, func.count()).group_by(t.exposure.c.state)
    with store.read() as connection:
        counts = {row[0]: row[1] for row in connection.execute(chosen)}
    return {state: counts.get(state, 0) for state in ("going", "done", "rejected", "failed")}


def qualities(
    store: Store,
    *,
    after: int = 0,
    limit: int = 10_000,
    names: Iterable[str] | None = None,
    exposure: str | None = None,
    branch: Branch = None,
) -> tuple[QualityRecord, ...]:
    """Measured qualities of current revisions, in order of commit."""
    with store.read() as connection:
        current = current_of(connection, branch)
        chosen = (
            select(
                t.quality.c.id,
                current.c.name.label("step"),
                t.subject.c.kind,
                t.subject.c.name.label("subject"),
                t.quality.c.subject_id,
                t.quality.c.name,
                t.quality.c.value,
            )
            .join(current, current.c.revision_id == t.quality.c.revision_id)
            .join(t.subject, t.subject.c.id == t.quality.c.subject_id)
            .where(t.quality.c.id > after)
            .order_by(t.quality.c.id)
            .limit(limit)
        )
        if names is not None:
            chosen = chosen.where(t.quality.c.name.in_(list(names)))
        if exposure is not None:
            chosen = chosen.where(t.quality.c.subject_id == exposure_id(exposure))
        return tuple(
            QualityRecord(
                id=row.id,
                step=row.step,
                exposure=row.subject if row.kind == "exposure" else "",
                subject_id=row.subject_id,
                name=row.name,
                value=row.value,
            )
            for row in connection.execute(chosen)
        )


def results(
    store: Store, step: str, *, after: int = 0, limit: int = 1000, branch: Branch = None
) -> tuple[ResultRecord, ...]:
    """Results of a step's current revision, in order of commit."""
    with store.read() as connection:
        current = current_of(connection, branch)
        chosen = (
            _results(current)
            .where(current.c.name == step, t.task.c.serial > after)
            .order_by(t.task.c.serial)
            .limit(limit)
        )
        return tuple(result_of_row(row) for row in connection.execute(chosen))


def latest_results(
    store: Store, step: str, *, limit: int = 50, branch: Branch = None
) -> tuple[ResultRecord, ...]:
    """The newest results of a step's current revision, oldest first."""
    with store.read() as connection:
        current = current_of(connection, branch)
        chosen = _results(current).where(current.c.name == step)
        newest = connection.execute(chosen.order_by(t.task.c.serial.desc()).limit(limit)).all()
        return tuple(result_of_row(row) for row in reversed(newest))


def results_of(store: Store, exposure: str, *, branch: Branch = None) -> dict[str, ResultRecord]:
    """All current results of an exposure, by step."""
    with store.read() as connection:
        current = current_of(connection, branch)
        ours = t.task.c.subject_id == exposure_id(exposure)
        chosen = _results(current).where(ours).order_by(t.revision.c.depth)
        return {row.step: result_of_row(row) for row in connection.execute(chosen)}


def results_among(
    store: Store, exposures: Sequence[int], steps: Sequence[str], *, branch: Branch = None
) -> dict[int, dict[str, ResultRecord]]:
    """Current results of some steps of some exposures, by their ids and by step."""
    found: dict[int, dict[str, ResultRecord]] = {exposure: {} for exposure in exposures}
    with store.read() as connection:
        current = current_of(connection, branch)
        chosen = _results(current).add_columns(t.task.c.subject_id).where(current.c.name.in_(steps))
        for row in connection.execute(chosen.where(t.task.c.subject_id.in_(exposures))):
            found[row.subject_id][row.step] = result_of_row(row)
    return found


def failures(
    store: Store,
    *,
    step: str | None = None,
    after: int = 0,
    limit: int = 1000,
    branch: Branch = None,
    states: Sequence[str] = ("failed", "skipped"),
) -> tuple[FailureRecord, ...]:
    """Failed and skipped tasks of current revisions, in order."""
    with store.read() as connection:
        current = current_of(connection, branch)
        chosen = (
            _ended(current)
            .where(t.task.c.state.in_(states), t.task.c.serial > after)
            .order_by(t.task.c.serial)
            .limit(limit)
        )
        if step is not None:
            chosen = chosen.where(current.c.name == step)
        return tuple(map(_failure, connection.execute(chosen)))


def failures_of(store: Store, exposure: str, *, branch: Branch = None) -> tuple[FailureRecord, ...]:
    """Failed and skipped tasks of an exposure, in order."""
    with store.read() as connection:
        chosen = _ended(current_of(connection, branch)).where(
            t.task.c.subject_id == exposure_id(exposure),
            t.task.c.state.in_(("failed", "skipped")),
        )
        return tuple(map(_failure, connection.execute(chosen.order_by(t.task.c.serial))))


def alerts(
    store: Store, *, open_only: bool = True, after: int = 0, limit: int = 1000
) -> tuple[AlertRecord, ...]:
    """Alerts that hold now, or all there have been, in order of raising."""
    chosen = (
        select(t.alert, t.step.c.name.label("step"), t.branch.c.name.label("branch"))
        .outerjoin(t.step, t.step.c.id == t.alert.c.step_id)
        .outerjoin(t.branch, t.branch.c.id == t.alert.c.branch_id)
        .where(t.alert.c.id > after)
        .order_by(t.alert.c.id)
        .limit(limit)
    )
    if open_only:
        chosen = chosen.where(t.alert.c.cleared.is_(None))
    with store.read() as connection:
        held = mutes(connection, time.time())
        return tuple(
            AlertRecord(
                id=row.id,
                step=row.step or "",
                branch=row.branch or "",
                key=row.key,
                level=row.level,
                message=row.message,
                exposure=row.exposure or "",
                raised=row.raised,
                cleared=row.cleared,
                acknowledged=row.acknowledged,
                acknowledged_by=row.acknowledged_by,
                offer=json.loads(row.offer) if row.offer else None,
                adopted=row.adopted,
                adopted_by=row.adopted_by,
                acknowledged_why=row.acknowledged_why,
                began=row.began,
                extent=json.loads(row.extent) if row.extent else None,
                cause=row.cause,
                **_muted(held, row),
            )
            for row in connection.execute(chosen)
        )


def _muted(held: Iterable[MuteRecord], row: Any) -> dict[str, Any]:
    """Of an alert that holds: until when it is muted, by whom and why."""
    mute = mute_of(held, row.key, row.step_id) if row.cleared is None else None
    if mute is None:
        return {}
    return {"muted": mute.until, "muted_by": mute.who, "muted_why": mute.why}


def samples(
    store: Store, *, after: int = 0, limit: int = 10_000, names: Iterable[str] | None = None
) -> tuple[SampleRecord, ...]:
    """Values that monitors measured, in order."""
    chosen = select(t.sample).where(t.sample.c.id > after).order_by(t.sample.c.id).limit(limit)
    if names is not None:
        chosen = chosen.where(t.sample.c.name.in_(list(names)))
    with store.read() as connection:
        return tuple(SampleRecord(**row._mapping) for row in connection.execute(chosen))  # noqa: SLF001


def figures(store: Store) -> dict[str, tuple[Mapping[str, Any], ...]]:
    """What each monitor drew at its last inspection, as documents, by step."""
    chosen = select(t.step.c.name, t.figure.c.document).join(
        t.step, t.step.c.id == t.figure.c.step_id
    )
    with store.read() as connection:
        return {row[0]: tuple(json.loads(row[1])) for row in connection.execute(chosen)}


def events(
    store: Store, *, after: int = 0, limit: int = 1000, kinds: Iterable[str] | None = None
) -> tuple[EventRecord, ...]:
    """What happened, in order."""
    chosen = (
        select(t.event, t.step.c.name.label("step"), t.subject.c.name.label("subject"))
        .add_columns(t.subject.c.kind.label("about"))
        .outerjoin(t.step, t.step.c.id == t.event.c.step_id)
        .outerjoin(t.subject, t.subject.c.id == t.event.c.subject_id)
        .where(t.event.c.seq > after)
        .order_by(t.event.c.seq)
        .limit(limit)
    )
    if kinds is not None:
        chosen = chosen.where(t.event.c.seq.in_(numbers_of_kinds(kinds, after=after, limit=limit)))
    with store.read() as connection:
        return tuple(
            EventRecord(
                seq=row.seq,
                time=row.time,
                kind=row.kind,
                step=row.step or "",
                exposure=row.subject if row.about == "exposure" else "",
                subject=row.subject or "",
                document=json.loads(row.document),
            )
            for row in connection.execute(chosen)
        )


def decisions(store: Store, *, exposure: str | None = None) -> tuple[DecisionRecord, ...]:
    """What people decided, in order; the last word on an exposure holds."""
    chosen = (
        select(t.decision, t.step.c.name.label("step"), t.subject.c.name.label("exposure"))
        .join(t.step, t.step.c.id == t.decision.c.step_id)
        .join(t.subject, t.subject.c.id == t.decision.c.subject_id)
        .order_by(t.decision.c.id)
    )
    if exposure is not None:
        chosen = chosen.where(t.decision.c.subject_id == exposure_id(exposure))
    with store.read() as connection:
        return tuple(
            DecisionRecord(
                step=row.step,
                exposure=row.exposure,
                accepted=row.accepted,
                who=row.who,
                why=row.why,
                time=row.time,
            )
            for row in connection.execute(chosen)
        )


def epochs(store: Store) -> tuple[EpochRecord, ...]:
    """The coordinators that ran the session, in order, with the software that each had."""
    with store.read() as connection:
        return tuple(
            EpochRecord(
                number=row.id,
                started=row.started,
                holder=row.holder,
                software=json.loads(row.software),
                host=row.host,
                folder=row.folder,
            )
            for row in connection.execute(select(t.epoch).order_by(t.epoch.c.id))
        )


def _every_exposure() -> Select[Any]:
    return select(t.exposure, t.subject.c.name, t.subject.c.number).join(
        t.subject, t.subject.c.id == t.exposure.c.id
    )


def _step(row: Row[Any]) -> StepRecord:
    counts = {name: getattr(row, name) or 0 for name in _COUNTS}
    return StepRecord(
        id=row.step_id,
        name=row.name,
        protocol=row.protocol,
        kind=row.kind,
        depth=row.depth,
        state=row.state,
        reason=row.reason,
        revision=row.number,
        parameters=json.loads(row.parameters),
        changed=json.loads(row.changed),
        counts=Counts(**counts),
        waiting=row.waiting,
        closed=row.closed,
        said_by=json.loads(row.said_by or "{}"),
        within=None if row.within is None else tuple(json.loads(row.within)),
    )


def _exposures(
    connection: Connection, rows: Sequence[Row[Any]], branch: Branch
) -> tuple[ExposureRecord, ...]:
    states: dict[int, dict[str, str]] = {row.id: {} for row in rows}
    current = current_of(connection, branch)
    chosen = (
        select(t.task.c.subject_id, current.c.name, t.task.c.state)
        .join(current, current.c.revision_id == t.task.c.revision_id)
        .join(t.revision, t.revision.c.id == current.c.revision_id)
        .where(t.task.c.subject_id.in_(list(states)))
        .order_by(t.revision.c.depth, current.c.id)
    )
    for subject, name, state in connection.execute(chosen):
        states[subject][name] = state
    return tuple(
        ExposureRecord(
            id=row.id,
            number=row.number,
            name=row.name,
            state=row.state,
            reasons=tuple(json.loads(row.reasons)),
            found=row.found,
            details=json.loads(row.details),
            steps=states[row.id],
        )
        for row in rows
    )


def _ended(current: Subquery) -> Select[Any]:
    return (
        select(t.task, current.c.name.label("step"), t.subject.c.name.label("subject"))
        .add_columns(t.subject.c.kind.label("about"))
        .join(current, current.c.revision_id == t.task.c.revision_id)
        .join(t.subject, t.subject.c.id == t.task.c.subject_id)
    )


def _failure(row: Row[Any]) -> FailureRecord:
    return FailureRecord(
        serial=row.serial,
        step=row.step,
        exposure=row.subject if row.about == "exposure" else "",
        subject=row.subject,
        state=row.state,
        reason=row.reason,
        details=row.details,
        attempt=row.attempt,
    )


def _results(current: Subquery) -> Select[Any]:
    return (
        select(
            t.task.c.serial,
            t.task.c.passed,
            t.task.c.ended,
            t.result.c.id,
            t.result.c.key,
            t.result.c.document,
            t.result.c.types,
            t.result.c.pictures,
            t.result.c.seconds,
            t.result.c.cpu,
            t.result.c.memory,
            t.result.c.attempt,
            t.result.c.host,
            current.c.name.label("step"),
            t.revision.c.number,
            t.subject.c.kind.label("about"),
            t.subject.c.number.label("place"),
            t.subject.c.name.label("subject"),
        )
        .select_from(current)
        .join(
            t.task,
            and_(t.task.c.revision_id == current.c.revision_id, t.task.c.state == "done"),
        )
        .join(t.revision, t.revision.c.id == current.c.revision_id)
        .join(t.result, t.result.c.id == t.task.c.result_id)
        .join(t.subject, t.subject.c.id == t.task.c.subject_id)
    )
