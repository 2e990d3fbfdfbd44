"""Workflows: of a session, and those to begin with; checked, saved, imported, exported."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from icestream.documents import read_json
from icestream.engine.graph.blanks import provisional
from icestream.engine.graph.placeholders import without_placeholders
from icestream.engine.graph.validation import validate
from icestream.engine.graph.workflow import InvalidWorkflow, Workflow, placeholder_of
from icestream.engine.record.set_by_people import workflow_set_by_people
from icestream.engine.record.workflows import session_workflow
from icestream.exchange.foreign import NotImported
from icestream.exchange.importing import import_text
from icestream.exchange.mapped import report_lines
from icestream.exchange.scipion_file import is_scipion
from icestream.protocol import Registry, UnknownProtocol
from icestream.report.drawing import BOX, place_steps
from icestream.server.access import Operator, Viewer
from icestream.server.changes import placed, questions, read_workflow, refuse
from icestream.server.context import Server, ThisServer
from icestream.server.errors import Problem, Refused
from icestream.server.sessions import AskedBranch, OpenStore, ThisSession
from icestream.server.templates import Template, Templates
from icestream.store import queries
from icestream.store.records import WorkflowRecord

__all__ = ["router", "templates_of"]

router = APIRouter(tags=["workflows"])

_LONGEST = 1_000_000
"""Characters of a file that is imported."""


class AskedWorkflow(BaseModel):
    """A workflow, in the form of a workflow file."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    workflow: dict[str, JsonValue]
    """``name``, and ``steps`` with ``name``, ``protocol``, ``parameters`` and ``inputs``."""


class AskedImport(BaseModel):
    """A file that holds a workflow."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    text: Annotated[str, Field(max_length=_LONGEST)]
    """What is in the file."""
    prefer: Literal["program", "own"] = "program"
    """Of Scipion's protocols: whether a plugin that runs the program goes first, or what icestream
    has for the purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedWorkflow:
    """What is wrong with a workflow, and what is odd."""

    problems: tuple[Problem, ...]
    """Everything that keeps it from running."""
    doubts: tuple[Problem, ...]
    """Values that are hardly meant, or have no effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedWorkflow:
    """A workflow that was read from a file, and what is wrong with it here."""

    workflow: Mapping[str, Any]
    checked: CheckedWorkflow
    report: tuple[str, ...] = ()
    """Of another program's workflow: what was taken exactly, approximately, and not, in lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionWorkflow:
    """The graph that a session runs, with where to draw it."""

    record: WorkflowRecord
    document: Mapping[str, Any]
    """The same as a workflow file has it: what people set."""
    titles: Mapping[str, str]
    """What each step does, by its name."""
    box: tuple[int, int]
    """Width and height of a step in the drawings."""
    layout: Mapping[str, Any]
    """Two drawings, ``wide`` and ``tall``: places of boxes, and links as SVG paths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowSummary:
    """A workflow to begin with."""

    name: str
    title: str
    """The name that it has in its file."""
    summary: str
    steps: int
    movies: bool
    """It takes files of a folder."""
    origin: Literal["shipped", "saved"]
    problem: str | None
    """Why it cannot be read or run here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPlace:
    """A step that holds the place of another program's protocol, which no session runs."""

    step: str
    program: str
    kind: str
    """What the program calls its protocol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutPlaceholders:
    """What a workflow is without the places that it holds."""

    steps: tuple[str, ...]
    """Those that are left out: the places, and what cannot run without them."""
    changes: tuple[str, ...]
    """What that changes, in sentences."""
    problem: str | None
    """Why it cannot be without them; None where it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowTemplate:
    """A workflow to begin with, whole."""

    name: str
    origin: Literal["shipped", "saved"]
    workflow: Mapping[str, Any]
    titles: Mapping[str, str]
    source: str | None
    """The step that takes files of a folder."""
    checked: CheckedWorkflow
    placeholders: tuple[HeldPlace, ...]
    """Steps that have to be left out, or to give way to a protocol, before a session begins."""
    without: WithoutPlaceholders | None
    """What it would be without them; null where it has none."""


