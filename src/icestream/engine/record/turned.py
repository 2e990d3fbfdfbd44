"""Exposures that a change of a selection would let through, or hold back."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite, nan
from statistics import median
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from icestream.engine.graph.plan import PlannedStep, parameters_of
from icestream.engine.record.distributions import measured, settled_changes
from icestream.engine.record.light import JudgedItems
from icestream.engine.record.verdicts import Judged, weighed, words_on
from icestream.model import ITEM_TYPES, Rejected, RevisionId, StepId, SubjectId, qualities_of
from icestream.store import tables as t
from icestream.store.items import Known, item
from icestream.store.open import Store

__all__ = ["Medians", "Turned", "particles_by_exposure", "turned"]

PAGE = 500
"""Exposures that are judged at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """What a change of one selection would do to the exposures that it has judged."""

    step: str
    judged: int
    accepted: int
    """Before the change."""
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    unknown: int = 0
    """Exposures that could not be judged anew."""
    particles: int = 0
    """Of the accepted ones, before the change."""
    particles_lost: int = 0
    particles_gained: float = 0.0
    """As many as the accepted exposures have on average: the others' were never cut out."""
    medians: tuple["Medians", ...] = ()
    """Of the qualities that the selection limits, where exposures are gained or lost."""
    drawn: bool = False
    """It is a sampler's: nothing was judged, but drawn."""


@dataclass(frozen=True, slots=True)
class Medians:
    """The median of a quality of the exposures that stay accepted, are gained, and are lost.

    As it is stored; None where there are none, or it was not measured.
    """

    quality: str
    kept: float | None
    gained: float | None
    lost: float | None


def turned(
    store: Store,
    step: PlannedStep,
    revision: int,
    known: Known = ITEM_TYPES,
    kept: JudgedItems | None = None,
) -> Turned:
    """Judge anew what a revision of a selection has judged, by the protocol of `step`.

    What people said of an exposure holds in either case. Items of inputs that take many links are
    of types that are `known`. Limits that follow from the session's own distribution are those
    that it would settle now. What is `kept` from an earlier look is not read again.
    """
    step = _settled(store, step, RevisionId(revision))
    judging = _Judging(store, step, known, kept)
    qualities_by_side: dict[str, list[Mapping[str, float]]] = {"kept": [], "gained": [], "lost": []}
    counts = {"judged": 0, "accepted": 0, "unknown": 0}
    gained: dict[int, str] = {}
    lost: dict[int, str] = {}
    accepted: list[int] = []
    with store.read() as connection:
        for page in _pages(connection, revision):
            words = words_on(connection, StepId(page[0].step_id), [r.subject_id for r in page])
            judging.load(connection, page)
            for row in page:
                counts["judged"] += 1
                counts["accepted"] += bool(row.passed)
                if row.passed:
                    accepted.append(row.subject_id)
                judged = judging.judge(row)
                if judged is None:
                    counts["unknown"] += 1
                    continue
                passes, qualities = judged
                word = words.get(SubjectId(row.subject_id))
                now = weighed(word, Judged(passes)).passed
                if now != row.passed:
                    (gained if now else lost)[row.subject_id] = row.name
                    qualities_by_side["gained" if now else "lost"].append(qualities)
                elif now:
                    qualities_by_side["kept"].append(qualities)
        particles = particles_by_exposure(connection)
    had = sum(particles.get(subject, 0) for subject in accepted)
    mean = had / len(accepted) if accepted else 0.0
    return Turned(
        step=step.name,
        judged=counts["judged"],
        accepted=counts["accepted"],
        unknown=counts["unknown"],
        gained=tuple(gained.values()),
        lost=tuple(lost.values()),
        particles=had,
        particles_lost=sum(particles.get(subject, 0) for subject in lost),
        particles_gained=mean * len(gained),
        medians=tuple(_medians(step, qualities_by_side)) if gained or lost else (),
    )


def _settled(store: Store, step: PlannedStep, revision: RevisionId) -> PlannedStep:
    """The step with the limits that follow from what a revision of it has judged."""
    if not step.protocol.distributions():
        return step
    with store.read() as connection:
        _, changes = settled_changes(step, measured(connection, step, revision))
    protocol, _ = parameters_of(type(step.protocol), {**step.changed, **changes})
    return replace(step, protocol=protocol)


def _medians(
    step: PlannedStep, found: Mapping[str, Sequence[Mapping[str, float]]]
) -> Iterator[Medians]:
    """Medians of what the selection limits, once each."""
    names = dict.fromkeys(limit.quality for limit in step.protocol.limits(0.0))
    for name in names:
        middle = {
            group: median(values) if values else None
            for group, all_ in found.items()
            for values in [[judged[name] for judged in all_ if isfinite(judged.get(name, nan))]]
        }
        if middle["gained"] is not None or middle["lost"] is not None:
            yield Medians(name, **middle)


