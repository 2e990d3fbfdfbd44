"""Files of results: what is missing, or cut, of what a session has.

Only results that are current are looked at: of the revisions that branches have now, and of a step
that gathers batches the newest, which the next goes on from. Each file costs one question to the
file system. What programs said (``logs``) is no part of a result.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, select

from icestream.model import ITEM_TYPES, Movie, from_document, map_paths
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.open import Store

__all__ = ["Damage", "DamagedResult", "damaged_results", "damaged_sources", "look"]

PAGE = 1000
"""Results that are read at once."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A file that is not what was recorded."""

    path: Path
    what: str
    """``is missing``, how many of its bytes there are, or why it cannot be read."""
    readable: bool = True
    """Whether it is known to be missing or cut: what cannot be read may be whole."""

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


def look(path: Path, size: int = 0) -> int | Damage:
    """Bytes of a file, or what is wrong with it; `size` is what was recorded, 0 where nothing."""
    try:
        found = path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return Damage(path, "is missing")
    except OSError as error:
        return Damage(path, f"cannot be read: {error.strerror}", readable=False)
    if size and found != size:
        return Damage(path, f"has {found} of {size} bytes")
    return found


def damaged_results(store: Store) -> Iterator[DamagedResult]:
    """Current results that lack files, those of the first steps first."""
    seen: set[int] = set()
    with store.read() as connection:
        for revision, kind, step in connection.execute(_revisions()).all():
            for page in _pages(connection, revision, batches=kind == "batch"):
                new = [row for row in page if row.id not in seen]
                seen.update(row.id for row in new)
                damages = _damages(store, connection, [row.id for row in new])
                for row in new:
                    if row.id in damages:
                        yield DamagedResult(
                            id=row.id,
                            key=row.key,
                            step=step,
                            revision=revision,
                            subject=row.subject_id,
                            name=row.name,
                            damages=tuple(damages[row.id]),
                        )


def damaged_sources(store: Store) -> Iterator[tuple[str, Damage]]:
    """Files outside of the session that sources brought and that are gone: (step, damage)."""
    for step in queries.steps(store):
        if step.kind == "source":
            seen: dict[Path, int] = {}
            after = 0
            while page := queries.results(store, step.name, after=after, limit=PAGE):
                for record in page:
                    for port, document in record.outputs.items():
                        seen |= _paths(store, record.types.get(port, ""), document)
                after = page[-1].serial
            looked = (look(path, size) for path, size in seen.items())
            yield from ((step.name, found) for found in looked if isinstance(found, Damage))


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


def _pages(connection: Connection, revision: int, *, batches: bool) -> Iterator[Sequence[Any]]:
    """Results of a revision's tasks: also of tasks that are to make theirs again."""
    task = t.task.c
    chosen = (
        select(t.result.c.id, t.result.c.key, task.subject_id, task.serial, t.subject.c.name)
        .join(t.result, t.result.c.id == task.result_id)
        .join(t.subject, t.subject.c.id == task.subject_id)
        .where(
            task.revision_id == revision,
            task.state.in_(["done", "ready", "running"]),
            t.result.c.key == task.key,
        )
    )
    if batches:
        yield connection.execute(chosen.order_by(t.subject.c.number.desc()).limit(1)).all()
        return
    after = 0
    ordered = chosen.order_by(task.serial).limit(PAGE)
    while page := connection.execute(ordered.where(task.serial > after)).all():
        yield page
        after = page[-1].serial


def _damages(store: Store, connection: Connection, results: list[int]) -> dict[int, list[Damage]]:
    found: dict[int, list[Damage]] = {}
    chosen = select(t.file.c.result_id, t.file.c.path, t.file.c.size)
    for result, path, size in connection.execute(chosen.where(t.file.c.result_id.in_(results))):
        place = store.folder / path
        if place.parent.name == "logs":
            continue
        damage = look(place, size)
        if isinstance(damage, Damage):
            found.setdefault(result, []).append(damage)
    return found


def _paths(store: Store, kind: str, document: Any) -> dict[Path, int]:
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
        found[item.path] = item.size
    return found
