"""Where the movies of a session that begins come from, which of them are its own, and its source.

However a session begins, in a browser, on the command line or by a message, it is decided here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from icestream.engine.graph.workflow import PATTERN, InvalidWorkflow, Workflow
from icestream.facility.opened import Facility
from icestream.facility.registry.sessions import sessions
from icestream.facility.transfer.session import (
    MovieRoute,
    decide_route,
    movies_pattern,
    route_of,
)
from icestream.protocol import Registry

__all__ = ["WantedMovies", "decided_route", "movies_of", "routed", "source_step"]

_BEFORE = 3600.0
"""Seconds before a session begins from when on movies of a shared folder are its own."""
_SINCE = "since"
"""Parameter of the source that tells the files of a session from those of before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedMovies:
    """The movies of a session that begins."""

    microscope: str
    pattern: str
    """Where they are: a folder, or a pattern."""
    named: bool
    """Somebody said so; otherwise it is what the microscope writes."""
    whose: str
    """Project of the session, or its operator."""
    began: float
    """Seconds since the epoch."""
    everything: bool = False
    """Of a folder that all sessions share, what was written before it, too."""


def decided_route(facility: Facility, wanted: WantedMovies, raw: Path) -> MovieRoute:
    """Where its movies come from and go to; nothing is made.

    Parameters
    ----------
    raw
        The folder of its movies, when they are copied.

    Raises
    ------
    NoSource
        If this machine cannot get there.
    """
    root, below = movies_pattern(wanted.pattern)
    first = below.partition("/")[0] if "/" in below else ""
    within = first if first.strip("*?") else ""
    since = 0.0 if within or wanted.everything else _since(facility, wanted, root)
    return decide_route(
        facility.file, wanted.microscope, raw, source=root, since=since, within=within
    )


def routed(
    workflow: Workflow, protocols: Registry, route: MovieRoute, pattern: str
) -> tuple[Workflow, str]:
    """A workflow that takes the movies of a route, and where that finds them.

    Parameters
    ----------
    pattern
        Where they are at the source.
    """
    taken = f"{route.copy}/{movies_pattern(pattern)[1]}".rstrip("/") if route.copy else pattern
    step, fields = source_step(workflow, protocols)
    own: dict[str, Any] = {PATTERN: taken}
    if _SINCE in fields and route.since and not route.copy:
        own[_SINCE] = route.since
    return workflow.changed(step, own), taken


def source_step(workflow: Workflow, protocols: Registry) -> tuple[str, Mapping[str, Any]]:
    """The step that takes movies of a folder, and what can be said to it.

    Raises
    ------
    InvalidWorkflow
        If there is none.
    """
    for step in workflow.steps:
        for one in protocols.usable([step.protocol]):
            if one.brings and PATTERN in (fields := one.parameters_type().model_fields):
                return step.name, fields
    raise InvalidWorkflow(workflow.name, ["it has no step that takes movies of a folder"])


def movies_of(facility: Facility, microscope: str) -> str:
    """Where a microscope writes; empty where nobody says."""
    section, instrument = facility.file.transfer, facility.file.microscopes[microscope]
    elsewhere = section.sources.get(microscope, "") if section is not None else ""
    own = elsewhere or ("" if instrument.movies is None else str(instrument.movies))
    return own.rstrip("/")


def _since(facility: Facility, wanted: WantedMovies, root: str) -> float:
    """From when on movies are the session's own; 0 where it has a folder for itself.

    The folder of all sessions has the movies of those before.
    """
    shared = movies_of(facility, wanted.microscope)
    if wanted.named and not f"{shared}/".startswith(f"{root.rstrip('/')}/"):
        return 0.0
    began = wanted.began
    first = began - _BEFORE
    with facility.registry.read() as connection:
        before = sessions(connection, microscope=wanted.microscope, begins=first, ends=began)
    for one in before:
        other = (one.project or one.operator) != wanted.whose
        route = route_of(Path(one.folder)) if other else None
        if route is not None and route.since:
            first = max(first, began if one.ended is None else min(one.ended, began))
    return first