def _pages(connection: Connection, revision: int) -> Iterator[Sequence[Any]]:
    """Exposures that a revision has judged, in order of arrival."""
    after = 0
    while True:
        chosen = (
            select(t.task, t.subject.c.name)
            .join(t.subject, t.subject.c.id == t.task.c.subject_id)
            .where(
                t.task.c.revision_id == revision,
                t.task.c.state == "done",
                t.subject.c.kind == "exposure",
                t.task.c.subject_id > after,
            )
            .order_by(t.task.c.subject_id)
            .limit(PAGE)
        )
        page = connection.execute(chosen).all()
        if not page:
            return
        yield page
        after = page[-1].subject_id


def _documents(connection: Connection, page: Sequence[Any]) -> Mapping[int, tuple[Any, Any]]:
    """Documents and types of all that was judged on a page, by the number of the result."""
    wanted = {entry[2] for row in page for entry in json.loads(row.inputs)}
    columns = (t.result.c.id, t.result.c.document, t.result.c.types)
    rows = connection.execute(select(*columns).where(t.result.c.id.in_(wanted)))
    return {row.id: (json.loads(row.document), json.loads(row.types)) for row in rows}


class _Judging:
    """Judges exposures anew, a page at a time, by what came into the selection."""

    def __init__(
        self, store: Store, step: PlannedStep, known: Known, kept: JudgedItems | None
    ) -> None:
        self._store = store
        self._protocol: Any = step.protocol
        self._ports = {port.name: port for port in type(step.protocol).inputs()}
        self._known = known
        self._kept = kept
        self._given: dict[int, Mapping[str, Any]] = {}
        self._documents: Mapping[int, tuple[Any, Any]] = {}

    def load(self, connection: Connection, page: Sequence[Any]) -> None:
        """Read what came in for the exposures of a page, unless it is kept."""
        self._given = {}
        if self._kept is not None:
            for row in page:
                given = self._kept.get(row.revision_id, row.subject_id, row.inputs)
                if given is not None:
                    self._given[row.subject_id] = given
        new = [row for row in page if row.subject_id not in self._given]
        self._documents = _documents(connection, new) if new else {}

    def judge(self, row: Any) -> tuple[bool, Mapping[str, float]] | None:
        """Whether the protocol accepts an exposure, and what was measured on it.

        None where the protocol, or its author, cannot say.
        """
        light = self._given.get(row.subject_id)
        try:
            if light is None:
                given = self._items(row)
                if self._kept is None:
                    return self._verdict(given)
                light = self._kept.keep(row.revision_id, row.subject_id, row.inputs, given)
            try:
                return self._verdict(light)
            except AttributeError:  # the protocol asks for more than is kept
                with self._store.read() as connection:
                    self._documents = {**self._documents, **_documents(connection, [row])}
                return self._verdict(self._items(row))
        except Exception:  # a plugin's own code, or a result that this version cannot read
            return None

    def _verdict(self, given: Mapping[str, Any]) -> tuple[bool, Mapping[str, float]]:
        verdict = self._protocol.judge(**given)
        qualities: dict[str, float] = {}
        for value in given.values():
            for made in value.values() if isinstance(value, dict) else (value,):
                qualities = {**qualities_of(made), **qualities}
        return not isinstance(verdict, Rejected), qualities

    def _items(self, row: Any) -> Mapping[str, Any]:
        """What came into the selection, by port."""
        given: dict[str, Any] = {name: None for name, port in self._ports.items() if port.optional}
        for name, label, result, source_port in json.loads(row.inputs):
            document, types = self._documents[result]
            port = self._ports[name]
            kind = self._known[types[source_port]] if port.many else port.item
            made = item(self._store, kind, document[source_port])
            if port.many:
                given[name] = {**(given[name] or {}), f"{label}.{source_port}": made}
            else:
                given[name] = made
        return given


def particles_by_exposure(connection: Connection) -> dict[int, int]:
    """Particles of each exposure, as the deepest step of the adopted branch that has any cut them.

    Where a change waits to be done, those of before count.
    """
    task, part = t.task.c, t.part.c
    ours = and_(task.revision_id == part.revision_id, task.subject_id == part.subject_id)
    chosen = (
        select(t.part.c.subject_id, t.revision.c.depth, t.revision.c.number, t.part.c.rows)
        .join(t.revision, t.revision.c.id == t.part.c.revision_id)
        .outerjoin(t.task, ours)
        # Not those of before the exposure was done again in the same revision.
        .where(or_(task.id.is_(None), task.result_id == part.result_id))
        .join(t.member, t.member.c.step_id == t.revision.c.step_id)
        .join(t.session, t.session.c.branch_id == t.member.c.branch_id)
        .order_by(t.revision.c.depth, t.revision.c.number)
    )
    deepest = (
        select(func.max(t.revision.c.depth))
        .join(t.part, t.part.c.revision_id == t.revision.c.id)
        .join(t.member, t.member.c.step_id == t.revision.c.step_id)
        .join(t.session, t.session.c.branch_id == t.member.c.branch_id)
    )
    depth = connection.execute(deepest).scalar()
    if depth is None:
        return {}
    rows = connection.execute(chosen.where(t.revision.c.depth == depth))
    return {row.subject_id: int(row.rows) for row in rows}  # the newest revision wins
