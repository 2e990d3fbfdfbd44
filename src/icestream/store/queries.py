"""Reading a session: plain functions from a store to frozen records.

Every function that returns a growing list takes ``after`` and ``limit`` and reads only what it
returns, so a reader can follow a session of any length. ``after`` is the `serial`, `seq` or `id`
of the last record that the reader has seen; 0 starts at the beginning. Documents hold paths
inside the session relative to its folder; `icestream.store.items` makes the items.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, select

from icestream.store import tables as t
from icestream.store.open import Store
from icestream.store.records import (
    AlertRecord,
    Counts,
    DecisionRecord,
    EpochRecord,
    EventRecord,
    ExposureRecord,
    FailureRecord,
    LineageRecord,
    LinkRecord,
    PictureRecord,
    QualityRecord,
    ResultRecord,
    RevisionRecord,
    SampleRecord,
    SessionRecord,
    StepRecord,
    WorkflowRecord,
)

__all__ = [
    "alerts",
    "count_exposures",
    "decisions",
    "epochs",
    "events",
    "exposure",
    "exposures",
    "failures",
    "figures",
    "latest_results",
    "lineage",
    "lineages",
    "particles",
    "qualities",
    "results",
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
        row = connection.execute(select(t.session)).one()
    return SessionRecord(
        **{key: value for key, value in row._mapping.items() if key != "id"}  # noqa: SLF001
    )


def steps(store: Store) -> tuple[StepRecord, ...]:
    """All steps with their states and counts, sources first."""
    chosen = (
        select(t.step, t.revision.c.number, t.revision.c.parameters, t.revision.c.changed)
        .add_columns(*(t.counter.c[name] for name in _COUNTS))
        .join(t.revision, t.revision.c.id == t.step.c.revision_id)
        .outerjoin(t.counter, t.counter.c.revision_id == t.step.c.revision_id)
        .order_by(t.step.c.depth, t.step.c.id)
    )
    with store.read() as connection:
        return tuple(_step(row) for row in connection.execute(chosen))


def step(store: Store, name: str) -> StepRecord:
    """The step called `name`; LookupError names those that exist."""
    found = steps(store)
    for record in found:
        if record.name == name:
            return record
    raise LookupError(
        f"no step {name!r} in this session; it has {', '.join(record.name for record in found)}"
    )


def workflow(store: Store) -> WorkflowRecord:
    """The graph that the session runs."""
    source = t.step.alias("source")
    chosen = (
        select(t.step.c.name, t.link.c.port, source.c.name, t.link.c.source_port)
        .join(t.step, t.step.c.id == t.link.c.step_id)
        .join(source, source.c.id == t.link.c.source_id)
        .order_by(t.link.c.id)
    )
    with store.read() as connection:
        links = tuple(
            LinkRecord(step=row[0], port=row[1], source=row[2], source_port=row[3])
            for row in connection.execute(chosen)
        )
    return WorkflowRecord(name=session(store).workflow, steps=steps(store), links=links)


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
) -> tuple[ExposureRecord, ...]:
    """A page of exposures in order of arrival, or newest first (then `after` counts down)."""
    chosen = select(t.exposure).limit(limit)
    if state is not None:
        chosen = chosen.where(t.exposure.c.state == state)
    if newest:
        chosen = chosen.order_by(t.exposure.c.id.desc())
        chosen = chosen.where(t.exposure.c.id < after) if after else chosen
    else:
        chosen = chosen.where(t.exposure.c.id > after).order_by(t.exposure.c.id)
    with store.read() as connection:
        rows = connection.execute(chosen).all()
        return _exposures(connection, rows)


def exposure(store: Store, name: str) -> ExposureRecord:
    """The exposure called `name`; LookupError when there is none."""
    with store.read() as connection:
        rows = connection.execute(select(t.exposure).where(t.exposure.c.name == name)).all()
        if not rows:
            raise LookupError(f"no exposure {name!r} in {store.folder}")
        return _exposures(connection, rows)[0]


def count_exposures(store: Store) -> dict[str, int]:
    """Number of exposures in each state: going, done, rejected, failed."""
    chosen = select(t.exposure.c.state, func.count()).group_by(t.exposure.c.state)
    with store.read() as connection:
        found = {row[0]: row[1] for row in connection.execute(chosen)}
    return {state: found.get(state, 0) for state in ("going", "done", "rejected", "failed")}


def qualities(
    store: Store,
    *,
    after: int = 0,
    limit: int = 10_000,
    names: Iterable[str] | None = None,
    exposure: str | None = None,
) -> tuple[QualityRecord, ...]:
    """Measured qualities of current revisions, in order of commit."""
    chosen = (
        select(
            t.quality.c.id,
            t.step.c.name.label("step"),
            t.exposure.c.name.label("exposure"),
            t.quality.c.exposure_id,
            t.quality.c.name,
            t.quality.c.value,
        )
        .join(t.step, t.step.c.revision_id == t.quality.c.revision_id)
        .outerjoin(t.exposure, t.exposure.c.id == t.quality.c.exposure_id)
        .where(t.quality.c.id > after)
        .order_by(t.quality.c.id)
        .limit(limit)
    )
    if names is not None:
        chosen = chosen.where(t.quality.c.name.in_(list(names)))
    if exposure is not None:
        chosen = chosen.where(t.exposure.c.name == exposure)
    with store.read() as connection:
        return tuple(
            QualityRecord(
                id=row.id,
                step=row.step,
                exposure=row.exposure or "",
                exposure_id=row.exposure_id,
                name=row.name,
                value=row.value,
            )
            for row in connection.execute(chosen)
        )


def results(
    store: Store, step: str, *, after: int = 0, limit: int = 1000
) -> tuple[ResultRecord, ...]:
    """Results of a step's current revision, in order of commit."""
    chosen = (
        _results()
        .where(t.step.c.name == step, t.task.c.serial > after)
        .order_by(t.task.c.serial)
        .limit(limit)
    )
    with store.read() as connection:
        return tuple(_result(row) for row in connection.execute(chosen))


