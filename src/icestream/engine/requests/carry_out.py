"""What people ask: requests from the session's store, carried out in the coordinator.

To add a verb: its model in `icestream.engine.requests.models`, a function here that returns what
follows and the answer, and its line in `_obey`.
"""

import json
from collections.abc import Sequence
from typing import Any, assert_never

import structlog
from pydantic import ValidationError
from sqlalchemy import select, update

from icestream.engine.decisions.events import Asked, Event, Reopened, Revised
from icestream.engine.graph.plan import PlannedStep
from icestream.engine.machine import storage
from icestream.engine.record.alerts import read_offer
from icestream.engine.record.cascade import Cascade
from icestream.engine.record.opening import step_state
from icestream.engine.record.record import Record
from icestream.engine.record.retries import refused, retry
from icestream.engine.record.revisions import change_parameters, revise
from icestream.engine.requests.models import (
    Abort,
    Accept,
    Acknowledge,
    Adopt,
    InvalidRequest,
    Pause,
    Reject,
    Request,
    Resume,
    Retry,
    SetParameters,
    Stop,
    read_request,
)
from icestream.store import tables as t

__all__ = ["carry_out", "judge", "refuse_late", "waiting_requests"]

_log = structlog.get_logger("icestream.engine")

Obeyed = tuple[list[Event], str]
"""What follows from a request, and the answer to it."""


class _Refused(Exception):
    """The request cannot be carried out; the message says why."""


def waiting_requests(record: Record) -> Sequence[Any]:
    """Rows of the requests that nobody has answered, in order."""
    chosen = select(t.request).where(t.request.c.state == "new").order_by(t.request.c.time)
    with record.store.read() as connection:
        return connection.execute(chosen).all()


def refuse_late(record: Record, since: float) -> None:
    """Refuse to end or to hold work for requests from before `since`, when nobody ran it."""
    for row in waiting_requests(record):
        try:
            request = _read(row)
        except InvalidRequest:
            continue  # it is refused for that, like any other
        late = isinstance(request, Stop | Abort) or (
            isinstance(request, Pause) and request.step is None
        )
        if late and row.time < since:
            _answer(record, row, "refused", "no process ran the session then")


def carry_out(record: Record, row: Any) -> list[Event]:
    """Carry out the request of a row, answer it, and return what follows.

    Others write the requests: whatever is wrong with one is its answer, and ends nothing. Only
    trouble with storage is raised, and the request stays where it is.
    """
    try:
        events, answer = _obey(record, _read(row))
        verdict = "done"
    except Exception as error:
        if storage.is_trouble(error):
            raise
        events, answer, verdict = [], str(error), "refused"
        if not isinstance(error, _Refused | InvalidRequest | LookupError | ValidationError):
            _log.warning("refused", verb=row.verb, token=row.token, exc_info=error)
    _answer(record, row, verdict, answer)
    return events


def _read(row: Any) -> Request:
    """The request of a row of the table."""
    return read_request(row.document, verb=row.verb, who=row.who)


def _obey(record: Record, request: Request) -> Obeyed:
    match request:
        case Pause() | Resume() | Stop() | Abort():
            return _control(record, request)
        case Retry():
            return _retry(record, request)
        case SetParameters():
            return _set(record, request)
        case Accept() | Reject():
            return _judge(record, request)
        case Acknowledge():
            return _acknowledge(record, request)
        case Adopt():
            return _adopt(record, request)
        case _:
            assert_never(request)


def _control(record: Record, request: Pause | Resume | Stop | Abort) -> Obeyed:
    verb, reason = request.verb, f"{request.verb} by {request.who}"
    if request.step is None:
        return [Asked(verb, (), reason)], f"the session: {verb}"
    step = record.plan.step(request.step)
    steps = record.plan.downstream(step) if request.downstream else [step]
    numbers = tuple(one.id for one in steps)
    names = ", ".join(one.name for one in steps)
    return [Asked(verb, numbers, reason)], f"{names}: {verb}"


def _retry(record: Record, request: Retry) -> Obeyed:
    steps = [record.plan.step(request.step)] if request.step else record.plan.by_depth()
    events, count = retry(record, steps)
    sources, more = refused(record, steps)
    if sources:
        events = [*events, Reopened(sources)]
    count, of = count + more, f" of {steps[0].name}" if request.step else ""
    if not count:
        return events, f"no task{of} has failed"
    return events, f"tried again: {count} failed {'task' if count == 1 else 'tasks'}{of}"


def _set(record: Record, request: SetParameters) -> Obeyed:
    steps = change_parameters(record.plan, request.step, request.changes)
    changed = _revise(record, steps, request.who)
    if not changed:
        return [], "nothing has changed"
    with record.store.read() as connection:
        fresh = tuple(step_state(connection, step) for step in changed)
    said = ", ".join(f"{step.name} is at revision {step.number}" for step in changed)
    return [Revised(fresh, said)], said


