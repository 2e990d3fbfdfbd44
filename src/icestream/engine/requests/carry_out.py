"""What people ask: commands from the session's store, carried out in the coordinator."""

import json
from collections.abc import Sequence
from typing import Any

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
from icestream.store import tables as t

__all__ = ["carry_out", "judge", "refuse_late", "waiting_commands"]

_log = structlog.get_logger("icestream.engine")


class _Refused(Exception):
    """The command cannot be carried out; the message says why."""


def waiting_commands(record: Record) -> Sequence[Any]:
    """Commands that nobody has answered, in order."""
    chosen = select(t.command).where(t.command.c.state == "new").order_by(t.command.c.time)
    with record.store.read() as connection:
        return connection.execute(chosen).all()


def refuse_late(record: Record, since: float) -> None:
    """Refuse to end or to hold work for commands from before `since`, when nobody ran it."""
    for row in waiting_commands(record):
        whole = '"step"' not in row.arguments
        late = row.name in ("stop", "abort") or (row.name == "pause" and whole)
        if late and row.time < since:
            _answer(record, row.token, "refused", "no process ran the session then", row.name)


def carry_out(record: Record, row: Any) -> list[Event]:
    """Carry out one command, answer it, and return what follows.

    Others write the commands: whatever is wrong with one is its answer, and ends nothing. Only
    trouble with storage is raised, and the command stays where it is.
    """
    try:
        events, answer = _obey(record, row)
        verdict = "done"
    except Exception as error:
        if storage.is_trouble(error):
            raise
        events, answer, verdict = [], str(error), "refused"
        if not isinstance(error, (_Refused, LookupError, ValidationError)):
            _log.warning("refused", command=row.name, token=row.token, exc_info=error)
    _answer(record, row.token, verdict, answer, row.name)
    return events


def _obey(record: Record, row: Any) -> tuple[list[Event], str]:
    if row.name not in _VERBS:
        raise _Refused(f"no command {row.name!r}; there are {', '.join(_VERBS)}")
    arguments = json.loads(row.arguments)
    if not isinstance(arguments, dict):
        raise _Refused(f"its arguments are a {type(arguments).__name__} instead of an object")
    lacking = [name for name in _NEEDED.get(row.name, ()) if name not in arguments]
    if lacking:
        raise _Refused(f"{row.name} needs {' and '.join(lacking)}")
    obeyed: tuple[list[Event], str] = _VERBS[row.name](record, arguments, row)
    return obeyed


def _ask(record: Record, arguments: dict[str, Any], row: Any) -> Any:
    reason = f"{row.name} by {row.who}"
    if not arguments.get("step"):
        return [Asked(row.name, (), reason)], f"the session: {row.name}"
    step = record.plan.step(arguments["step"])
    steps = record.plan.downstream(step) if arguments.get("branch") else [step]
    numbers = tuple(one.id for one in steps)
    names = ", ".join(one.name for one in steps)
    return [Asked(row.name, numbers, reason)], f"{names}: {row.name}"


def _retry(record: Record, arguments: dict[str, Any], _row: Any) -> Any:
    one = arguments.get("step")
    steps = [record.plan.step(one)] if one else record.plan.by_depth()
    events, count = retry(record, steps)
    sources, more = refused(record, steps)
    if sources:
        events = [*events, Reopened(sources)]
    count, of = count + more, f" of {steps[0].name}" if one else ""
    if not count:
        return events, f"no task{of} has failed"
    return events, f"tried again: {count} failed {'task' if count == 1 else 'tasks'}{of}"


def _set(record: Record, arguments: dict[str, Any], row: Any) -> Any:
    steps = change_parameters(record.plan, arguments["step"], arguments["changes"])
    changed = _revise(record, steps, row.who)
    if not changed:
        return [], "nothing has changed"
    with record.store.read() as connection:
        fresh = tuple(step_state(connection, step) for step in changed)
    said = ", ".join(f"{step.name} is at revision {step.number}" for step in changed)
    return [Revised(fresh, said)], said


def _judge(record: Record, arguments: dict[str, Any], row: Any) -> Any:
    accepted = row.name == "accept"
    steps: list[PlannedStep]
    if arguments.get("step"):
        steps = [record.plan.step(arguments["step"])]
        if steps[0].kind not in ("selection", "source"):
            raise _Refused(
                f"{steps[0].name} is no selection; an exposure is accepted or rejected at one"
            )
    else:
        every = record.plan.by_depth()
        steps = [step for step in every if step.kind == "selection"]
        steps = steps or [step for step in every if step.kind == "source"]
    names = list(arguments["exposures"])
    events, unknown = judge(
        record,
        [step.id for step in steps],
        names,
        accepted,
        (row.who, str(arguments.get("why", ""))),
    )
    if unknown:
        raise _Refused(f"no exposure {', '.join(unknown)} in this session")
    return events, f"{len(names)} exposures: {row.name} at {', '.join(s.name for s in steps)}"


def _acknowledge(record: Record, arguments: dict[str, Any], row: Any) -> Any:
    if not _see(record, int(arguments["alert"]), row.who):
        raise _Refused(f"no alert {arguments['alert']} in this session")
    return [], "acknowledged"


def _adopt(record: Record, arguments: dict[str, Any], row: Any) -> Any:
    number = int(arguments["alert"])
    with record.store.read() as connection:
        found = connection.execute(select(t.alert).where(t.alert.c.id == number)).one_or_none()
    if found is None:
        raise _Refused(f"no alert {number} in this session")
    offer = read_offer(found.offer)
    if offer is None:
        raise _Refused(f"alert {number} offers no change: {found.message}")
    asked = {"step": offer.step, "changes": offer.changes}
    events, said = _set(record, asked, row)
    with record.transaction() as (_, writes):
        record.alerts.adopt(writes, number, row.who)
        told = json.dumps({"alert": number, "who": row.who, **asked})
        writes.event("alert.adopted", told, step_id=found.step_id)
    return events, said


_VERBS = {
    "pause": _ask,
    "resume": _ask,
    "stop": _ask,
    "abort": _ask,
    "retry": _retry,
    "set": _set,
    "accept": _judge,
    "reject": _judge,
    "acknowledge": _acknowledge,
    "adopt": _adopt,
}
_NEEDED = {
    "set": ("step", "changes"),
    "accept": ("exposures",),
    "reject": ("exposures",),
    "acknowledge": ("alert",),
    "adopt": ("alert",),
}


def _answer(record: Record, token: str, verdict: str, answer: str, verb: str) -> None:
    """Answer a command."""
    with record.transaction() as (connection, writes):
        connection.execute(
            update(t.command).where(t.command.c.token == token).values(state=verdict, answer=answer)
        )
        said = json.dumps({"command": verb, "verdict": verdict, "answer": answer})
        writes.event("command.answered", said)


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
