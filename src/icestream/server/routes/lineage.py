"""How results were made, what failed and what happened."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query

import icestream
from icestream.engine.record.set_by_people import workflow_set_by_people
from icestream.engine.record.workflows import session_workflow
from icestream.report.views.ancestry import Ancestry, ancestry
from icestream.server.drawing import ThisGallery
from icestream.server.result_links import ResultNumber
from icestream.server.sessions import AskedBranch
from icestream.store import queries
from icestream.store.records import EpochRecord, EventRecord, FailureRecord
from icestream.store.results import count_results

__all__ = ["Provenance", "router"]

router = APIRouter(tags=["provenance"])

After = Annotated[int, Query(ge=0, lt=1 << 63, description="Number of the last that is known.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Who ran a session, when, with which software, and what it runs."""

    icestream: str
    """Version of this server's program."""
    session: str
    uid: str
    branch: str
    epochs: tuple[EpochRecord, ...]
    """Each coordinator that has run it, with its software."""
    protocols: dict[str, str]
    """Titles of the protocols of its steps, by their names."""
    workflow: dict[str, Any]
    """As people set it: it runs again elsewhere."""
    workflow_as_run: dict[str, Any]
    """With what the session taught itself."""
    results: int
    """Of all revisions; ``lineage`` tells of each."""


@router.get("/sessions/{id}/lineage/{result}")
def lineage(
    gallery: ThisGallery,
    number: ResultNumber,
    most: Annotated[int, Query(ge=1, le=2000, description="Results in the graph.")] = 300,
    each: Annotated[
        int, Query(ge=1, le=2000, description="Results that are followed at one port.")
    ] = 12,
) -> Ancestry:
    """A result with what it was made from as a graph, the nearest first.

    Each node says protocol, version, parameters, command line, software (by its epoch), files, host
    and time. What is left out, since a classification takes in thousands, is counted in words; ask
    for the lineage of one of its inputs, or for more.
    """
    return ancestry(
        gallery.store, number, gallery.shelf.titles(gallery.store), most=most, each=each
    )


@router.get("/sessions/{id}/provenance")
def provenance(gallery: ThisGallery, branch: AskedBranch) -> Provenance:
    """Who ran a session, when and with which software, and the workflow that runs again elsewhere.

    The export ``provenance`` has the lineage of every result besides.
    """
    store = gallery.store
    session = queries.session(store)
    return Provenance(
        icestream=icestream.__version__,
        session=session.name,
        uid=session.uid,
        branch=branch or session.branch,
        epochs=queries.epochs(store),
        protocols=dict(gallery.shelf.titles(store)),
        workflow=dict(workflow_set_by_people(store, branch).to_document()),
        workflow_as_run=dict(session_workflow(store, branch).to_document()),
        results=count_results(store),
    )


@router.get("/sessions/{id}/failures")
def failures(
    gallery: ThisGallery,
    branch: AskedBranch,
    step: Annotated[str | None, Query(max_length=200, description="Only of this step.")] = None,
    after: After = 0,
    limit: Annotated[int, Query(ge=1, le=2000, description="Failures at most.")] = 500,
) -> list[FailureRecord]:
    """Tasks that failed or were skipped, with reason and details, in order."""
    if step is not None:
        queries.step(gallery.store, step, branch=branch)  # says which there are
    found = queries.failures(gallery.store, step=step, after=after, limit=limit, branch=branch)
    return list(found)


@router.get("/sessions/{id}/events")
def events(
    gallery: ThisGallery,
    after: After = 0,
    limit: Annotated[int, Query(ge=1, le=5000, description="Events at most.")] = 1000,
    kinds: Annotated[
        str | None,
        Query(max_length=4000, description="With commas between them, such as alert.raised."),
    ] = None,
) -> list[EventRecord]:
    """What happened, in order: follow a session by asking for what came after the last `seq`."""
    wanted = None if kinds is None else [kind for kind in kinds.split(",") if kind]
    return list(queries.events(gallery.store, after=after, limit=limit, kinds=wanted))