def _judge(record: Record, request: Accept | Reject) -> Obeyed:
    steps: list[PlannedStep]
    if request.step is not None:
        steps = [record.plan.step(request.step)]
        if steps[0].kind not in ("selection", "source"):
            raise _Refused(
                f"{steps[0].name} is no selection; an exposure is accepted or rejected at one"
            )
    else:
        every = record.plan.by_depth()
        steps = [step for step in every if step.kind == "selection"]
        steps = steps or [step for step in every if step.kind == "source"]
    names = list(request.exposures)
    by = (request.who, request.why)
    accepted = isinstance(request, Accept)
    events, unknown = judge(record, [step.id for step in steps], names, accepted, by)
    if unknown:
        raise _Refused(f"no exposure {', '.join(unknown)} in this session")
    where = ", ".join(step.name for step in steps)
    return events, f"{len(names)} exposures: {request.verb} at {where}"


def _acknowledge(record: Record, request: Acknowledge) -> Obeyed:
    if not _see(record, request.alert, request.who):
        raise _Refused(f"no alert {request.alert} in this session")
    return [], "acknowledged"


def _adopt(record: Record, request: Adopt) -> Obeyed:
    number = request.alert
    with record.store.read() as connection:
        found = connection.execute(select(t.alert).where(t.alert.c.id == number)).one_or_none()
    if found is None:
        raise _Refused(f"no alert {number} in this session")
    offer = read_offer(found.offer)
    if offer is None:
        raise _Refused(f"alert {number} offers no change: {found.message}")
    asked = {"step": offer.step, "changes": dict(offer.changes)}
    events, said = _set(record, SetParameters(**asked, who=request.who))
    with record.transaction() as (_, writes):
        record.alerts.adopt(writes, number, request.who)
        told = json.dumps({"alert": number, "who": request.who, **asked})
        writes.event("alert.adopted", told, step_id=found.step_id)
    return events, said


def _answer(record: Record, row: Any, verdict: str, answer: str) -> None:
    """Answer the request of a row."""
    with record.transaction() as (connection, writes):
        connection.execute(
            update(t.request)
            .where(t.request.c.token == row.token)
            .values(state=verdict, answer=answer)
        )
        said = json.dumps({"verb": row.verb, "verdict": verdict, "answer": answer})
        writes.event("request.answered", said)


def _revise(record: Record, steps: list[PlannedStep], who: str) -> list[PlannedStep]:
    """Give steps the revisions of their new fingerprints; those that changed."""
    with record.transaction() as (connection, writes):
        changed = revise(connection, writes, steps, who)
    for step in steps:
        record.plan.steps[step.id] = step
        step.looks_back = True
    return changed


def judge(
    record: Record, steps: list[int], names: list[str], accepted: bool, by: tuple[str, str]
) -> tuple[list[Event], list[str]]:
    """Record a person's word on exposures at steps; also returns names that are unknown."""
    with record.cascade() as cascade:
        chosen = select(t.exposure.c.name, t.exposure.c.id).where(t.exposure.c.name.in_(names))
        known = {name: int(one) for name, one in cascade.connection.execute(chosen)}
        unknown = [name for name in names if name not in known]
        if not unknown:
            cascade.load(known.values())
            for number in steps:
                for one in known.values():
                    _judge_one(record, cascade, number, one, accepted, by)
    return record.follow_up(cascade.applied), unknown


def _judge_one(
    record: Record, cascade: Cascade, number: int, one: int, accepted: bool, by: tuple[str, str]
) -> None:
    who, why = by
    cascade.writes.insert(
        t.decision,
        step_id=number,
        exposure_id=one,
        accepted=accepted,
        who=who,
        why=why,
        time=cascade.writes.now,
    )
    said = json.dumps({"accepted": accepted, "who": who, "why": why})
    cascade.writes.event("exposure.judged", said, step_id=number, exposure_id=one)
    row = cascade.rows(one).get(number)
    if row is not None and row.state == "done" and row.passed != accepted:
        reason = row.reason if accepted else (why or f"rejected by {who}")
        step = record.plan.steps[number]
        cascade.change(step, row, "done", passed=accepted, reason=reason)
        cascade.look_again(number, one)


def _see(record: Record, alert: int, who: str) -> bool:
    """Record that a person has seen an alert; False when there is none."""
    with record.transaction() as (connection, writes):
        found = connection.execute(
            update(t.alert)
            .where(t.alert.c.id == alert)
            .values(acknowledged=writes.now, acknowledged_by=who)
        )
        if found.rowcount:
            writes.event("alert.acknowledged", json.dumps({"alert": alert, "who": who}))
    return bool(found.rowcount)
