"""Files that a workflow's parameters name: below the roots, or in the session; nowhere else."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from icestream.engine.graph.workflow import Workflow
from icestream.protocol import Registry, UnknownProtocol, named_files
from icestream.server.context import Server
from icestream.server.errors import Problem, Refused
from icestream.server.places import Places, places_of

__all__ = ["held_within", "refuse_outside", "roots_of"]


def refuse_outside(
    server: Server,
    workflow: Workflow,
    changes: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    known: Workflow | None = None,
    session: Path | None = None,
    places: Places | None = None,
) -> None:
    """Refuse a workflow, or changes of it, that name files which people here may not see.

    It says the same of a file that is there and of one that is not, and comes before anything that
    looks whether it is.

    Parameters
    ----------
    server
        Whose roots hold.
    workflow
        Whose parameters are looked at.
    changes
        New values, by step.
    known
        Workflow whose values are not looked at again: somebody on the machine may have given them.
        Where another file is named for a step, all of its files are looked at.
    session
        Folder of the session, whose own files may be named.
    places
        Where people may look; below the server's roots by default.

    Raises
    ------
    Refused
        If a file is outside.
    """
    places = places or places_of(server)
    before = {step.name: step.parameters for step in known.steps} if known else {}
    problems = []
    for step in workflow.steps:
        values = {**step.parameters, **(changes or {}).get(step.name, {})}
        kept = before.get(step.name, {})
        fresh = {name: value for name, value in values.items() if kept.get(name) != value}
        if any(_named(server.registry, step.protocol, fresh)):
            fresh = values  # from then on the step reads below the roots alone
        for name, path in _named(server.registry, step.protocol, fresh):
            inside = session is not None and _below(session / path, session)
            if not inside and not (path.is_absolute() and places.allows(path)):
                what = f"{values[name]} is not below a folder that may be shown"
                problems.append(Problem(where=f"{step.name}.{name}", what=what))
    if problems:
        raise Refused(
            403,
            "files of other folders cannot be named here",
            "roots in the settings says which folders may be shown",
            problems,
        )


def roots_of(server: Server) -> tuple[str, ...]:
    """Folders below which the files are that people here may name."""
    return tuple(map(str, places_of(server).roots))


def held_within(server: Server, workflow: Workflow, known: Workflow | None = None) -> Workflow:
    """A workflow whose steps read below the roots, also what tables and links lead them to.

    A step of `known` that reads no other files stays as it was: somebody on the machine may have
    given them. What a document says of where its steps read does not count.
    """
    before = {step.name: step for step in known.steps} if known else {}
    steps = []
    for step in workflow.steps:
        old = before.get(step.name)
        same = (
            old is not None
            and old.protocol == step.protocol
            and set(_named(server.registry, step.protocol, step.parameters))
            <= set(_named(server.registry, step.protocol, old.parameters))
        )
        within = old.within if old is not None and same else roots_of(server)
        steps.append(replace(step, within=within))
    return replace(workflow, steps=tuple(steps))


def _named(
    registry: Registry, protocol: str, values: Mapping[str, Any]
) -> Iterator[tuple[str, Path]]:
    try:
        model = registry.get(protocol).parameters_type()
    except UnknownProtocol:  # which is refused for that
        return
    try:
        yield from named_files(model, values)
    except ValueError as error:
        raise Refused(422, str(error)) from None


def _below(path: Path, folder: Path) -> bool:
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a link to itself
        return False
