"""Making results again whose files were lost, or cut, after they were made.

The task of such a result is ready again, and what it makes stands in the place of what was lost:
the same result, under the same names. What was made from it stays as it is; what has yet to be made
from it waits. A result that cannot be made again, since something that went into it is not there
either, stays as it is: nothing that is still there is given up for it.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from icestream.engine.decisions.events import Event
from icestream.engine.record.record import Record
from icestream.model import ResultId, RevisionId, SubjectId
from icestream.store import tables as t
from icestream.store.files import DamagedResult, damaged_results
from icestream.store.open import Store
from icestream.store.removed import RemovedFile, removed_files

__all__ = ["Left", "Remade", "make_again", "sort_out"]

_MOST = 500
"""Results in one transaction."""
_OUTSIDE = re.compile(r'"(/(?:[^"\\]|\\.)*)"')
"""An absolute path in a document: those inside the session are relative."""


@dataclass(frozen=True, slots=True)
class Left:
    """A damaged result that is not made again."""

    result: DamagedResult
    why: str


@dataclass(frozen=True, slots=True)
class Remade:
    """What was done about damaged results."""

    events: Sequence[Event]
    again: Mapping[str, int]
    """How many results of each step are made again."""
    left: Sequence[Left]


def make_again(record: Record, going: Collection[RevisionId]) -> Remade:
    """Look at the files of all current results; what is damaged is made again where it can be.

    `going` are the steps that are not paused: results of others are left for another time.
    """
    again, left = sort_out(record.store, damaged_results(record.store), going)
    record.memory.remade = {result.key: ResultId(result.id) for result in again}
    events: list[Event] = []
    counts: dict[str, int] = {}
    for start in range(0, len(again), _MOST):
        page = again[start : start + _MOST]
        with record.cascade() as cascade:
            cascade.load(SubjectId(result.subject) for result in page)
            for result in page:
                step = record.plan.steps[RevisionId(result.revision)]
                row = cascade.rows(SubjectId(result.subject))[step.id]
                if row.state == "done":  # otherwise an earlier run did not come to it
                    cascade.change(step, row, "ready", attempt=0, due=0.0)
                counts[result.step] = counts.get(result.step, 0) + 1
        events += record.follow_up(cascade.applied)
    return Remade(events, counts, left)


def sort_out(
    store: Store, damaged: Iterable[DamagedResult], going: Collection[RevisionId] | None = None
) -> tuple[list[DamagedResult], list[Left]]:
    """Which of the damaged results can be made again, and which cannot, and why.

    Parameters
    ----------
    damaged
        Those of the first steps first.
    going
        Steps that are not paused; all of them by default.
    """
    again: list[DamagedResult] = []
    left: list[Left] = []
    waiting: dict[int, str] = {}
    removed = removed_files(store.folder)
    with store.read() as connection:
        for result in damaged:
            if going is not None and result.revision not in going:
                why = f"{result.step} is paused"
            else:
                why = _hindrance(store.folder, connection, result, waiting) or _taken_away(
                    store.folder, connection, result, removed
                )
            if why:
                left.append(Left(result, why))
                waiting[result.id] = why
            else:
                again.append(result)
    return again, left


def _hindrance(
    folder: Path, connection: Connection, result: DamagedResult, left: Mapping[int, str]
) -> str:
    """Why a result cannot be made again now; empty when nothing is known against it."""
    for damage in result.damages:
        if not damage.readable:
            return str(damage)
        step_folder = folder / damage.path.relative_to(folder).parts[0]
        if step_folder.is_symlink() and not step_folder.exists():
            return f"{step_folder} leads to a folder that is not there"
    chosen = (
        select(t.input_.c.port, t.result.c.id, t.result.c.checkpoint, t.revision.c.kind)
        .join(t.result, t.result.c.id == t.input_.c.source_id)
        .join(t.revision, t.revision.c.id == t.result.c.revision_id)
        .where(t.input_.c.result_id == result.id)
    )
    outside = []
    for port, source, checkpoint, kind in connection.execute(chosen):
        if source in left:
            return left[source]
        if port == "previous" and checkpoint and not (folder / checkpoint).exists():
            return f"{folder / checkpoint} is missing"
        if kind == "source":
            outside.append(source)
    return next(_missing(connection, outside), "")


def _taken_away(
    folder: Path,
    connection: Connection,
    result: DamagedResult,
    removed: Mapping[Path, RemovedFile],
) -> str:
    """Which file that it is made from was removed on purpose; empty where none was."""
    if not removed:
        return ""
    chosen = (
        select(t.file.c.path)
        .join(t.input_, t.input_.c.source_id == t.file.c.result_id)
        .where(t.input_.c.result_id == result.id)
    )
    for path in connection.execute(chosen).scalars():
        if folder / path in removed:
            number = removed[folder / path].removal
            return f"{folder / path} was removed on purpose (removal {number})"
    return ""


def _missing(connection: Connection, sources: list[int]) -> Iterator[str]:
    """Files outside of the session that are named by what sources brought, and are not there."""
    chosen = select(t.result.c.document).where(t.result.c.id.in_(sources))
    for document in connection.execute(chosen).scalars():
        for path in _OUTSIDE.findall(document):
            if not Path(path).exists():
                yield f"{path} is missing"
