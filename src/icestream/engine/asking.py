"""What people ask: commands from the session's store, carried out in the coordinator."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from sqlalchemy import select

from icestream.engine.opening import step_state
from icestream.engine.plan import Bound
from icestream.engine.revising import change_parameters
from icestream.engine.state import Asked, Event, State
from icestream.store import tables as t

if TYPE_CHECKING:
    from icestream.engine.book import Book

__all__ = ["carry_out", "waiting_commands"]


class _Refused(Exception):
    """The command cannot be carried out; the message says why."""


def waiting_commands(book: "Book") -> Sequence[Any]:
    """Commands that nobody has answered, in order."""
    chosen = select(t.command).where(t.command.c.state == "new").order_by(t.command.c.time)
    with book.store.read() as connection:
        return connection.execute(chosen).all()


def carry_out(book: "Book", state: State, row: Any) -> list[Event]:
    """Carry out one command, answer it, and return what follows."""
    arguments = json.loads(row.arguments)
    try:
        answered: tuple[list[Event], str] = _VERBS[row.name](book, state, arguments, row)
        (events, answer), verdict = answered, "done"
    except (_Refused, LookupError, ValidationError, TypeError) as error:
        events, answer, verdict = [], str(error), "refused"
    book.answer(row.token, verdict, answer, row.name)
    return events


def _ask(book: "Book", _state: State, arguments: dict[str, Any], row: Any) -> Any:
    reason = f"{row.name} by {row.who}"
    if not arguments.get("step"):
        return [Asked(row.name, (), reason)], f"the session: {row.name}"
    step = book.plan.step(arguments["step"])
    steps = book.plan.downstream(step) if arguments.get("branch") else [step]
    numbers = tuple(one.id for one in steps)
    names = ", ".join(one.name for one in steps)
    return [Asked(row.name, numbers, reason)], f"{names}: {row.name}"


def _set(book: "Book", state: State, arguments: dict[str, Any], row: Any) -> Any:
    steps = change_parameters(book.plan, arguments["step"], arguments["changes"])
    changed = book.revise(steps, row.who)
    for step in changed:
        with book.store.read() as connection:
            fresh = step_state(connection, step)
        old = state.steps[step.id]
        fresh.running, fresh.state = old.running, old.state
        fresh.closed = False
        state.steps[step.id] = fresh
    numbers = {step.id for step in changed}
    state.later = [entry for entry in state.later if entry[2].step not in numbers]
    if not changed:
        return [], "nothing has changed"
    said = ", ".join(f"{step.name} is at revision {step.number}" for step in changed)
    return [Asked("revised", tuple(numbers), said)], said


def _judge(book: "Book", _state: State, arguments: dict[str, Any], row: Any) -> Any:
    accepted = row.name == "accept"
    steps: list[Bound]
    if arguments.get("step"):
        steps = [book.plan.step(arguments["step"])]
        if steps[0].kind not in ("selection", "source"):
            raise _Refused(
                f"{steps[0].name} is no selection; an exposure is accepted or rejected at one"
            )
    else:
        every = book.plan.by_depth()
        steps = [step for step in every if step.kind == "selection"]
        steps = steps or [step for step in every if step.kind == "source"]
    names = list(arguments["exposures"])
    events, unknown = book.judge(
        [step.id for step in steps], names, accepted, (row.who, str(arguments.get("why", "")))
    )
    if unknown:
        raise _Refused(f"no exposure {', '.join(unknown)} in this session")
    return events, f"{len(names)} exposures: {row.name} at {', '.join(s.name for s in steps)}"


def _acknowledge(book: "Book", _state: State, arguments: dict[str, Any], row: Any) -> Any:
    if not book.acknowledge(int(arguments["alert"]), row.who):
        raise _Refused(f"no alert {arguments['alert']} in this session")
    return [], "acknowledged"


_VERBS = {
    "pause": _ask,
    "resume": _ask,
    "stop": _ask,
    "abort": _ask,
    "set": _set,
    "accept": _judge,
    "reject": _judge,
    "acknowledge": _acknowledge,
}
