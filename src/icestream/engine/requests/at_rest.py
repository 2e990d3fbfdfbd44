"""Requests to a session that nobody runs: carried out at once, as far as nothing has to run.

It is the coordinator's own record that does it, without an executor: what is there already is taken
up and judged, and what has to be run waits for whoever runs the session.
"""

import contextlib
from contextlib import closing
from pathlib import Path

from sqlalchemy import select

from icestream.engine.machine.lock import SessionBusy, hold, holder
from icestream.engine.record.record import Record
from icestream.engine.record.workflows import session_workflow
from icestream.engine.requests.carry_out import carry_out
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
    Mute,
    Pause,
    Rearm,
    Reject,
    Request,
    SetParameters,
    Stop,
    TakeFirst,
    Undo,
)
from icestream.engine.requests.send import answer_of, send
from icestream.protocol import Registry
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.open import open_store

__all__ = ["AT_REST", "NothingRuns", "ask", "carry_out_at_rest", "have_done"]


AT_REST = (
    SetParameters,
    TakeFirst,
    ChangeWorkflow,
    CreateBranch,
    AdoptBranch,
    DropBranch,
    Undo,
    Accept,
    Reject,
    CorrectPicks,
    Acknowledge,
    Mute,
    Rearm,
    Adopt,
)
"""What is carried out where nobody runs the session; all else is about work that runs."""


class NothingRuns(RuntimeError):
    """Nobody runs the session: there is nothing to pause or to end."""


def have_done(
    folder: Path | str, request: Request, registry: Registry | None = None, *, timeout: float = 10.0
) -> tuple[str, str]:
    """Have a request carried out, whether a process runs the session or not.

    Returns its verdict (done, refused; new where whoever runs the session has not answered within
    `timeout` seconds), and what was answered. What is raised is as by `carry_out_at_rest`.
    """
    if not holder(Path(folder)):
        with contextlib.suppress(SessionBusy):
            return carry_out_at_rest(folder, request, registry)
    return answer_of(folder, send(folder, request), timeout=timeout)


def ask(
    folder: Path | str, request: Request, registry: Registry | None = None, *, token: str = ""
) -> str:
    """Ask something of a session; returns a token for `answer_of`, and waits for nobody.

    Whoever runs the session carries it out. Where nobody does, it is carried out here and now as
    far as it needs no work, and what is about work, such as trying again, waits for the next run.

    Parameters
    ----------
    token
        The asker's own: what was asked with it before is not asked again.

    Raises
    ------
    NothingRuns
        If nobody runs the session, and it is to be paused or ended.
    NoStore, LookupError, InvalidWorkflow
        As by `carry_out_at_rest`.
    """
    if token and _was_asked(folder, token):
        return token
    if not holder(Path(folder)):
        pauses = isinstance(request, Pause) and request.step is None
        if pauses or isinstance(request, Stop | Abort):
            to = "pause" if pauses else "end"
            raise NothingRuns(f"no process runs this session: there is nothing to {to}")
        if isinstance(request, AT_REST):
            with contextlib.suppress(SessionBusy):
                whole = Path(folder).absolute()
                return _carry_out(whole, request, registry or Registry(), token)
    return send(folder, request, token=token)


def _was_asked(folder: Path | str, token: str) -> bool:
    """Whether it was, and need not be carried out here: it is answered, or somebody runs it."""
    try:
        state, _ = answer_of(folder, token)
    except LookupError:
        return False
    return state != "new" or bool(holder(Path(folder)))


def carry_out_at_rest(
    folder: Path | str, request: Request, registry: Registry | None = None
) -> tuple[str, str]:
    """Carry out a request of a session that nobody runs; its verdict, and what was answered.

    Raises
    ------
    SessionBusy
        If a coordinator runs the session: it carries out what is sent to it.
    NoStore
        If there is no session in `folder`.
    LookupError
        If the session has not been started yet.
    InvalidWorkflow
        If the session's own workflow cannot run here, and so cannot be judged anew.
    """
    folder = Path(folder).absolute()
    return answer_of(folder, _carry_out(folder, request, registry or Registry()))


def _carry_out(folder: Path, request: Request, registry: Registry, token: str = "") -> str:
    """Send a request to ourselves and carry it out; its token."""
    with closing(open_store(folder, readonly=True)) as store:
        session_workflow(store)  # says when it has not been started
    with hold(folder), closing(open_store(folder, upgrade=False)) as store:
        workflow, session = session_workflow(store), queries.session(store)
        record = Record(store, registry, None, timeout=0.0)
        record.open(workflow)
        token = send(folder, request, token=token)
        with store.read() as connection:
            row = connection.execute(select(t.request).where(t.request.c.token == token)).one()
        carry_out(record, row)
        _look_at_what_was_there(record)
        record.leave("done" if session.state == "done" else "stopped", session.reason)
    return token


def _look_at_what_was_there(record: Record) -> None:
    """Take up, in steps that were changed, all results that are there for them."""
    after: dict[int, int] = {}
    while True:
        revision = t.revision.c
        chosen = (
            select(revision.id, revision.backfill)
            .where(
                revision.backfill.is_not(None),
                revision.id.in_(list(record.plan.steps)),
                revision.state.not_in(["paused", "draining"]),
            )
            .order_by(revision.depth, revision.id)
        )
        with record.store.read() as connection:
            rows = connection.execute(chosen).all()
        row = next((row for row in rows if after.get(row.id, -1) < row.backfill), None)
        if row is None:
            return
        after[row.id] = row.backfill
        record.backfill(row.id)
