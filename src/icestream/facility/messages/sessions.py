"""Sessions as messages begin and steer them.

`OwnSessions` begins them in a folder of their own below one of the facility; a facility with a
registry and a tree of folders hands in what does so there.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy.exc import DBAPIError

from icestream.engine.graph.workflow import (
    PATTERN,
    InvalidWorkflow,
    Step,
    Workflow,
    load_workflow,
)
from icestream.engine.record.workflows import session_workflow
from icestream.engine.requests.at_rest import NothingRuns, ask
from icestream.engine.requests.models import InvalidRequest, read_request
from icestream.engine.requests.send import answer_of
from icestream.facility.messages.documents import AskSession, StartSession, UnreadableRequest
from icestream.formats.watch import is_session
from icestream.protocol import Registry
from icestream.protocol.file_parameters import named_files
from icestream.report.summary import sum_up
from icestream.settings import Settings
from icestream.starting.begin import begin, prepared, wait_for_it
from icestream.starting.checks import OccupiedFolder
from icestream.starting.filling import fill_in
from icestream.starting.presets import UnknownMicroscope
from icestream.store.open import NoStore, open_store

__all__ = [
    "OwnSessions",
    "PlannedSession",
    "SessionsOfMessages",
    "ask_session",
    "asked_answer",
    "has_begun",
    "movies_step",
    "status_of",
    "workflow_of_request",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSession:
    """A session that can begin, and where."""

    name: str
    folder: Path
    workflow: Workflow | None
    """None of one that has begun."""
    asked: StartSession


class SessionsOfMessages(Protocol):
    """What begins sessions, and knows where they are."""

    def plan(self, asked: StartSession, *, ours: bool = False) -> PlannedSession:
        """Look whether a session can begin, without making anything.

        Parameters
        ----------
        ours
            What is in its folder is of this very request, which was killed in the middle.

        Raises
        ------
        UnreadableRequest
            With everything that keeps it from beginning.
        OSError
            If that cannot be told now.
        """
        ...

    def begin(self, planned: PlannedSession) -> None:
        """Begin it; what was begun before in its folder by the same request goes on.

        Raises
        ------
        NotStarted, OSError
            If it did not begin; it is tried again.
        """
        ...

    def folder_of(self, name: str) -> Path | None:
        """Folder of the session of a name."""
        ...

    def confidential(self, folder: str, project: str = "") -> bool:
        """Whether a session's project is: nothing of it is told to all.

        Parameters
        ----------
        folder
            Of the session; empty where there is none yet.
        project
            Code of the project, where it is known.
        """
        ...


@dataclass(frozen=True, slots=True)
class OwnSessions:
    """Sessions in folders of their own names below one folder.

    Parameters
    ----------
    root
        That folder.
    settings
        Of the machine: its presets, and what sessions share.
    workflows
        A folder with the site's workflow files.
    within
        Folders below which all files are that sessions read; anywhere where it is empty.
    secret
        Whether a session's project is confidential, by the session's folder and the project's code.
    """

    root: Path
    settings: Settings
    workflows: Path | None = None
    within: tuple[Path, ...] = ()
    secret: Callable[[str, str], bool] = lambda folder, project: False  # noqa: ARG005
    registry: Registry = field(default_factory=Registry)

    def plan(
        self, asked: StartSession, *, ours: bool = False, folder: Path | None = None
    ) -> PlannedSession:
        """As of all sessions that messages begin; `folder` is another one than of its name."""
        folder = self.root / asked.session if folder is None else folder
        if is_session(folder) and not ours:
            raise UnreadableRequest(
                [f"session: there is one called {asked.session!r} already; give it another name"]
            )
        workflow = workflow_of_request(
            asked, folder, self.registry, self.settings, self.workflows, self.within
        )
        return PlannedSession(name=asked.session, folder=folder, workflow=workflow, asked=asked)

    def begin(self, planned: PlannedSession, options: Sequence[str] = ()) -> None:
        """As of all sessions that messages begin; `options` are those of ``icestream run``."""
        if planned.workflow is None or has_begun(planned.folder):
            return  # by this very request, before we were killed
        (planned.folder / "logs").mkdir(parents=True, exist_ok=True)
        said = planned.asked.model_dump(mode="json", exclude_defaults=True)
        (planned.folder / "logs" / "request.json").write_text(json.dumps(said, indent=2) + "\n")
        started = begin(planned.folder, planned.workflow, options, state=self.settings.state)
        wait_for_it(started)

    def folder_of(self, name: str) -> Path | None:
        """As of all sessions that messages begin."""
        folder = self.root / name
        return folder if "/" not in name and is_session(folder) else None

    def confidential(self, folder: str, project: str = "") -> bool:
        """As of all sessions that messages begin."""
        return self.secret(folder, project)


def has_begun(folder: Path) -> bool:
    """Whether there is a session in a folder that has begun, whoever runs it now."""
    try:
        with closing(open_store(folder, readonly=True)) as store:
            session_workflow(store)
    except (NoStore, LookupError, DBAPIError):
        return False
    return True


def workflow_of_request(
    asked: StartSession,
    folder: Path,
    registry: Registry,
    settings: Settings,
    workflows: Path | None = None,
    within: tuple[Path, ...] = (),
) -> Workflow:
    """The workflow that a request asks for, checked for a session in `folder`.

    Raises
    ------
    UnreadableRequest
        With everything that is wrong with it.
    """
    try:
        whole = _named(asked.workflow, workflows)
        whole, _ = fill_in(
            whole,
            registry,
            asked.fill,
            pattern=asked.movies,
            allowed=lambda path: _in(path, within),
        )
        whole = _changed(whole, asked, registry)
        problems = list(_outside(whole, registry, within))
        if problems:
            raise UnreadableRequest(problems)
        if within:
            folders = tuple(map(str, within))
            whole = replace(
                whole, steps=tuple(replace(step, within=folders) for step in whole.steps)
            )
        return prepared(whole, folder, registry, settings, as_given=asked.as_given)
    except InvalidWorkflow as error:
        raise UnreadableRequest(list(error.problems)) from None
    except (OccupiedFolder, UnknownMicroscope) as error:
        raise UnreadableRequest([str(error)]) from None


def _named(workflow: str | dict[str, Any], folder: Path | None) -> Workflow:
    """The workflow of a name, of the site first, or of a document."""
    if isinstance(workflow, dict):
        return Workflow.from_document(workflow)
    try:
        if folder is not None and "/" not in workflow:
            own = folder / f"{workflow.removesuffix('.json')}.json"
            if own.is_file():
                return load_workflow(own)
        if "/" in workflow:
            raise LookupError(
                f"{workflow!r} is a path: name a workflow of the site, or send the whole of it"
            )
        return load_workflow(workflow)
    except LookupError as error:
        raise UnreadableRequest([f"workflow: {error}"]) from None
    except UnicodeDecodeError:
        raise UnreadableRequest([f"workflow: {workflow!r} is no text"]) from None


def _changed(workflow: Workflow, asked: StartSession, registry: Registry) -> Workflow:
    """The workflow with all parameters that the request says."""
    problems = []
    values: dict[str, dict[str, Any]] = {name: dict(v) for name, v in asked.parameters.items()}
    sources = [step for step in workflow.steps if _brings(step, registry)]
    if not sources and (asked.movies or asked.acquisition):
        problems.append(f"workflow: {workflow.name!r} has no step that takes files of a folder")
    for step in sources[:1]:
        own = values.setdefault(step.name, {})
        known = _fields(step, registry)
        said: dict[str, Any] = dict(asked.acquisition)
        if asked.movies is not None:
            said[PATTERN] = asked.movies
        if asked.microscope and "microscope" in known:
            said.setdefault("microscope", asked.microscope)
        for name, value in {
            "watch": asked.watch, "idle_timeout": asked.idle_timeout
        }.items():  # fmt: skip
            if name in known and value is not None:
                said.setdefault(name, value)
        values[step.name] = {**said, **own}
    for name, changes in values.items():
        try:
            workflow = workflow.changed(name, changes)
        except LookupError as error:
            problems.append(f"parameters.{name}: {error}")
    if problems:
        raise UnreadableRequest(problems)
    return workflow


def movies_step(workflow: Workflow, registry: Registry) -> Step | None:
    """The first step that takes files of a folder; None where there is none."""
    return next((step for step in workflow.steps if _brings(step, registry)), None)


def _brings(step: Step, registry: Registry) -> bool:
    return any(one.brings for one in registry.usable([step.protocol])) and PATTERN in _fields(
        step, registry
    )


def _fields(step: Step, registry: Registry) -> Mapping[str, Any]:
    found = next(registry.usable([step.protocol]), None)
    return {} if found is None else found.parameters_type().model_fields


def _outside(workflow: Workflow, registry: Registry, within: tuple[Path, ...]) -> Iterator[str]:
    """Files that steps name and that are in none of the folders."""
    if not within:
        return
    for step in workflow.steps:
        for protocol in registry.usable([step.protocol]):
            try:
                files = list(named_files(protocol.parameters_type(), step.parameters))
            except ValueError as error:
                yield f"step {step.name!r}: {error}"
                continue
            for name, path in files:
                if not _in(path, within):
                    there = ", ".join(map(str, within))
                    yield f"step {step.name!r}: {name}: {path} is in none of {there}"


def _in(path: Path, within: tuple[Path, ...]) -> bool:
    if not within:
        return True
    real = Path(os.path.realpath(path))
    return any(real.is_relative_to(os.path.realpath(one)) for one in within)


def ask_session(folder: Path, asked: AskSession, who: str, token: str) -> None:
    """Ask something of a session, once for a token; `asked_answer` has what came of it.

    Raises
    ------
    UnreadableRequest
        If it is no request, or one that nobody can carry out.
    """
    try:
        request = read_request(asked.request, who=who)
        ask(folder, request, token=token)
    except InvalidRequest as error:
        raise UnreadableRequest([f"request: {error}"]) from None
    except InvalidWorkflow as error:
        raise UnreadableRequest(list(error.problems)) from None
    except (NothingRuns, NoStore, LookupError) as error:
        raise UnreadableRequest([str(error)]) from None


def asked_answer(folder: Path, token: str) -> tuple[str, str]:
    """State of a request (new, done, refused), and what was said to it."""
    return answer_of(folder, token)


def status_of(folder: Path, name: str, now: float) -> dict[str, Any]:
    """Where a session stands, as a document.

    Raises
    ------
    UnreadableRequest
        If there is none.
    """
    from pydantic import TypeAdapter

    from icestream.store.summaries import SessionSummary

    try:
        with closing(open_store(folder, readonly=True)) as store:
            summary = sum_up(store, name, now)
    except (NoStore, LookupError) as error:
        raise UnreadableRequest([str(error)]) from None
    document: dict[str, Any] = TypeAdapter(SessionSummary).dump_python(summary, mode="json")
    return document