def latest_results(store: Store, step: str, *, limit: int = 50) -> tuple[ResultRecord, ...]:
    """The newest results of a step's current revision, oldest first."""
    chosen = _results().where(t.step.c.name == step).order_by(t.task.c.serial.desc()).limit(limit)
    with store.read() as connection:
        return tuple(_result(row) for row in reversed(connection.execute(chosen).all()))


def results_of(store: Store, exposure: str) -> dict[str, ResultRecord]:
    """All current results of an exposure, by step."""
    chosen = _results().where(t.exposure.c.name == exposure).order_by(t.step.c.depth)
    with store.read() as connection:
        return {row.step: _result(row) for row in connection.execute(chosen)}


def failures(
    store: Store, *, step: str | None = None, after: int = 0, limit: int = 1000
) -> tuple[FailureRecord, ...]:
    """Failed and skipped tasks of current revisions, in order."""
    chosen = (
        select(t.task, t.step.c.name.label("step"), t.exposure.c.name.label("exposure"))
        .join(t.step, t.step.c.revision_id == t.task.c.revision_id)
        .outerjoin(t.exposure, t.exposure.c.id == t.task.c.exposure_id)
        .where(t.task.c.state.in_(["failed", "skipped"]), t.task.c.serial > after)
        .order_by(t.task.c.serial)
        .limit(limit)
    )
    if step is not None:
        chosen = chosen.where(t.step.c.name == step)
    with store.read() as connection:
        return tuple(
            FailureRecord(
                serial=row.serial,
                step=row.step,
                exposure=row.exposure or "",
                state=row.state,
                reason=row.reason,
                details=row.details,
                attempt=row.attempt,
            )
            for row in connection.execute(chosen)
        )


