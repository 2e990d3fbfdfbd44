"""What people ask: requests from the session's store, carried out in the coordinator.

To add a verb: its model in `icestream.engine.requests.models`, a function here that returns what
follows and the answer, and its line in `_obey`.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, assert_never

import structlog
from pydantic import ValidationError
from sqlalchemy import Connection, select, update

from icestream.engine.decisions.events import (
    Asked,
    Event,
    OrderChanged,
    Reopened,
    StreamEnded,
)
from icestream.engine.graph.differences import Difference, differences
from icestream.engine.graph.plan import PlannedStep
from icestream.engine.graph.workflow import InvalidWorkflow, Workflow
from icestream.engine.machine import storage
from icestream.engine.record.alerts import read_offer
from icestream.engine.record.branches import (
    Entered,
    adopt_branch,
    create_branch,
    drop_branch,
    enter_workflow,
)
from icestream.engine.record.cascade import Cascade
from icestream.engine.record.needs import wants
from icestream.engine.record.record import Record
from icestream.engine.record.retries import refused, retry
from icestream.engine.record.revisions import (
    base_workflow,
    changed_steps,
    changed_workflow,
    said_of,
    with_parameters,
)
from icestream.engine.record.set_by_people import standing_workflow
from icestream.engine.record.workflows import branch_called, workflow_of
from icestream.engine.requests.correcting import correct_picks
from icestream.engine.requests.models import (
    Abort,
    Accept,
    Acknowledge,
    Adopt,
    AdoptBranch,
    ChangeWorkflow,
    CorrectPicks,
    CreateBranch,
    DropBranch,
    GiveUp,
    InvalidRequest,
    Mute,
    Pause,
    Rearm,
    Reject,
    Request,
    Resume,
    Retry,
    SetParameters,
    Stop,
    TakeFirst,
    Undo,
    read_request,
)
from icestream.engine.requests.muting import heed
from icestream.model import RevisionId, SubjectId
from icestream.store import tables as t
from icestream.store.events import ChangeUndone, ExposureJudged, RequestAnswered, RequestAsked
from icestream.store.standing import undoing

__all__ = ["carry_out", "ends_waiting", "judge", "refuse_late", "waiting_requests"]

_log = structlog.get_logger("icestream.engine")

_FIRST = {
    "newest": "the newest exposures go first",
    "oldest": "the oldest exposures go first",
    "both": "the newest and the oldest exposures go in turn",
}
Obeyed = tuple[list[Event], str]
"""What follows from a request, and the answer to it."""


class _Refused(Exception):
    """The request cannot be carried out; the message says why."""


_EXPECTED = (_Refused, InvalidRequest, InvalidWorkflow, LookupError, ValidationError)


def waiting_requests(record: Record) -> Sequence[Any]:
    """Rows of the requests that nobody has answered, in order; says once of each that it came."""
    chosen = select(t.request).where(t.request.c.state == "new").order_by(t.request.c.time)
    with record.store.read() as connection:
        rows = connection.execute(chosen).all()
    fresh = [row for row in rows if row.token not in record.asked]
    if fresh:
        with record.transaction() as (_, writes):
            for row in fresh:
                writes.event(RequestAsked(token=row.token, verb=row.verb, who=row.who))
        record.asked.update(row.token for row in fresh)
    return rows


def ends_waiting(record: Record) -> bool:
    """Whether somebody asks for something that ends the waiting for a folder that is away."""
    for row in waiting_requests(record):
        with contextlib.suppress(InvalidRequest):
            match _read(row):
                case GiveUp() | Stop(step=None) | Abort(step=None):
                    return True
    return False


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
        if not isinstance(error, _EXPECTED):
            _log.warning("refused", verb=row.verb, token=row.token, exc_info=error)
    _answer(record, row, verdict, answer)
    return events


def _read(row: Any) -> Request:
    """The request of a row of the table."""
    return read_request(row.document, verb=row.verb, who=row.who)


def _obey(record: Record, request: Request) -> Obeyed:  # noqa: C901, PLR0911 - one for each verb
    match request:
        case Pause() | Resume() | Stop() | Abort():
            return _control(record, request)
        case Retry():
            return _retry(record, request)
        case GiveUp():
            return _give_up(record, request)
        case SetParameters():
            return _set(record, request)
        case TakeFirst():
            return _take_first(record, request)
        case ChangeWorkflow():
            return _change_workflow(record, request)
        case CreateBranch():
            return _create_branch(record, request)
        case AdoptBranch():
            return _adopt_branch(record, request)
        case DropBranch():
            return _drop_branch(record, request)
        case Undo():
            return _undo(record, request)
        case Accept() | Reject():
            return _judge(record, request)
        case CorrectPicks():
            return correct_picks(record, request)
        case Acknowledge() | Mute() | Rearm():
            return [], heed(record, request)
        case Adopt():
            return _adopt(record, request)
        case _:
            assert_never(request)


def _control(record: Record, request: Pause | Resume | Stop | Abort) -> Obeyed:
    verb = request.verb
    # After the state that follows: paused by ann.
    reason = f"by {request.who}{f': {request.why}' if request.why else ''}"
    if request.step is None:
        return [Asked(verb, (), reason)], f"the session: {verb}"
    step = record.plan.step(request.step, request.branch)
    steps = record.plan.downstream(step, request.branch) if request.downstream else [step]
    lacking = [wants(step, record.gpus) for step in steps] if verb == "resume" else []
    if any(lacking):
        raise _Refused(f"{request.step} cannot go on: {'; '.join(filter(None, lacking))}")
    numbers = tuple(step.id for step in steps)
    names = ", ".join(step.name for step in steps)
    return [Asked(verb, numbers, reason)], f"{names}: {verb}"


def _take_first(record: Record, request: TakeFirst) -> Obeyed:
    with record.transaction() as (connection, _):
        connection.execute(update(t.session).values(order=request.order))
    record.order = request.order
    return [OrderChanged(request.order)], _FIRST[request.order]


def _retry(record: Record, request: Retry) -> Obeyed:
    record.given_up.clear()  # whoever asks expects that they can be read again
    steps = [record.plan.step(request.step)] if request.step else record.plan.by_depth()
    events, count = retry(record, steps)
    sources, more = refused(record, steps)
    if sources:
        events = [*events, Reopened(sources)]
    count, of = count + more, f" of {steps[0].name}" if request.step else ""
    if not count:
        return events, f"no task{of} has failed"
    return events, f"tried again: {count} failed {'task' if count == 1 else 'tasks'}{of}"


def _give_up(record: Record, request: GiveUp) -> Obeyed:
    steps = [step for step in record.plan.by_depth() if step.protocol.brings]
    if request.step is not None:
        steps = [record.plan.step(request.step)]
        if not steps[0].protocol.brings:
            raise _Refused(f"{request.step} is no source; a source is given up")
    said = f"given up by {request.who}{f': {request.why}' if request.why else ''}"
    record.given_up |= {step.id: said for step in steps}
    names = ", ".join(step.name for step in steps)
    events: list[Event] = [StreamEnded(step.id) for step in steps]
    return events, f"{names}: given up; what it brought and cannot be read fails"


def _set(record: Record, request: SetParameters) -> Obeyed:
    with record.transaction() as (connection, writes):
        branch = branch_called(connection, request.branch or record.plan.adopted)
        old = workflow_of(connection, branch)
        new = with_parameters(old, record.registry, request.step, request.changes, request.within)
        entered = Entered(branch, new, request.who)
        enter_workflow(connection, writes, entered, record.registry)
    return _taken_up(record, request.branch)


def _change_workflow(record: Record, request: ChangeWorkflow) -> Obeyed:
    workflow = Workflow.from_document(request.workflow)
    with record.transaction() as (connection, writes):
        branch = branch_called(connection, request.branch or record.plan.adopted)
        entered = Entered(branch, workflow, request.who)
        enter_workflow(connection, writes, entered, record.registry)
    return _taken_up(record, request.branch)


def _create_branch(record: Record, request: CreateBranch) -> Obeyed:
    with record.transaction() as (connection, writes):
        called = request.base or record.plan.adopted
        workflow = changed_workflow(
            base_workflow(connection, called),
            record.registry,
            changes=request.changes,
            document=request.workflow,
            within=request.within,
        )
        sample = None
        if request.exposures is not None:
            sample = _numbers_of(connection, request.exposures)
        branch = create_branch(
            connection,
            writes,
            workflow,
            name=request.name,
            who=request.who,
            sample=sample,
            base=called,
        )
        enter_workflow(connection, writes, Entered(branch, workflow, request.who), record.registry)
    return _taken_up(record, request.name)


def _numbers_of(connection: Connection, names: Sequence[str]) -> list[SubjectId]:
    """Numbers of exposures by their names."""
    subject = t.subject.c
    chosen = select(subject.name, subject.id).where(
        subject.kind == "exposure", subject.name.in_(names)
    )
    known = {name: SubjectId(subject) for name, subject in connection.execute(chosen)}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise _Refused(f"no exposure {', '.join(unknown)} in this session")
    return list(known.values())


def _adopt_branch(record: Record, request: AdoptBranch) -> Obeyed:
    with record.transaction() as (connection, writes):
        looking = adopt_branch(connection, writes, request.name, request.who)
    return record.replan(looking), f"{request.name} is adopted"


def _drop_branch(record: Record, request: DropBranch) -> Obeyed:
    with record.transaction() as (connection, writes):
        drop_branch(connection, writes, request.name, request.who)
    return record.replan(), f"{request.name} is dropped"


def _undo(record: Record, request: Undo) -> Obeyed:
    target = undoing(record.store)
    workflow = standing_workflow(record.store, target)
    adopted = record.plan.adopted
    before = record.plan
    with record.transaction() as (connection, writes):
        branch = branch_called(connection, target.branch)
        changed = differences(workflow_of(connection, branch), workflow, record.registry)
        writes.event(ChangeUndone(branch=target.branch, who=request.who))
        looking: frozenset[RevisionId] = frozenset()
        enter_workflow(connection, writes, Entered(branch, workflow, request.who), record.registry)
        if target.branch != adopted:
            looking = adopt_branch(connection, writes, target.branch, request.who)
    events = record.replan(looking)
    if target.branch != adopted:
        return events, f"{target.branch} is adopted again, in the place of {adopted}"
    again = "; ".join(_again(one) for one in changed)
    said = said_of(changed_steps(before, record.plan))
    return events, f"undone: {again}: {said}" if again else f"undone: {said}"


def _again(difference: Difference) -> str:
    """What is as it was before, in words."""
    match difference.what:
        case "parameter":
            return f"{difference.step}.{difference.name} is {difference.new} again"
        case "added":
            return f"{difference.step} is there again"
        case "removed":
            return f"{difference.step} is gone again"
        case _:
            return f"{difference.step} is what it was again"


def _taken_up(record: Record, branch: str | None = None) -> Obeyed:
    """What follows from what was changed in the branches."""
    before = record.plan
    events = record.replan()
    return events, said_of(changed_steps(before, record.plan, branch))


def _judge(record: Record, request: Accept | Reject) -> Obeyed:
    steps: list[PlannedStep]
    if request.step is not None:
        named = record.plan.step(request.step)
        # A person's word is on the exposure at the step, whichever branch asks.
        steps = [planned for planned in record.plan.by_depth() if planned.step == named.step]
        kind = steps[0].protocol
        if not (kind.judges or kind.brings or kind.holds):
            raise _Refused(
                f"{steps[0].name} is no selection, sampler or trigger; an exposure is accepted or "
                "rejected at one"
            )
    else:
        every = record.plan.by_depth()
        steps = [step for step in every if step.protocol.judges]
        steps = steps or [step for step in every if step.protocol.brings]
    names = list(request.exposures)
    events, unknown = judge(
        record,
        steps,
        names,
        accepted=isinstance(request, Accept),
        who=request.who,
        why=request.why,
    )
    if unknown:
        raise _Refused(f"no exposure {', '.join(unknown)} in this session")
    where = ", ".join(step.name for step in steps)
    return events, f"{len(names)} exposures: {request.verb} at {where}"


def _adopt(record: Record, request: Adopt) -> Obeyed:
    alert = request.alert
    with record.store.read() as connection:
        row = connection.execute(select(t.alert).where(t.alert.c.id == alert)).one_or_none()
    if row is None:
        raise _Refused(f"no alert {alert} in this session")
    offer = read_offer(row.offer)
    if offer is None:
        raise _Refused(f"alert {alert} offers no change: {row.message}")
    # Who offers a file says nothing of where the step may read others.
    within = record.plan.step(offer.step).within
    asked = SetParameters(
        step=offer.step, changes=dict(offer.changes), within=within, who=request.who
    )
    events, said = _set(record, asked)
    with record.transaction() as (_, writes):
        record.alerts.adopt(writes, row.step_id, alert, offer, request.who)
    return events, said


def _answer(record: Record, row: Any, verdict: str, answer: str) -> None:
    """Answer the request of a row: what a person is told is done, is on the disk."""
    with record.transaction(durable=True) as (connection, writes):
        connection.execute(
            update(t.request)
            .where(t.request.c.token == row.token)
            .values(state=verdict, answer=answer)
        )
        writes.event(
            RequestAnswered(
                verb=row.verb, verdict=verdict, answer=answer, token=row.token, who=row.who
            )
        )
    record.asked.discard(row.token)


def judge(
    record: Record,
    steps: Sequence[PlannedStep],
    names: Sequence[str],
    *,
    accepted: bool,
    who: str,
    why: str,
) -> tuple[list[Event], list[str]]:
    """Record a person's word on exposures at steps; also returns names that are unknown."""
    with record.cascade() as cascade:
        column = t.subject.c
        chosen = select(column.name, column.id).where(
            column.kind == "exposure", column.name.in_(names)
        )
        known = {name: SubjectId(subject) for name, subject in cascade.connection.execute(chosen)}
        unknown = [name for name in names if name not in known]
        if not unknown:
            cascade.load(known.values())
            for step in steps:
                for subject in known.values():
                    _judge_one(cascade, step, subject, Word(accepted, who, why))
    return record.follow_up(cascade.applied), unknown


@dataclass(frozen=True, slots=True)
class Word:
    """What a person says of an exposure."""

    accepted: bool
    who: str
    why: str


def _judge_one(cascade: Cascade, step: PlannedStep, subject: SubjectId, word: Word) -> None:
    cascade.writes.insert(
        t.decision,
        step_id=step.step,
        subject_id=subject,
        accepted=word.accepted,
        who=word.who,
        why=word.why,
        time=cascade.writes.now,
    )
    said = ExposureJudged(accepted=word.accepted, who=word.who, why=word.why)
    cascade.writes.event(said, step_id=step.step, subject_id=subject)
    row = cascade.rows(subject).get(step.id)
    if row is not None and row.state == "done" and row.passed != word.accepted:
        reason = row.reason if word.accepted else (word.why or f"rejected by {word.who}")
        cascade.change(step, row, "done", passed=word.accepted, reason=reason)
        cascade.look_again(step.id, subject)
    elif row is not None and step.protocol.holds and row.state in ("held", "skipped"):
        cascade.writes.flush(cascade.connection)  # the gate reads what people said
        cascade.look_again(step.id, subject)
