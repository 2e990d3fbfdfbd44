"""Picks that people correct by hand: what they ask, made a decision and carried out."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, select

from icestream.engine.decisions.events import Event
from icestream.engine.graph.plan import PlannedStep
from icestream.engine.record.cascade import Cascade
from icestream.engine.record.corrections import (
    corrected_port,
    correction_document,
    extent_of,
    picks_in,
)
from icestream.engine.record.record import Record
from icestream.engine.record.results import results_of
from icestream.engine.requests.models import CorrectPicks, InvalidRequest
from icestream.model import Picks, PicksCorrection, ResultId, SubjectId
from icestream.store import tables as t
from icestream.store.corrections import correction_of
from icestream.store.events import PicksCorrected
from icestream.store.named import exposure_id

__all__ = ["correct_picks"]

_EDGE = 0.5
"""Pixels from the middle of a pixel to its edge."""


def correct_picks(record: Record, request: CorrectPicks) -> tuple[list[Event], str]:
    """Carry out what a person asks of the picks of an exposure: what follows, and the answer.

    Raises
    ------
    LookupError, InvalidRequest
        Saying why it cannot be.
    """
    step = _step(record, request)
    with record.cascade() as cascade:
        subject = _exposure(cascade.connection, request.exposure)
        cascade.load([subject])
        before = _standing(cascade.connection, step, subject)
        if request.undo:
            if not before:
                raise InvalidRequest(
                    f"nobody has corrected the picks of {request.exposure} at {step.name}"
                )
            after = PicksCorrection()
        else:
            after = _edited(cascade, step, subject, before, request)
        document = correction_document(after)
        if document == correction_document(before):
            return [], f"the picks of {request.exposure} at {step.name} are so already"
        _decide(cascade, step, subject, request, after)
        took = list(_took(cascade, record, step, subject, request.branch))
    said = f"picks of {request.exposure} at {step.name}: {_counted(after)}"
    if took:
        said += f"; {' and '.join(took)} took its particles in before, and keeps those"
    return record.follow_up(cascade.applied), said


def _decide(
    cascade: Cascade,
    step: PlannedStep,
    subject: SubjectId,
    request: CorrectPicks,
    after: PicksCorrection,
) -> None:
    """Write the decision down, and let it hold wherever the step is done."""
    writes = cascade.writes
    by = {"who": request.who, "why": request.why}
    writes.insert(
        t.correction,
        step_id=step.step,
        subject_id=subject,
        document=correction_document(after),
        time=writes.now,
        **by,
    )
    said = PicksCorrected(added=len(after.added), removed=len(after.removed), **by)
    writes.event(said, step_id=step.step, subject_id=subject)
    writes.flush(cascade.connection)  # what follows reads what people said
    for planned in cascade.plan.by_depth():
        row = cascade.rows(subject).get(planned.id)
        if planned.step == step.step and row is not None:
            cascade.correct(planned, row, [subject])


def _edited(
    cascade: Cascade,
    step: PlannedStep,
    subject: SubjectId,
    before: PicksCorrection,
    request: CorrectPicks,
) -> PicksCorrection:
    """What is changed all in all, once this is."""
    own = _own(cascade, step, subject, request.exposure)
    scale = (request.pixel_size or own.picks.pixel_size) / own.picks.pixel_size

    def scaled(places: tuple[tuple[float, float], ...]) -> list[tuple[float, float]]:
        return [(x * scale, y * scale) for x, y in places]

    _check_inside(cascade.connection, own, scaled((*request.add, *(request.only or ()))))
    try:
        if request.only is not None:
            return PicksCorrection().towards(own.picks, scaled(request.only))
        return before.edited(own.picks, scaled(request.add), scaled(request.remove))
    except LookupError as error:
        raise InvalidRequest(f"{request.exposure} at {step.name}: {error}") from None


@dataclass(frozen=True, slots=True)
class _Own:
    """What a step itself has found in an exposure."""

    result: ResultId
    picks: Picks


def _own(cascade: Cascade, step: PlannedStep, subject: SubjectId, exposure: str) -> _Own:
    port, row = corrected_port(step), cascade.rows(subject).get(step.id)
    assert port is not None  # it was chosen for that
    if row is None or row.state != "done":
        state = "it has not come there" if row is None else f"its task is {row.state}"
        why = f" ({row.reason})" if row is not None and row.reason else ""
        raise InvalidRequest(f"{exposure} has no picks of {step.name}: {state}{why}")
    number = results_of(cascade.connection, [row.key]).get(row.key)
    if number is None:
        raise InvalidRequest(f"what {step.name} found in {exposure} was cleaned up")
    made = t.result.c
    chosen = select(made.document, made.types).where(made.id == number)
    document, types = cascade.connection.execute(chosen).one()
    return _Own(number, picks_in(step, port, json.loads(document), json.loads(types)))


def _check_inside(connection: Connection, own: _Own, places: list[tuple[float, float]]) -> None:
    """Refuse places that are not in the micrograph; in pixels of the picks."""
    extent = extent_of(connection, own.result)
    size = own.picks.pixel_size
    width, height = (side / size for side in extent) if extent else (float("inf"),) * 2
    for x, y in places:
        if not (-_EDGE <= x <= width - _EDGE and -_EDGE <= y <= height - _EDGE):
            there = f", which has {width:.0f} x {height:.0f} pixels of {size:.4g} Å"
            raise InvalidRequest(
                f"({x:g}, {y:g}) is not in the micrograph{there if extent else ''}"
            )


def _step(record: Record, request: CorrectPicks) -> PlannedStep:
    """The step whose picks are meant: the one that is named, or the last that gives picks."""
    plan = record.plan
    every = plan.branches.get(request.branch or plan.adopted)
    there = [plan.steps[revision] for revision in (every or {}).values()]
    giving = [step for step in there if corrected_port(step) is not None]
    names = ", ".join(step.name for step in giving)
    if request.step is not None or every is None:
        step = plan.step(request.step or "", request.branch)
        if corrected_port(step) is None:
            has = f"; those of {names} can be" if giving else ""
            raise InvalidRequest(f"{step.name} gives no picks that people can correct{has}")
        return step
    if not giving:
        raise InvalidRequest("no step of this session gives picks")
    read = {feed.step for step in giving for feeds in step.feeds.values() for feed in feeds}
    last = [step for step in giving if step.id not in read]
    if len(last) > 1:
        several = " and ".join(step.name for step in last)
        raise InvalidRequest(f"{several} give picks: say of which step they are")
    return last[0]


def _exposure(connection: Connection, name: str) -> SubjectId:
    number = connection.execute(select(exposure_id(name))).scalar()
    if number is None:
        raise InvalidRequest(f"no exposure {name} in this session")
    return SubjectId(number)


def _standing(connection: Connection, step: PlannedStep, subject: SubjectId) -> PicksCorrection:
    """What has been changed by hand so far."""
    row = t.correction.c
    chosen = (
        select(row.document)
        .where(row.step_id == step.step, row.subject_id == subject)
        .order_by(row.id.desc())
        .limit(1)
    )
    document = connection.execute(chosen).scalar()
    return PicksCorrection() if document is None else correction_of(document)


def _took(
    cascade: Cascade, record: Record, step: PlannedStep, subject: SubjectId, branch: str | None
) -> Iterator[str]:
    """Batch steps that have taken the exposure's particles in: they cannot give them back."""
    after = [one for one in record.plan.downstream(step, branch) if one.protocol.accumulates]
    arrival = t.arrival.c
    chosen = select(arrival.revision_id).where(
        arrival.subject_id == subject,
        arrival.task_id.is_not(None),
        arrival.revision_id.in_([one.id for one in after]),
    )
    taken = set(cascade.connection.execute(chosen).scalars())
    yield from (one.name for one in after if one.id in taken)


def _counted(correction: PicksCorrection) -> str:
    if not correction:
        return "as the step found them"
    return f"{len(correction.added)} added, {len(correction.removed)} removed by hand"