@router.get("/sessions/{id}/workflow")
def show_workflow(
    store: OpenStore, branch: AskedBranch, server: ThisServer, _: Viewer
) -> SessionWorkflow:
    """The workflow of a session, in a branch."""
    record = queries.workflow(store, branch=branch)
    workflow = session_workflow(store, branch)
    drawings = place_steps(
        [(step.name, step.depth) for step in record.steps],
        [(link.source, link.step) for link in record.links],
        {step.name for step in record.steps if step.kind == "monitor"},
    )
    return SessionWorkflow(
        record=record,
        document=workflow.to_document(),
        titles=_titles(workflow, server.registry),
        box=BOX,
        layout=drawings,
    )


@router.get("/sessions/{id}/workflow/export")
def export_workflow(
    entry: ThisSession,
    store: OpenStore,
    branch: AskedBranch,
    _: Viewer,
    as_run: Annotated[
        bool, Query(description="With the session's own files, and what it taught itself.")
    ] = False,
) -> Response:
    """The workflow of a session as a file that runs elsewhere: what people set."""
    workflow = session_workflow(store, branch) if as_run else workflow_set_by_people(store, branch)
    return _file(workflow, f"{entry.folder.name}-workflow")


@router.post("/sessions/{id}/workflow/check")
def check_session_workflow(
    asked: AskedWorkflow, store: OpenStore, branch: AskedBranch, server: ThisServer, _: Viewer
) -> CheckedWorkflow:
    """Everything that is wrong with a workflow; what the session was told before is not odd."""
    return _checked(asked.workflow, server.registry, session_workflow(store, branch))


@router.get("/workflows")
def list_workflows(server: ThisServer, _: Viewer) -> list[WorkflowSummary]:
    """Workflows to begin with: those of icestream, and those that people saved here."""
    templates = templates_of(server)
    return [_summary(templates, name, origin, server) for name, origin in templates.names()]


@router.post("/workflows/check")
def check_workflow(asked: AskedWorkflow, server: ThisServer, _: Viewer) -> CheckedWorkflow:
    """Everything that is wrong with a workflow, all at once."""
    return _checked(asked.workflow, server.registry)


@router.post("/workflows/import")
def import_workflow(asked: AskedImport, server: ThisServer, _: Viewer) -> ImportedWorkflow:
    """Read a workflow from what is in a file of icestream or of Scipion; nothing is saved."""
    if is_scipion(asked.text):
        return _of_scipion(asked, server.registry)
    try:
        document = read_json(asked.text)
    except ValueError as error:
        raise Refused(422, f"the file is no JSON that can be read: {error}") from None
    if not isinstance(document, dict):
        raise Refused(422, "the file holds no workflow", 'it is an object with "name" and "steps"')
    workflow = read_workflow(document)
    return ImportedWorkflow(
        workflow=workflow.to_document(), checked=_checked(document, server.registry)
    )


def _of_scipion(asked: AskedImport, registry: Registry) -> ImportedWorkflow:
    try:
        imported = import_text(asked.text, "imported", registry, prefer=asked.prefer)
    except NotImported as error:
        problems = [Problem(where="", what=problem) for problem in error.problems]
        raise Refused(422, "the file is no workflow of Scipion", None, problems) from None
    document = imported.workflow.to_document()
    return ImportedWorkflow(
        workflow=document,
        checked=_checked(document, registry),
        report=tuple(report_lines(imported.mapped, imported.remarks)),
    )


@router.get("/workflows/{name}")
def read_template(name: str, server: ThisServer, _: Viewer) -> WorkflowTemplate:
    """A workflow to begin with."""
    return _whole(templates_of(server).read(name), server.registry)


@router.put("/workflows/{name}")
def save_template(
    name: str, asked: AskedWorkflow, server: ThisServer, _: Operator
) -> WorkflowTemplate:
    """Save a workflow to begin with; one of that name is replaced.

    It must be able to run, but for placeholders and for what it leaves open.
    """
    workflow = read_workflow(asked.workflow)
    problems = validate(workflow, server.registry, unfinished=True)
    refuse(placed(problems), "a workflow that cannot run is not saved")
    templates = templates_of(server)
    templates.save(name, workflow)
    return _whole(templates.read(name), server.registry)


