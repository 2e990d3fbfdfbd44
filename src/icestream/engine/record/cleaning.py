"""Removing what revisions made that nothing needs any more: files, and their part of the store.

A revision is needed when a branch has it, unless that was dropped, or when its results stand until
others replace them. What needed revisions took over from older ones by its key, what they were made
from, and files that their parameters name (templates of a picker, say) stay as well.

Numbers are never given twice, so rows of results stay, emptied, and tell how they were made.
"""

import json
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Text, cast, delete, func, insert, select, update

from icestream.store import tables as t
from icestream.store.current import number_of
from icestream.store.events import RequestAnswered
from icestream.store.open import Store
from icestream.store.standing import reruns
from icestream.store.writing import Numbers, Writes

__all__ = ["Holding", "clean", "held_alone", "holdings"]

_CLEANED = "cleaned:"
"""Begins the key of a result that was emptied."""
_MOST = 500
"""Values in one statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What one revision of a step holds on disk."""

    step: str
    revision: int
    branches: tuple[str, ...]
    """Branches that have it; none for an old one."""
    stands: bool
    """Its results stand until those of a change replace them."""
    results: int
    bytes: int
    removable_results: int = 0
    removable: int = 0
    """Bytes that nothing needs."""


@dataclass(slots=True)
class _Survey:
    """All that is known of what is needed and what is not."""

    holdings: list[Holding]
    old: set[int]
    """Revisions that nothing needs."""
    gone: set[int]
    """Results that nothing needs."""
    files: set[str] = field(default_factory=set)
    """Files that nothing needs, relative to the session's folder."""
    segments: set[int] = field(default_factory=set)
    families: set[str] = field(default_factory=set)
    """Of the batches of old revisions."""


def holdings(store: Store, branch: str | None = None) -> tuple[Holding, ...]:
    """What each revision of each step holds on disk, and how much of it nothing needs.

    Of a `branch`, by its name, nothing is needed but what others need too, and of the rest nothing
    is counted as not needed.

    Raises
    ------
    LookupError
        If there is no such branch, or it is the one that is adopted, or is processed.
    """
    return tuple(_survey(store, _given_up(store, branch)).holdings)


def held_alone(store: Store) -> dict[str, int]:
    """Bytes that only one branch holds, by its name; of the adopted one nothing is said."""
    with store.read() as connection:
        adopted = connection.execute(select(t.session.c.branch_id)).scalar()
        chosen = select(t.branch.c.name).where(t.branch.c.id != adopted).order_by(t.branch.c.id)
        names = list(connection.execute(chosen).scalars())
    return {
        name: sum(holding.removable for holding in _survey(store, name).holdings) for name in names
    }


def clean(store: Store, who: str, branch: str | None = None) -> int:
    """Remove what nothing needs; the session's lock must be held. How many bytes were removed.

    With the name of a `branch`, what only that one holds. The store is changed first: what is
    interrupted after that leaves files, and takes none that the store still has.

    Raises
    ------
    LookupError
        If there is no such branch, or it is the one that is adopted, or is processed.
    """
    survey = _survey(store, _given_up(store, branch))
    if not survey.gone:
        return 0
    sizes = sum(holding.removable for holding in survey.holdings)
    with store.write(durable=True) as connection:
        _forget(connection, survey)
        writes = Writes(Numbers(connection), time.time())
        answer = f"{len(survey.gone)} results of {len(survey.old)} revisions removed"
        token = uuid.uuid4().hex
        document = json.dumps({"name": branch} if branch else {})
        row = {"verb": "clean", "document": document, "who": who, "state": "done", "answer": answer}
        connection.execute(insert(t.request).values(token=token, time=writes.now, **row))
        said = RequestAnswered(verb="clean", verdict="done", answer=answer, token=token, who=who)
        writes.event(said)
        writes.flush(connection)
    for path in survey.files:
        _remove(store.folder, path)
    return sizes


def _given_up(store: Store, branch: str | None) -> str | None:
    """The name of a branch, once it is known that what it holds may go."""
    if branch is None:
        return None
    with store.read() as connection:
        number = number_of(connection, branch)
        adopted = number_of(connection, None)
        state = connection.execute(select(t.branch.c.state).where(t.branch.c.id == number)).scalar()
    if number == adopted:
        raise LookupError(f"branch {branch!r} is the one that is adopted: its results are in use")
    if state == "active":
        raise LookupError(f"branch {branch!r} is processed: drop it first (icestream drop)")
    return branch


