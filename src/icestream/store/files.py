"""Files of results: what is missing, or cut, of what a session has.

Only results that are current are looked at: of the revisions that branches have now, and of a step
that gathers batches the newest, which the next goes on from. Each file costs one question to the
file system, unless what is in it is compared as well. What programs said (``logs``) is no part of
a result.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from icestream.formats.renamed import Listed, present_path
from icestream.model import ITEM_TYPES, Movie, from_document, map_paths
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.content import content_hash
from icestream.store.open import Store
from icestream.store.removed import removed_files

__all__ = [
    "Contents",
    "Damage",
    "DamagedResult",
    "DamagedSegment",
    "current_files",
    "damaged_results",
    "damaged_segments",
    "damaged_sources",
    "look",
]

PAGE = 1000
"""Rows that are read at once."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A file that is not what was recorded."""

    path: Path
    what: str
    """``is missing``, how many of its bytes there are, or why it cannot be read."""
    readable: bool = True
    """Whether it is known to be missing or cut: what cannot be read may be whole."""
    altered: bool = False
    """Whether it is there with its size, but holds something else than was recorded."""

    def __str__(self) -> str:
        return f"{self.path} {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DamagedResult:
    """A current result that lacks files, and the task whose result it is."""

    id: int
    key: str
    step: str
    revision: int
    """Number of the revision whose task it is, among all."""
    subject: int
    name: str
    """Of what it is about."""
    damages: tuple[Damage, ...]


@dataclass(frozen=True, slots=True)
class DamagedSegment:
    """A segment of particles that is not what was written."""

    id: int
    step: str
    rows: int
    exposures: tuple[str, ...]
    """Whose particles are in it."""
    damage: Damage


def look(path: Path | str, size: int = 0) -> int | Damage:
    """Bytes of a file, or what is wrong with it; `size` is what was recorded, 0 where nothing."""
    try:
        found = os.stat(path).st_size  # noqa: PTH116 - hot
    except (FileNotFoundError, NotADirectoryError):
        return Damage(Path(path), "is missing")
    except OSError as error:
        return Damage(Path(path), f"cannot be read: {error.strerror}", readable=False)
    if size and found != size:
        return Damage(Path(path), f"has {found} of {size} bytes")
    return found


class Contents:
    """Reads files whole, and compares what is in them with what was recorded."""

    def __init__(self) -> None:
        self.unknown = 0
        """Files of which nothing was recorded: they were made before hashes were kept."""

    def look(self, path: Path, recorded: str) -> Damage | None:
        """What is wrong with what a file of the right size holds; None where nothing is known."""
        if not recorded:
            self.unknown += 1
            return None
        try:
            with path.open("rb") as file:
                found = content_hash(file)
        except OSError as error:
            return Damage(path, f"cannot be read: {error.strerror}", readable=False)
        if found == recorded:
            return None
        return Damage(path, "holds something else than when it was made", altered=True)


def damaged_results(store: Store, contents: Contents | None = None) -> Iterator[DamagedResult]:
    """Current results that lack files, those of the first steps first.

    With `contents`, those also whose files hold something else than when they were made. Files that
    were removed on purpose are not lacking.
    """
    seen: set[int] = set()
    removed = removed_files(store.folder)
    with store.read() as connection:
        for revision, kind, step in connection.execute(_revisions()).all():
            damages: dict[int, list[Damage]] = {}
            rows = _files(connection, revision, batches=kind == "batch")
            for result, files in groupby(rows, key=lambda row: row[0]):
                if result in seen:
                    continue
                seen.add(result)
                found = [_damage(store.folder, row, contents) for row in files]
                lacking = [one for one in found if one is not None and one.path not in removed]
                if lacking:
                    damages[result] = lacking
            for row in _named(connection, revision, list(damages)):
                yield DamagedResult(
                    id=row.id,
                    key=row.key,
                    step=step,
                    revision=revision,
                    subject=row.subject_id,
                    name=row.name,
                    damages=tuple(damages[row.id]),
                )


def current_files(store: Store) -> Iterator[str]:
    """Files that current results and particles are in, relative to the session's folder."""
    with store.read() as connection:
        for revision, kind, _ in connection.execute(_revisions()).all():
            rows = _files(connection, revision, batches=kind == "batch")
            for _, files in groupby(rows, key=lambda row: row[0]):
                yield from dict.fromkeys(path for _, path, _, _ in files)
        yield from connection.execute(select(t.segment.c.path)).scalars()


def damaged_sources(store: Store) -> Iterator[tuple[str, Damage]]:
    """Files outside of the session that sources brought and that are gone: (step, damage).

    A movie that has another name in its folder now is known under that, and is not gone; one that
    was removed on purpose is not told of here.
    """
    removed = removed_files(store.folder)
    listed: Listed = {}
    for step in queries.steps(store):
        if step.kind == "source":
            seen: dict[Path, int] = {}
            after = 0
            while page := queries.results(store, step.name, after=after, limit=PAGE):
                for record in page:
                    for port, document in record.outputs.items():
                        seen |= _paths(store, record.types.get(port, ""), document, listed)
                after = page[-1].serial
            looked = (look(path, size) for path, size in seen.items())
            gone = (one for one in looked if isinstance(one, Damage))
            yield from ((step.name, one) for one in gone if one.path not in removed)