@router.delete("/workflows/{name}", status_code=204)
def delete_template(name: str, server: ThisServer, _: Operator) -> None:
    """Delete a workflow that somebody saved."""
    templates_of(server).delete(name)


@router.get("/workflows/{name}/export")
def export_template(name: str, server: ThisServer, _: Viewer) -> Response:
    """A workflow to begin with, as a file."""
    return _file(templates_of(server).read(name).workflow, name)


def templates_of(server: Server) -> Templates:
    """The workflows that this server has to begin with."""
    return Templates(server.loaded.settings.state / "workflows")


def _whole(template: Template, registry: Registry) -> WorkflowTemplate:
    document = template.workflow.to_document()
    return WorkflowTemplate(
        name=template.name,
        origin=template.origin,
        workflow=document,
        titles=_titles(template.workflow, registry),
        source=_source(template.workflow, registry),
        checked=_checked(document, registry),
        placeholders=tuple(
            HeldPlace(step=step.name, program=held[0], kind=held[1])
            for step in template.workflow.steps
            if (held := placeholder_of(step))
        ),
        without=_without(template.workflow, registry),
    )


def _without(workflow: Workflow, registry: Registry) -> WithoutPlaceholders | None:
    if not any(map(placeholder_of, workflow.steps)):
        return None
    every = tuple(step.name for step in workflow.steps)
    try:
        left, changes = without_placeholders(workflow, registry)
    except InvalidWorkflow as error:
        *before, problem = error.problems
        return WithoutPlaceholders(steps=every, changes=tuple(before), problem=problem)
    kept = {step.name for step in left.steps}
    gone = tuple(name for name in every if name not in kept)
    said = None if _source(left, registry) else "no step is left that takes files of a folder"
    return WithoutPlaceholders(steps=gone, changes=tuple(changes), problem=said)


def _summary(
    templates: Templates, name: str, origin: Literal["shipped", "saved"], server: Server
) -> WorkflowSummary:
    try:
        workflow = templates.read(name).workflow
    except Refused as error:
        return WorkflowSummary(
            name=name, title=name, summary="", steps=0, movies=False, origin=origin,
            problem=str(error),
        )  # fmt: skip
    problems = validate(provisional(workflow), server.registry)
    return WorkflowSummary(
        name=name,
        title=workflow.name,
        summary=workflow.about,
        steps=len(workflow.steps),
        movies=_source(workflow, server.registry) is not None,
        origin=origin,
        problem="; ".join(problems) or None,
    )


def _source(workflow: Workflow, registry: Registry) -> str | None:
    """The first step that takes files by a pattern."""
    for step in workflow.steps:
        for protocol in registry.usable([step.protocol]):
            if protocol.brings and "pattern" in protocol.parameters_type().model_fields:
                return step.name
    return None


def _titles(workflow: Workflow, registry: Registry) -> dict[str, str]:
    titles = {}
    for step in workflow.steps:
        if held := placeholder_of(step):
            titles[step.name] = f"placeholder: {held[1]} of {held[0]}"
            continue
        try:
            titles[step.name] = registry.get(step.protocol).title
        except UnknownProtocol:
            titles[step.name] = f"{step.protocol} (not installed, or broken)"
    return titles


def _checked(
    document: Mapping[str, Any], registry: Registry, known: Workflow | None = None
) -> CheckedWorkflow:
    try:
        workflow = Workflow.from_document(dict(document))
    except InvalidWorkflow as error:
        return CheckedWorkflow(problems=tuple(placed(error.problems)), doubts=())
    workflow = provisional(workflow)
    problems = tuple(placed(validate(workflow, registry)))
    doubts = () if problems else tuple(questions(workflow, registry, known))
    return CheckedWorkflow(problems=problems, doubts=doubts)


def _file(workflow: Workflow, name: str) -> Response:
    text = json.dumps(workflow.to_document(), indent=2, ensure_ascii=False) + "\n"
    plain = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name)
    safe = plain.encode("ascii", "replace").decode().replace("?", "_")
    disposition = f'attachment; filename="{safe}.json"'
    return Response(
        text, media_type="application/json", headers={"Content-Disposition": disposition}
    )
