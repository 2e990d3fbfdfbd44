"""Exposures that a change of a sampler would let through, or leave out."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

from sqlalchemy import Connection, literal, select

from icestream.engine.graph.plan import PlannedStep
from icestream.engine.record.turned import Turned, particles_by_exposure
from icestream.engine.record.verdicts import words_on
from icestream.model import Exposure, StepId, SubjectId, from_document, qualities_of
from icestream.protocol import Draw, Incoming, SampleProtocol
from icestream.protocol.triggers import ticket_of
from icestream.store import tables as t
from icestream.store.items import item
from icestream.store.open import Store
from icestream.store.pace import looks_for_more

__all__ = ["Came", "drawn", "redrawn"]


@dataclass(frozen=True, slots=True)
class Came:
    """An exposure that came to a sampler."""

    subject: SubjectId
    name: str
    lot: str = ""
    passed: bool = False
    """Whether it was let through, before the change."""


def drawn(
    protocol: SampleProtocol[Any], came: Sequence[Came], *, ended: bool
) -> dict[SubjectId, bool | None]:
    """Whether each exposure would be in the sample, in the order in which they came.

    None of those that would wait, where the stream has not `ended`.
    """
    taken: Counter[str] = Counter()
    seed = protocol.seed()
    answers: dict[SubjectId, bool | None] = {}

    def ask(one: Came, *, closed: bool) -> None:
        ticket = ticket_of(one.name, seed)
        draw = Draw(ticket=ticket, lot=one.lot, taken=taken[one.lot], closed=closed)
        answer = protocol.draw(draw)
        taken[one.lot] += bool(answer)
        answers[one.subject] = answer

    for one in came:
        ask(one, closed=False)
    if ended:
        waiting = [one for one in came if answers[one.subject] is None]
        for one in sorted(waiting, key=lambda one: (ticket_of(one.name, seed), one.name)):
            ask(one, closed=True)
    return {subject: None if one is None else bool(one) for subject, one in answers.items()}


def redrawn(
    store: Store,
    steps: Mapping[str, PlannedStep],
    step: PlannedStep,
    revisions: Mapping[str, int],
    among: Collection[int] | None = None,
) -> Turned | None:
    """Draw anew what came to a sampler, by the protocol of `step`; None where nothing came.

    What people said of an exposure holds in either case. Where the sample waits for another step,
    or the parts of the stream are by what is measured elsewhere, all are unknown.

    Parameters
    ----------
    store
        The session's.
    steps
        All steps of the workflow that would be, by name.
    step
        The sampler, as it would be.
    revisions
        Of the steps, those whose results stand now.
    among
        Numbers of the exposures that it is for; None: all.
    """
    protocol = cast("SampleProtocol[Any]", step.protocol)
    with store.read() as connection:
        rows = [
            row
            for row in _came(connection, steps, step, revisions)
            if among is None or row.subject_id in among
        ]
        if not rows:
            return None
        words = words_on(connection, StepId(rows[0].step_id), [row.subject_id for row in rows])
        particles = particles_by_exposure(connection)
    had = [row for row in rows if row.passed]
    drawn_before = Turned(step=step.name, judged=len(rows), accepted=len(had), drawn=True)
    waits = protocol.opened_by() is not None or protocol.closed_by() is not None
    came = None if waits else _in_lots(store, step, rows)
    if came is None:
        return replace(drawn_before, unknown=len(rows))
    # What people decided is counted in no part of the stream.
    asked = [one for one in came if one.subject not in words]
    answers = drawn(protocol, asked, ended=not looks_for_more(store))
    answers |= {subject: word.accepted for subject, word in words.items()}
    gained = [one for one in came if answers[one.subject] is True and not one.passed]
    lost = [one for one in came if answers[one.subject] is False and one.passed]
    of_accepted = sum(particles.get(row.subject_id, 0) for row in had)
    return replace(
        drawn_before,
        gained=tuple(one.name for one in gained),
        lost=tuple(one.name for one in lost),
        unknown=sum(answer is None for answer in answers.values()),
        particles=of_accepted,
        particles_lost=sum(particles.get(one.subject, 0) for one in lost),
        particles_gained=of_accepted / len(had) * len(gained) if had else 0.0,
    )


def _came(
    connection: Connection,
    steps: Mapping[str, PlannedStep],
    step: PlannedStep,
    revisions: Mapping[str, int],
) -> Iterator[Any]:
    """What came to a sampler, in order of arrival, with the item's document and its own task."""
    port = type(step.protocol).inputs()[0].name
    feed = step.inputs[port][0]
    source, made = steps[feed.step], feed
    while steps[made.step].passes:
        made = steps[made.step].inputs[made.port][0]
    if not {step.name, source.name, made.step} <= revisions.keys():
        return
    before, maker, ours = t.task.alias(), t.task.alias(), t.task.alias()
    chosen = (
        select(
            before.c.subject_id,
            t.subject.c.name,
            t.revision.c.step_id,
            ours.c.passed,
            literal(made.port).label("port"),
            t.result.c.document,
            t.exposure.c.details,
        )
        .join(t.subject, t.subject.c.id == before.c.subject_id)
        .join(ours, ours.c.subject_id == before.c.subject_id)
        .join(t.revision, t.revision.c.id == ours.c.revision_id)
        .join(maker, maker.c.subject_id == before.c.subject_id)
        .join(t.result, t.result.c.id == maker.c.result_id)
        .outerjoin(t.exposure, t.exposure.c.id == before.c.subject_id)
        .where(
            before.c.revision_id == revisions[source.name],
            maker.c.revision_id == revisions[made.step],
            ours.c.revision_id == revisions[step.name],
            before.c.state == "done",
            before.c.passed,
            t.subject.c.kind == "exposure",
        )
        .order_by(before.c.subject_id)
    )
    yield from connection.execute(chosen)


def _in_lots(store: Store, step: PlannedStep, rows: Sequence[Any]) -> list[Came] | None:
    """What came, each in its part of the stream; None where the author's method cannot say."""
    protocol = cast("SampleProtocol[Any]", step.protocol)
    kind = type(protocol).inputs()[0].item
    linked = bool(step.inputs.get("evidence"))
    came = []
    try:
        for row in rows:
            made = item(store, kind, json.loads(row.document)[row.port])
            incoming = Incoming(
                made, partial(_exposure, row), partial(_measured, made, linked=linked)
            )
            lot = str(protocol.lot_of(incoming))
            came.append(Came(SubjectId(row.subject_id), row.name, lot, bool(row.passed)))
    except Exception:  # a plugin's own code, or a result that this version cannot read
        return None
    return came


def _exposure(row: Any) -> Exposure | None:
    if row.details is None:
        return None
    return from_document(Exposure, json.loads(row.details) or {"name": row.name})


def _measured(made: Any, *, linked: bool) -> Mapping[str, float]:
    if linked:
        raise LookupError("what was measured by other steps is not read for a preview")
    return qualities_of(made)
