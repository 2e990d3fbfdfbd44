"""What people ask of a session, and what became of it."""

import time
from typing import Annotated, Any, Literal, Union

from fastapi import APIRouter, Body, Query
from pydantic import Field, create_model

from icestream.engine.graph.validation import doubts, validate
from icestream.engine.record.workflows import session_workflow
from icestream.engine.requests import models
from icestream.engine.requests.at_rest import ask
from icestream.engine.requests.models import (
    Accept,
    ChangeWorkflow,
    CorrectPicks,
    CreateBranch,
    InvalidRequest,
    Reject,
    Request,
    SetParameters,
    read_request,
)
from icestream.engine.requests.named import check_names
from icestream.server.access import Operator, Viewer
from icestream.server.catalogue import Entry
from icestream.server.changes import AS_GIVEN, changed, placed, read_workflow, refuse
from icestream.server.context import Server, ThisServer
from icestream.server.errors import Refused
from icestream.server.named_files import held_within, refuse_outside, roots_of
from icestream.server.sessions import OpenStore, ThisSession
from icestream.store import requests as asked
from icestream.store.chosen import chosen_exposures
from icestream.store.open import Store
from icestream.store.records import RequestRecord

__all__ = ["router"]

router = APIRouter(tags=["requests"])

_LOOK = 0.05
"""Seconds between two looks whether a request has its answer."""


def _without_who(model: type[Request]) -> Any:
    """The same model, without who asks and where files may be: the server knows both."""
    fields: dict[str, Any] = {
        name: (field.annotation, field)
        for name, field in model.model_fields.items()
        if name not in ("who", "within")
    }
    # What fields mean has been read from the model's source, which is not searched for again.
    config = model.model_config | {"use_attribute_docstrings": False}
    return create_model(model.__name__, __config__=config, __doc__=model.__doc__, **fields)


_ASKED: Any = Union[tuple(_without_who(model) for model in models.VERBS.values())]  # noqa: UP007
AskedRequest = Annotated[_ASKED, Field(discriminator="verb"), Body()]
"""The body: one of all requests, told apart by its ``verb``."""


@router.post("/sessions/{id}/requests", status_code=202)
def ask_session(
    entry: ThisSession,
    person: Operator,
    server: ThisServer,
    request: AskedRequest,
    as_given: Annotated[
        bool, Query(description="Take unusual values as they are, without a question.")
    ] = False,
) -> RequestRecord:
    """Ask something of a session; the same as the command of that name.

    Whoever runs the session carries it out; where nobody does, it is carried out at once as far as
    nothing has to be processed. The answer comes with ``GET .../requests/{token}?wait=10``.
    """
    try:
        wanted = read_request(
            request.model_dump(mode="json", exclude_unset=True), verb=request.verb, who=person.name
        )
    except InvalidRequest as error:
        raise Refused(422, str(error)) from None
    with server.catalogue.store(entry) as store:
        try:
            wanted = _meant(store, wanted)
            check_names(store, wanted)
        except LookupError as error:
            raise Refused(422, str(error)) from None
        _check(store, server, entry, wanted, as_given=as_given)
        wanted = _held(store, server, wanted)
    return _asked(server, entry, wanted)


def _asked(server: Server, entry: Entry, request: Request) -> RequestRecord:
    token = ask(entry.folder, request, server.registry)
    with server.catalogue.store(entry) as store:
        return asked.request(store, token)


def _meant(store: Store, request: Request) -> Request:
    """The request with names in the place of numbers and ranges of exposures."""
    if isinstance(request, Accept | Reject | CreateBranch) and request.exposures is not None:
        names = chosen_exposures(store, request.exposures)
        return request.model_copy(update={"exposures": names})
    if isinstance(request, CorrectPicks):
        names = chosen_exposures(store, [request.exposure])
        if len(names) > 1:
            several = f"{request.exposure} names {len(names)} exposures"
            raise LookupError(f"{several}; picks are corrected one by one")
        return request.model_copy(update={"exposure": names[0]})
    return request


def _check(store: Store, server: Server, entry: Entry, request: Request, *, as_given: bool) -> None:
    """Refuse a change that cannot be, or is hardly meant, before it is sent."""
    registry = server.registry
    match request:
        case SetParameters():
            before = session_workflow(store, request.branch)
            changes = {request.step: request.changes}
            refuse_outside(server, before, changes, known=before, session=entry.folder)
            after = changed(before, registry, changes)
        case ChangeWorkflow():
            before = session_workflow(store, request.branch)
            after = read_workflow(request.workflow)
            refuse_outside(server, after, known=before, session=entry.folder)
        case CreateBranch():
            before = session_workflow(store, request.base)
            named = before if request.workflow is None else read_workflow(request.workflow)
            refuse_outside(server, named, request.changes, known=before, session=entry.folder)
            after = changed(named, registry, request.changes)
        case _:
            return
    refuse(placed(validate(after, registry)), "the workflow cannot run")
    if not as_given:
        refuse(placed(doubts(after, registry, before)), "is that what is meant?", AS_GIVEN)


def _held(store: Store, server: Server, request: Request) -> Request:
    """The request, with the folders below which what it asks for may read."""
    if not isinstance(request, SetParameters | ChangeWorkflow | CreateBranch):
        return request
    update: dict[str, Any] = {}
    if not isinstance(request, ChangeWorkflow):
        update["within"] = roots_of(server)
    if not isinstance(request, SetParameters) and request.workflow is not None:
        base = request.branch if isinstance(request, ChangeWorkflow) else request.base
        asked_for = read_workflow(request.workflow)
        held = held_within(server, asked_for, session_workflow(store, base))
        update["workflow"] = held.to_document()
    return request.model_copy(update=update)


@router.get("/sessions/{id}/requests")
def list_requests(
    store: OpenStore,
    person: Viewer,  # noqa: ARG001 - who may not see it gets no answer
    state: Literal["new", "done", "refused"] | None = None,
) -> tuple[RequestRecord, ...]:
    """What was asked of a session, in the order of asking."""
    return asked.requests(store, state=state)


@router.get("/sessions/{id}/requests/{token}")
def show_request(
    store: OpenStore,
    person: Viewer,  # noqa: ARG001
    token: str,
    wait: Annotated[
        float, Query(ge=0, le=30, description="Seconds to wait while nobody has answered.")
    ] = 0.0,
) -> RequestRecord:
    """What became of a request."""
    until = time.monotonic() + wait
    while True:
        found = asked.request(store, token)
        if found.state != "new" or time.monotonic() >= until:
            return found
        time.sleep(_LOOK)
