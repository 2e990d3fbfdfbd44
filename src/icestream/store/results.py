"""One result by its number, of whichever revision, and which results went into a batch."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, func, select, true

from icestream.store import tables as t
from icestream.store.open import Store
from icestream.store.records import PictureRecord, ResultRecord

__all__ = ["count_results", "result", "result_of_row", "taken_in"]

_MOST = 400
"""Values in one statement."""


def result(store: Store, number: int) -> ResultRecord:
    """The result with a number, current or not; LookupError when there is none.

    `serial` is 0 of one that no task has now: a result of an earlier revision that was done again.
    """
    task = and_(t.task.c.result_id == t.result.c.id, t.task.c.subject_id == t.result.c.subject_id)
    chosen = (
        select(
            t.result,
            t.step.c.name.label("step"),
            t.revision.c.number,
            t.subject.c.kind.label("about"),
            t.subject.c.name.label("subject"),
            t.subject.c.number.label("place"),
            func.coalesce(t.task.c.serial, 0).label("serial"),
            func.coalesce(t.task.c.passed, true()).label("passed"),
            func.coalesce(t.task.c.ended, t.result.c.started + t.result.c.seconds).label("ended"),
        )
        .join(t.step, t.step.c.id == t.result.c.step_id)
        .join(t.revision, t.revision.c.id == t.result.c.revision_id)
        .join(t.subject, t.subject.c.id == t.result.c.subject_id)
        .outerjoin(t.task, task)
        .where(t.result.c.id == number)
        .order_by(t.task.c.serial.desc())
        .limit(1)
    )
    with store.read() as connection:
        row = connection.execute(chosen).first()
    if row is None:
        raise LookupError(f"no result {number} in {store.folder}")
    return result_of_row(row)


def result_of_row(row: Row[Any]) -> ResultRecord:
    """The record of a row that was chosen with what is about it."""
    return ResultRecord(
        serial=row.serial,
        id=row.id,
        step=row.step,
        revision=row.number,
        subject=row.subject,
        about=row.about,
        exposure=row.subject if row.about == "exposure" else "",
        batch=row.place if row.about == "batch" else 0,
        key=row.key,
        outputs=json.loads(row.document),
        seconds=row.seconds,
        cpu=row.cpu,
        memory=row.memory,
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


def count_results(store: Store) -> int:
    """Results of all revisions, whether they are current or not."""
    with store.read() as connection:
        return int(connection.execute(select(func.count()).select_from(t.result)).scalar_one())


def taken_in(store: Store, batch: int, exposures: Sequence[str]) -> dict[str, list[int]]:
    """Which results of some exposures went into a batch, or into one before it, by exposure.

    Parameters
    ----------
    batch
        Number of a result about a batch: the batch step's own, or what was made of it, such as the
        classes that were chosen.
    exposures
        Their names.
    """
    found: dict[str, list[int]] = {}
    with store.read() as connection:
        chain = list(_chain(connection, batch))
        for some in _cut(chain):
            for names in _cut(exposures):
                chosen = (
                    select(t.subject.c.name, t.input_.c.source_id)
                    .join(t.result, t.result.c.id == t.input_.c.source_id)
                    .join(t.subject, t.subject.c.id == t.result.c.subject_id)
                    .where(t.input_.c.result_id.in_(some), t.subject.c.name.in_(names))
                    .where(t.subject.c.kind == "exposure")
                )
                for row in connection.execute(chosen):
                    found.setdefault(row.name, []).append(row.source_id)
    return found


def _chain(connection: Connection, batch: int) -> Iterator[int]:
    """A result about a batch and all that it was made of and is about one, the newest first."""
    seen: set[int] = set()
    found = [batch]
    while found:
        number = found.pop(0)
        if number in seen:
            continue
        seen.add(number)
        yield number
        before = (
            select(t.input_.c.source_id)
            .join(t.result, t.result.c.id == t.input_.c.source_id)
            .join(t.subject, t.subject.c.id == t.result.c.subject_id)
            .where(t.input_.c.result_id == number, t.subject.c.kind == "batch")
            .order_by(t.input_.c.source_id.desc())
        )
        found += connection.execute(before).scalars()


def _cut(values: Iterable[Any]) -> Iterator[list[Any]]:
    known = list(values)
    for first in range(0, len(known), _MOST):
        yield known[first : first + _MOST]
