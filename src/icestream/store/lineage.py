"""How results were made: each with all that it was made from."""

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from icestream.store import tables as t
from icestream.store.corrections import corrections_by_number
from icestream.store.open import Store
from icestream.store.records import LineageRecord

__all__ = ["lineage", "lineages", "lineages_of"]


def lineage(store: Store, result_id: int) -> tuple[LineageRecord, ...]:
    """The result and all its ancestors, the result first; LookupError when there is none."""
    records: dict[int, LineageRecord] = {}
    with store.read() as connection:
        wanted = [result_id]
        while wanted:
            for record in _lineage(connection, wanted):
                records[record.id] = record
            wanted = sorted(
                {source for record in records.values() for _, source in record.inputs}
                - records.keys()
            )
    if result_id not in records:
        raise LookupError(f"no result {result_id} in {store.folder}")
    return tuple(records.values())


def lineages(store: Store, *, after: int = 0, limit: int = 1000) -> tuple[LineageRecord, ...]:
    """How every result was made, by its `id`: those of earlier revisions too."""
    chosen = select(t.result.c.id).where(t.result.c.id > after).order_by(t.result.c.id).limit(limit)
    with store.read() as connection:
        wanted = list(connection.execute(chosen).scalars())
        return tuple(sorted(_lineage(connection, wanted), key=lambda record: record.id))


def lineages_of(store: Store, numbers: Sequence[int]) -> tuple[LineageRecord, ...]:
    """How the results with some numbers were made, in the order of these; without their ancestors.

    One that does not exist is left out.
    """
    with store.read() as connection:
        found = {record.id: record for record in _lineage(connection, numbers)}
    return tuple(found[number] for number in dict.fromkeys(numbers) if number in found)


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
            t.revision.c.protocol,
            t.revision.c.version,
            t.revision.c.number,
            t.revision.c.parameters,
            t.revision.c.said_by,
            t.subject.c.kind.label("about"),
            t.subject.c.name.label("subject"),
        )
        .join(t.step, t.step.c.id == t.result.c.step_id)
        .join(t.revision, t.revision.c.id == t.result.c.revision_id)
        .join(t.subject, t.subject.c.id == t.result.c.subject_id)
        .where(t.result.c.id.in_(wanted))
    )
    rows = connection.execute(chosen).all()
    by_hand = corrections_by_number(connection, {row.correction_id for row in rows} - {None})
    for row in rows:
        yield LineageRecord(
            id=row.id,
            step=row.step,
            protocol=row.protocol,
            version=row.version,
            revision=row.number,
            epoch=row.epoch,
            exposure=row.subject if row.about == "exposure" else "",
            subject=row.subject,
            key=row.key,
            parameters=json.loads(row.parameters),
            said_by=json.loads(row.said_by or "{}"),
            inputs=tuple(inputs.get(row.id, ())),
            types=json.loads(row.types),
            files=tuple(files.get(row.id, ())),
            finished=row.started + row.seconds,
            seconds=row.seconds,
            host=row.host,
            cpu=row.cpu,
            memory=row.memory,
            by_hand=by_hand.get(row.correction_id),
        )