def _survey(store: Store, branch: str | None = None) -> _Survey:
    standing = reruns(store).standing
    with store.read() as connection:
        revisions = connection.execute(
            select(t.revision, t.step.c.name)
            .join(t.step, t.step.c.id == t.revision.c.step_id)
            .order_by(t.revision.c.depth, t.step.c.id, t.revision.c.number)
        ).all()
        branches = _branches(connection, but=branch)
        stands = standing.revisions if standing is not None else frozenset()
        old = {row.id for row in revisions} - branches.keys() - stands
        if branch is not None:
            ours = t.member.c.branch_id == number_of(connection, branch)
            old &= set(connection.execute(select(t.member.c.revision_id).where(ours)).scalars())
        kept = _kept_results(connection, old)
        kept |= _ancestors(connection, kept) | _named(connection, revisions, old)
        there = t.result.c.key.not_like(f"{_CLEANED}%")
        chosen = select(t.result.c.id, t.result.c.revision_id).where(there)
        made = connection.execute(chosen).all()
        gone = {row.id for row in made if row.revision_id in old and row.id not in kept}
        survey = _Survey([], old, gone)
        sizes = _sizes(store, connection, survey)
        counts = Counter(row.revision_id for row in made)
        fewer = Counter(row.revision_id for row in made if row.id in gone)
        for row in revisions:
            survey.holdings.append(
                Holding(
                    step=row.name,
                    revision=row.number,
                    branches=tuple(branches.get(row.id, ())),
                    stands=row.id in stands and row.id not in branches,
                    results=counts[row.id],
                    bytes=sizes.all.get(row.id, 0),
                    removable_results=fewer[row.id],
                    removable=sizes.removable.get(row.id, 0),
                )
            )
            if row.id in old:
                of_first = row.number == 1
                survey.families.add(row.name if of_first else f"{row.name}@{row.number}")
    return survey


def _branches(connection: Connection, but: str | None) -> dict[int, list[str]]:
    """Names of the branches that have a revision and were not dropped, the adopted one first.

    The branch `but` counts as if it had none.
    """
    chosen = (
        select(t.member.c.revision_id, t.branch.c.name)
        .join(t.branch, t.branch.c.id == t.member.c.branch_id)
        .where(t.branch.c.state != "dropped", t.branch.c.name != (but or ""))
        .order_by(t.branch.c.id)
    )
    names: dict[int, list[str]] = {}
    for row in connection.execute(chosen):
        names.setdefault(row.revision_id, []).append(row.name)
    return names


def _kept_results(connection: Connection, old: set[int]) -> set[int]:
    """Results that tasks of needed revisions have, or that came to them."""
    kept: set[int] = set()
    for table in (t.task, t.arrival):
        chosen = select(table.c.result_id, table.c.revision_id)
        rows = connection.execute(chosen.where(table.c.result_id.is_not(None)))
        kept.update(row.result_id for row in rows if row.revision_id not in old)
    return kept


def _named(connection: Connection, revisions: Iterable[Any], old: set[int]) -> set[int]:
    """Results with a file that parameters of needed revisions, or offers that stand, name."""
    texts = [row.parameters for row in revisions if row.id not in old]
    offered = select(t.alert.c.offer).where(t.alert.c.cleared.is_(None))
    texts += [offer for offer in connection.execute(offered).scalars() if offer]
    names = {word for text in texts for word in _words(json.loads(text)) if "/" in word}
    if not names:
        return set()
    rows = connection.execute(select(t.file.c.result_id, t.file.c.path))
    ends = {Path(name).name for name in names}
    return {
        row.result_id
        for row in rows
        # A session that was moved is named by where it was.
        if Path(row.path).name in ends and any(name.endswith(row.path) for name in names)
    }