def damaged_segments(store: Store, contents: Contents | None = None) -> Iterator[DamagedSegment]:
    """Segments that are missing or cut; with `contents`, altered ones too."""
    chosen = select(t.segment, t.step.c.name.label("step")).join(
        t.step, t.step.c.id == t.segment.c.step_id
    )
    with store.read() as connection:
        for row in connection.execute(chosen.order_by(t.segment.c.id)).all():
            path = store.folder / row.path
            looked: int | Damage | None = look(path, row.size)
            if not row.size and not isinstance(looked, Damage):
                looked = _parquet(path)
            if contents is not None and not isinstance(looked, Damage):
                looked = contents.look(path, row.hash)
            if isinstance(looked, Damage):
                held = _exposures_in(connection, row.id)
                yield DamagedSegment(row.id, row.step, row.rows, held, looked)


def _exposures_in(connection: Connection, segment: int) -> tuple[str, ...]:
    """Names of the exposures whose particles are in a segment."""
    chosen = select(t.subject.c.name).join(t.part, t.part.c.subject_id == t.subject.c.id)
    of_it = chosen.where(t.part.c.segment_id == segment).order_by(t.subject.c.number)
    return tuple(connection.execute(of_it).scalars())


def _parquet(path: Path) -> Damage | None:
    """What is wrong with a Parquet file whose size was not recorded: it ends as it begins."""
    try:
        with path.open("rb") as file:
            begin = file.read(4)
            file.seek(-4, os.SEEK_END)
            whole = begin == file.read(4) == b"PAR1"
    except OSError:
        whole = False
    return None if whole else Damage(path, "is cut: it has no end")


def _revisions() -> Select[Any]:
    """Revisions that active branches have: (number, kind, name of the step), sources first."""
    active = (
        select(t.member.c.revision_id)
        .join(t.branch, t.branch.c.id == t.member.c.branch_id)
        .where(t.branch.c.state == "active")
    )
    return (
        select(t.revision.c.id, t.revision.c.kind, t.step.c.name)
        .join(t.step, t.step.c.id == t.revision.c.step_id)
        .where(t.revision.c.id.in_(active))
        .order_by(t.revision.c.depth, t.revision.c.id)
    )


def _results(revision: int, *columns: Any) -> Select[Any]:
    """Results of a revision's tasks: also of tasks that are to make theirs again."""
    task = t.task.c
    return (
        select(*columns)
        .select_from(t.task)
        # By its key: where people have corrected it, that is its own result all the same.
        .join(t.result, t.result.c.key == task.key)
        .where(
            task.revision_id == revision,
            task.state.in_(["done", "ready", "running"]),
            task.result_id.is_not(None),
        )
    )


def _files(
    connection: Connection, revision: int, *, batches: bool
) -> Iterator[tuple[int, str, int, str]]:
    """Files of a revision's results, those of one together: (result, path, bytes, hash).

    A session has many times more of them than exposures: nothing is made of a row that it has.
    """
    file = t.file.c
    columns = (file.result_id, file.path, file.size, file.hash)
    if batches:
        newest = (
            _results(revision, t.result.c.id)
            .join(t.subject, t.subject.c.id == t.task.c.subject_id)
            .order_by(t.subject.c.number.desc())
            .limit(1)
        )
        chosen = select(*columns).where(file.result_id == newest.scalar_subquery())
    else:
        chosen = (
            _results(revision, *columns)
            .join(t.file, file.result_id == t.result.c.id)
            .order_by(t.task.c.serial)
        )
    for page in connection.execute(chosen.execution_options(yield_per=PAGE)).partitions():
        for result, path, size, said in page:
            if "logs/" not in path or Path(path).parent.name != "logs":
                yield result, path, size, said


def _named(connection: Connection, revision: int, results: Sequence[int]) -> Iterator[Row[Any]]:
    """Keys and subjects of some results of a revision, in the order of its tasks."""
    columns = (t.result.c.id, t.result.c.key, t.task.c.subject_id, t.subject.c.name)
    chosen = (
        _results(revision, *columns)
        .join(t.subject, t.subject.c.id == t.task.c.subject_id)
        .order_by(t.task.c.serial)
    )
    for start in range(0, len(results), PAGE):
        page = results[start : start + PAGE]
        yield from connection.execute(chosen.where(t.result.c.id.in_(page))).all()


def _damage(
    folder: Path, row: tuple[int, str, int, str], contents: Contents | None
) -> Damage | None:
    """What is wrong with a file of a result, if anything."""
    _, path, size, said = row
    looked: int | Damage | None = look(os.path.join(folder, path), size)  # noqa: PTH118 - hot
    if contents is not None and not isinstance(looked, Damage):
        looked = contents.look(folder / path, said)
    return looked if isinstance(looked, Damage) else None


def _paths(store: Store, kind: str, document: Any, listed: Listed) -> dict[Path, int]:
    """Files outside of the session that an item names, with the bytes that it gives for them."""
    found: dict[Path, int] = {}
    if kind not in ITEM_TYPES:
        return found
    item = from_document(ITEM_TYPES[kind], document)

    def note(path: Path) -> Path:
        if path.is_absolute() and not path.is_relative_to(store.folder):
            found[path] = 0
        return path

    map_paths(item, note)
    if isinstance(item, Movie) and item.path in found:
        del found[item.path]
        found[present_path(item, listed)] = item.size
    return found
