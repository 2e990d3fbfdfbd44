"""Particles: from parts in results to sorted Parquet segments.

A result holds the columns of its particles in its document: a part. When many parts have gathered
they are written into one Parquet file, sorted by exposure, which DuckDB and others read as a table
of millions of rows. The parts stay where they are: a segment can be made again from them.
"""

import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, delete, func, select, update

from icestream.engine.graph.plan import folder_of
from icestream.engine.machine.home import make_below
from icestream.engine.messages import Compacted
from icestream.engine.record.record import Record
from icestream.model import Particles, ResultId, RevisionId, StepId, from_document
from icestream.store import tables as t
from icestream.store.content import content_hash
from icestream.store.files import DamagedSegment, damaged_segments
from icestream.store.open import Store

__all__ = ["compact", "give_up_lost"]

_ROWS = 200_000
"""Particles in one segment, about."""
_COLUMNS = ("x", "y", "score", "defocus_u", "defocus_v", "defocus_angle")


def compact(store: Store, *, least: int) -> list[Compacted]:
    """Write the parts that are in no segment into segments, where they have `least` rows.

    Parts are taken in order of exposure, and never split.
    """
    made: list[Compacted] = []
    with store.read() as connection:
        gathered = connection.execute(
            select(t.part.c.step_id, t.part.c.revision_id, func.sum(t.part.c.rows))
            .where(t.part.c.segment_id.is_(None))
            .group_by(t.part.c.step_id, t.part.c.revision_id)
        ).all()
        for step, revision, rows in gathered:
            left = int(rows)
            while left >= least:
                results = _choose(connection, revision, skip=made)
                if not results:
                    break
                made.append(_write(store, connection, (step, revision), results))
                left -= made[-1].rows
    return made


def give_up_lost(record: Record) -> list[DamagedSegment]:
    """Take apart segments that are missing or cut; returns them.

    Their parts are in no segment then, and the next segments take them.
    """
    lost = [segment for segment in damaged_segments(record.store) if segment.damage.readable]
    if lost:
        with record.transaction() as (connection, _):
            for segment in lost:
                of_it = t.part.c.segment_id == segment.id
                connection.execute(update(t.part).where(of_it).values(segment_id=None))
                connection.execute(delete(t.segment).where(t.segment.c.id == segment.id))
    record.loose += sum(segment.rows for segment in lost)
    return lost


def _choose(connection: Connection, revision: RevisionId, skip: list[Compacted]) -> list[ResultId]:
    taken = {result for segment in skip for result in segment.results}
    chosen = (
        select(t.part.c.result_id, t.part.c.rows)
        .where(t.part.c.revision_id == revision, t.part.c.segment_id.is_(None))
        .order_by(t.part.c.subject_id)
    )
    results: list[ResultId] = []
    rows = 0
    for result, count in connection.execute(chosen):
        if result not in taken:
            results.append(result)
            rows += count
            if rows >= _ROWS:
                break
    return results


def _write(
    store: Store, connection: Connection, maker: tuple[StepId, RevisionId], results: list[ResultId]
) -> Compacted:
    import duckdb  # heavy, and needed only here

    step, revision = maker
    name, number = connection.execute(
        select(t.step.c.name, t.revision.c.number)
        .join(t.revision, t.revision.c.step_id == t.step.c.id)
        .where(t.revision.c.id == revision)
    ).one()
    columns = _columns(connection, results)
    relative = Path(folder_of(name, number)) / f"particles_{results[0]:08d}.parquet"
    final = store.folder / relative
    make_below(store.folder, final.parent)
    partial = final.with_suffix(".part")
    database = duckdb.connect(config={"threads": 1})
    try:
        database.register("particles", columns)
        database.table("particles").write_parquet(str(partial), compression="zstd")
    finally:
        database.close()
    with partial.open("rb") as file:
        os.fsync(file.fileno())
        size = os.fstat(file.fileno()).st_size
        said = content_hash(file)
    partial.replace(final)
    rows = len(columns["x"])
    return Compacted(step, revision, str(relative), rows, tuple(results), size, said)


def _columns(connection: Connection, results: list[ResultId]) -> dict[str, Any]:
    """The columns of all particles of results, one array each."""
    chosen = (
        select(t.result.c.document, t.part.c.port, t.subject.c.name)
        .join(t.part, t.part.c.result_id == t.result.c.id)
        .join(t.subject, t.subject.c.id == t.result.c.subject_id)
        .order_by(t.result.c.subject_id)
    )
    gathered: dict[str, list[Any]] = defaultdict(list)
    for start in range(0, len(results), 500):
        page = results[start : start + 500]
        for text, port, exposure in connection.execute(chosen.where(t.result.c.id.in_(page))):
            document = json.loads(text)[port]
            particles = from_document(Particles, document)
            count = len(particles)
            gathered["exposure"].append(np.full(count, exposure, dtype=object))
            gathered["index"].append(np.arange(count, dtype=np.int32))
            gathered["stack"].append(np.full(count, document["stack"], dtype=object))
            gathered["group"].append(np.full(count, particles.group, dtype=np.int32))
            for name in _COLUMNS:
                gathered[name].append(getattr(particles, name))
    return {name: np.concatenate(arrays) for name, arrays in gathered.items()}