def _words(value: Any) -> Iterator[str]:
    """All text in a JSON-ready value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner)


def _ancestors(connection: Connection, results: set[int]) -> set[int]:
    """All that results were made from, back to the movies."""
    sources: dict[int, list[int]] = {}
    for row in connection.execute(select(t.input_.c.result_id, t.input_.c.source_id)):
        sources.setdefault(row.result_id, []).append(row.source_id)
    reached: set[int] = set()
    new = set(results)
    while new:
        new = {source for result in new for source in sources.get(result, ())} - reached - results
        reached |= new
    return reached


@dataclass(slots=True)
class _Sizes:
    """Of revisions: bytes, and bytes that nothing needs."""

    all: dict[int, int] = field(default_factory=dict)
    removable: dict[int, int] = field(default_factory=dict)


def _sizes(store: Store, connection: Connection, survey: _Survey) -> _Sizes:
    """Bytes by revision; the files and segments that can go are entered into the survey."""
    sizes = _Sizes()
    needed: set[str] = set()
    chosen = select(t.file, t.result.c.revision_id).join(
        t.result, t.result.c.id == t.file.c.result_id
    )
    rows = connection.execute(chosen).all()
    for row in rows:
        if row.result_id not in survey.gone:
            needed.add(row.path)
    for row in rows:
        sizes.all[row.revision_id] = sizes.all.get(row.revision_id, 0) + row.size
        if row.path not in needed and row.path not in survey.files:
            survey.files.add(row.path)
            sizes.removable[row.revision_id] = sizes.removable.get(row.revision_id, 0) + row.size
    parts = connection.execute(select(t.part.c.segment_id, t.part.c.result_id)).all()
    in_use = {row.segment_id for row in parts if row.result_id not in survey.gone}
    for row in connection.execute(select(t.segment)):
        path = store.folder / row.path
        size = path.stat().st_size if path.is_file() else 0
        sizes.all[row.revision_id] = sizes.all.get(row.revision_id, 0) + size
        if row.revision_id in survey.old and row.id not in in_use:
            survey.segments.add(row.id)
            survey.files.add(row.path)
            sizes.removable[row.revision_id] = sizes.removable.get(row.revision_id, 0) + size
    return sizes


def _forget(connection: Connection, survey: _Survey) -> None:
    """Take what nothing needs out of the store."""
    newest = connection.execute(select(func.max(t.quality.c.id))).scalar() or 0
    for old in _cut(survey.old):
        connection.execute(delete(t.task).where(t.task.c.revision_id.in_(old)))
        connection.execute(delete(t.arrival).where(t.arrival.c.revision_id.in_(old)))
        of_old = (t.quality.c.revision_id.in_(old), t.quality.c.id < newest)
        connection.execute(delete(t.quality).where(*of_old))
        nothing: dict[str, Any] = {column.name: 0 for column in t.counter.c}
        del nothing["revision_id"]
        ours = t.counter.c.revision_id.in_(old)
        connection.execute(update(t.counter).where(ours).values(**nothing))
        fresh = {"state": "waiting", "reason": "", "cursor": "null", "waiting": 0}
        connection.execute(update(t.revision).where(t.revision.c.id.in_(old)).values(**fresh))
    for gone in _cut(survey.gone):
        connection.execute(delete(t.part).where(t.part.c.result_id.in_(gone)))
        connection.execute(delete(t.file).where(t.file.c.result_id.in_(gone)))
        empty = {"document": "{}", "types": "{}", "pictures": "[]", "checkpoint": ""}
        key = _CLEANED + cast(t.result.c.id, Text)
        connection.execute(update(t.result).where(t.result.c.id.in_(gone)).values(key=key, **empty))
    for segments in _cut(survey.segments):
        connection.execute(delete(t.segment).where(t.segment.c.id.in_(segments)))
    stamp = f":cleaned {time.time():.0f}"
    for family in survey.families:
        batches = (t.subject.c.kind == "batch", t.subject.c.family == family)
        connection.execute(update(t.subject).where(*batches).values(family=family + stamp))


def _cut(values: set[int]) -> Iterator[list[int]]:
    ordered = sorted(values)
    for first in range(0, len(ordered), _MOST):
        yield ordered[first : first + _MOST]


def _remove(folder: Path, path: str) -> None:
    """Remove a file of the session, and its folder when it was the last; nothing outside of it."""
    inside = folder.resolve()
    file = folder / path
    if Path(path).is_absolute() or not file.parent.resolve().is_relative_to(inside):
        return  # a store may come from a stranger
    file.unlink(missing_ok=True)
    parent = file.parent
    while parent.resolve() != inside and parent.is_dir() and not any(parent.iterdir()):
        parent.rmdir()
        parent = parent.parent
