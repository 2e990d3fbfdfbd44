"""Sessions: the list of all, one of them, and what was decided in it."""

import shutil
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from icestream.engine.machine.lock import as_it_is, holder
from icestream.server.access import Viewer, may_see
from icestream.server.context import ThisServer
from icestream.server.sessions import OpenStore, ThisSession
from icestream.server.summary import summary_of
from icestream.store import queries
from icestream.store.follow import newest_event
from icestream.store.history import decided_words, history
from icestream.store.newest import newest_taken
from icestream.store.open import Store
from icestream.store.places import is_network
from icestream.store.records import BranchRecord
from icestream.store.requests import requests
from icestream.store.standing import reruns, told_state
from icestream.store.summaries import ExposureCounts, SessionSummary

__all__ = ["router"]

router = APIRouter(tags=["sessions"])


class MountState(BaseModel):
    """The disk that a session's folder is on."""

    network: bool
    """Whether it is a network file system."""
    free: int | None
    """Bytes; null where it does not say."""
    total: int | None
    problem: str | None
    """Why it does not answer."""


class SessionDetail(BaseModel):
    """One session: what it is, where it is, and which branches it has."""

    id: str
    folder: str
    uid: str
    name: str
    workflow: str
    order: str
    state: str
    reason: str
    branch: str
    """Name of the branch that was adopted."""
    epoch: int
    holder: str
    """Who ran it last."""
    runs: str
    """Which process runs it now; empty: none."""
    created: float
    changed: float
    last_event: int
    """Number of the newest event: follow it from there."""
    takes: str
    """What comes in, such as ``movies``; empty before the first."""
    counts: ExposureCounts
    branches: tuple[BranchRecord, ...]
    mount: MountState
    store: str
    """``sqlite`` or ``postgresql``."""
    note: str | None
    """That its folder is a copy of another session's."""


class DecidedRecord(BaseModel):
    """Something that a person, a program or the session itself decided."""

    number: int
    """From 1, in the order of time; follow new ones with `after`."""
    time: float
    who: str
    by_session: bool
    verb: str
    document: dict[str, Any]
    why: str
    state: str
    answer: str
    words: str
    """What was decided, in words."""


@router.get("/sessions")
def list_sessions(person: Viewer, server: ThisServer) -> list[SessionSummary]:
    """Every session that who asks may see.

    Who comes by a shared link is not told who its people are.
    """
    summaries = [
        summary_of(server, entry) for entry in server.catalogue.entries() if may_see(person, entry)
    ]
    return [replace(one, people=()) for one in summaries] if person.shared else summaries


@router.get("/sessions/{id}")
def show_session(_: Viewer, entry: ThisSession, store: OpenStore) -> SessionDetail:
    """One session: what it is, where it is, and which branches it has."""
    session, again = as_it_is(queries.session(store), store.folder), reruns(store)
    asked = len(requests(store, state="new"))
    state, reason = told_state(session.state, session.reason, again, asked)
    taken, _newest = newest_taken(store)
    counts = queries.count_exposures(store)
    return SessionDetail(
        id=entry.id,
        folder=str(entry.folder),
        uid=session.uid,
        name=session.name,
        workflow=session.workflow,
        order=session.order,
        state=state,
        reason=reason,
        branch=session.branch,
        epoch=session.epoch,
        holder=session.holder,
        runs=holder(store.folder),
        created=session.created,
        changed=session.changed,
        last_event=newest_event(store),
        takes="" if taken is None else taken.many,
        counts=ExposureCounts(
            found=sum(counts.values()),
            accepted=counts["done"],
            rejected=counts["rejected"],
            failed=counts["failed"],
            behind=counts["going"],
        ),
        branches=tuple(one for one in queries.branches(store) if one.state != "dropped"),
        mount=_mount(store),
        store="postgresql" if store.file is None else "sqlite",
        note=f"a copy of the session in {entry.copy_of}" if entry.copy_of else None,
    )


def _mount(store: Store) -> MountState:
    try:
        usage = shutil.disk_usage(store.folder)
    except OSError as error:
        problem = f"{store.folder}: {error.strerror}"
        return MountState(network=False, free=None, total=None, problem=problem)
    network = is_network(store.folder)
    return MountState(network=network, free=usage.free, total=usage.total, problem=None)


@router.get("/sessions/{id}/history")
def list_history(
    _: Viewer,
    store: OpenStore,
    after: Annotated[int, Query(ge=0, lt=1 << 63, description="Number of the last known.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> tuple[DecidedRecord, ...]:
    """What people, programs and the session itself decided, the oldest first."""
    numbered = list(enumerate(history(store), start=1))
    return tuple(
        DecidedRecord(
            number=number,
            time=record.time,
            who=record.who,
            by_session=record.by_session,
            verb=record.verb,
            document=dict(record.document),
            why=record.why,
            state=record.state,
            answer=record.answer,
            words=decided_words(record),
        )
        for number, record in numbered[after : after + limit]
    )