def alerts(
    store: Store, *, open_only: bool = True, after: int = 0, limit: int = 1000
) -> tuple[AlertRecord, ...]:
    """Alerts that hold now, or all there have been, in order of raising."""
    chosen = (
        select(t.alert, t.step.c.name.label("step"))
        .outerjoin(t.step, t.step.c.id == t.alert.c.step_id)
        .where(t.alert.c.id > after)
        .order_by(t.alert.c.id)
        .limit(limit)
    )
    if open_only:
        chosen = chosen.where(t.alert.c.cleared.is_(None))
    with store.read() as connection:
        return tuple(
            AlertRecord(
                id=row.id,
                step=row.step or "",
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
            )
            for row in connection.execute(chosen)
        )


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
        select(t.event, t.step.c.name.label("step"), t.exposure.c.name.label("exposure"))
        .outerjoin(t.step, t.step.c.id == t.event.c.step_id)
        .outerjoin(t.exposure, t.exposure.c.id == t.event.c.exposure_id)
        .where(t.event.c.seq > after)
        .order_by(t.event.c.seq)
        .limit(limit)
    )
    if kinds is not None:
        chosen = chosen.where(t.event.c.kind.in_(list(kinds)))
    with store.read() as connection:
        return tuple(
            EventRecord(
                seq=row.seq,
                time=row.time,
                kind=row.kind,
                step=row.step or "",
                exposure=row.exposure or "",
                document=json.loads(row.document),
            )
            for row in connection.execute(chosen)
        )


def decisions(store: Store, *, exposure: str | None = None) -> tuple[DecisionRecord, ...]:
    """What people decided, in order; the last word on an exposure holds."""
    chosen = (
        select(t.decision, t.step.c.name.label("step"), t.exposure.c.name.label("exposure"))
        .join(t.step, t.step.c.id == t.decision.c.step_id)
        .join(t.exposure, t.exposure.c.id == t.decision.c.exposure_id)
        .order_by(t.decision.c.id)
    )
    if exposure is not None:
        chosen = chosen.where(t.exposure.c.name == exposure)
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
            )
            for row in connection.execute(select(t.epoch).order_by(t.epoch.c.id))
        )


def particles(store: Store, step: str | None = None) -> int:
    """Number of particles of current, accepted results: of one step, or of the deepest."""
    counted = (
        select(t.step.c.depth, func.coalesce(func.sum(t.part.c.rows), 0))
        .select_from(t.part)
        .join(t.task, t.task.c.result_id == t.part.c.result_id)
        .join(t.step, t.step.c.revision_id == t.task.c.revision_id)
        .where(t.task.c.state == "done", t.task.c.passed)
        .group_by(t.step.c.id, t.step.c.depth)
        .order_by(t.step.c.depth.desc())
    )
    if step is not None:
        counted = counted.where(t.step.c.name == step)
    with store.read() as connection:
        row = connection.execute(counted).first()
    return int(row[1]) if row else 0


def lineage(store: Store, result_id: int) -> tuple[LineageRecord, ...]:
    """The result and all its ancestors, the result first; LookupError when there is none."""
    found: dict[int, LineageRecord] = {}
    with store.read() as connection:
        wanted = [result_id]
        while wanted:
            for record in _lineage(connection, wanted):
                found[record.id] = record
            wanted = sorted(
                {source for record in found.values() for _, source in record.inputs} - found.keys()
            )
    if result_id not in found:
        raise LookupError(f"no result {result_id} in {store.folder}")
    return tuple(found.values())


def lineages(store: Store, *, after: int = 0, limit: int = 1000) -> tuple[LineageRecord, ...]:
    """How every result was made, by its `id`: those of earlier revisions too."""
    chosen = select(t.result.c.id).where(t.result.c.id > after).order_by(t.result.c.id).limit(limit)
    with store.read() as connection:
        wanted = list(connection.execute(chosen).scalars())
        return tuple(sorted(_lineage(connection, wanted), key=lambda record: record.id))


def _step(row: Row[Any]) -> StepRecord:
    counts = {name: getattr(row, name) or 0 for name in _COUNTS}
    return StepRecord(
        id=row.id,
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
    )


def _exposures(connection: Connection, rows: Sequence[Row[Any]]) -> tuple[ExposureRecord, ...]:
    states: dict[int, dict[str, str]] = {row.id: {} for row in rows}
    chosen = (
        select(t.task.c.exposure_id, t.step.c.name, t.task.c.state)
        .join(t.step, t.step.c.revision_id == t.task.c.revision_id)
        .where(t.task.c.exposure_id.in_(list(states)))
        .order_by(t.step.c.depth, t.step.c.id)
    )
    for exposure_id, name, state in connection.execute(chosen):
        states[exposure_id][name] = state
    return tuple(
        ExposureRecord(
            id=row.id,
            name=row.name,
            state=row.state,
            reasons=tuple(json.loads(row.reasons)),
            found=row.found,
            details=json.loads(row.details),
            steps=states[row.id],
        )
        for row in rows
    )


def _results() -> Select[Any]:
    return (
        select(
            t.task.c.serial,
            t.task.c.exposure_id,
            t.task.c.passed,
            t.task.c.ended,
            t.result.c.id,
            t.result.c.key,
            t.result.c.document,
            t.result.c.seconds,
            t.result.c.attempt,
            t.result.c.host,
            t.result.c.types,
            t.result.c.pictures,
            t.step.c.name.label("step"),
            t.revision.c.number,
            t.exposure.c.name.label("exposure"),
        )
        .select_from(t.step)
        .join(
            t.task,
            and_(t.task.c.revision_id == t.step.c.revision_id, t.task.c.state == "done"),
        )
        .join(t.revision, t.revision.c.id == t.step.c.revision_id)
        .join(t.result, t.result.c.id == t.task.c.result_id)
        .outerjoin(t.exposure, t.exposure.c.id == t.task.c.exposure_id)
    )


def _result(row: Row[Any]) -> ResultRecord:
    return ResultRecord(
        serial=row.serial,
        id=row.id,
        step=row.step,
        revision=row.number,
        exposure=row.exposure or "",
        batch=max(0, -row.exposure_id),
        key=row.key,
        outputs=json.loads(row.document),
        seconds=row.seconds,
        finished=row.ended,
        passed=row.passed,
        attempt=row.attempt,
        host=row.host,
        types=json.loads(row.types),
        pictures=tuple(
            PictureRecord(port=port, path=path, title=title, description=description)
            for port, path, title, description in json.loads(row.pictures)
        ),
    )


def _lineage(connection: Connection, wanted: Sequence[int]) -> Iterable[LineageRecord]:
    inputs: dict[int, list[tuple[str, int]]] = {}
    for row in connection.execute(
        select(t.input_).where(t.input_.c.result_id.in_(wanted)).order_by(t.input_.c.source_id)
    ):
        inputs.setdefault(row.result_id, []).append((row.port, row.source_id))
    files: dict[int, list[tuple[str, int]]] = {}
    for row in connection.execute(select(t.file).where(t.file.c.result_id.in_(wanted))):
        files.setdefault(row.result_id, []).append((row.path, row.size))
    chosen = (
        select(
            t.result,
            t.step.c.name.label("step"),
            t.step.c.protocol,
            t.revision.c.version,
            t.revision.c.number,
            t.revision.c.parameters,
            t.exposure.c.name.label("exposure"),
        )
        .join(t.step, t.step.c.id == t.result.c.step_id)
        .join(t.revision, t.revision.c.id == t.result.c.revision_id)
        .outerjoin(t.exposure, t.exposure.c.id == t.result.c.exposure_id)
        .where(t.result.c.id.in_(wanted))
    )
    for row in connection.execute(chosen):
        yield LineageRecord(
            id=row.id,
            step=row.step,
            protocol=row.protocol,
            version=row.version,
            revision=row.number,
            epoch=row.epoch,
            exposure=row.exposure or "",
            key=row.key,
            parameters=json.loads(row.parameters),
            inputs=tuple(inputs.get(row.id, ())),
            types=json.loads(row.types),
            files=tuple(files.get(row.id, ())),
            finished=row.started + row.seconds,
            seconds=row.seconds,
            host=row.host,
        )
