"""Files that a workflow's parameters name: below the roots, or in the session; nowhere else."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from icestream.engine.graph.workflow import Workflow
from icestream.formats.watch import FolderWatch
from icestream.protocol import Registry, UnknownProtocol
from icestream.protocol.parameters import Parameters, is_input_file
from icestream.server.context import Server
from icestream.server.errors import Problem, Refused
from icestream.server.places import places_of

__all__ = ["refuse_outside"]

_PATTERN = "pattern"
_FOLDER = "metadata"
"""Parameters of imports that name files although they are text."""


def refuse_outside(
    server: Server,
    workflow: Workflow,
    changes: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    known: Workflow | None = None,
    session: Path | None = None,
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
    session
        Folder of the session, whose own files may be named.

    Raises
    ------
    Refused
        If a file is outside.
    """
    places = places_of(server)
    before = {step.name: step.parameters for step in known.steps} if known else {}
    problems = []
    for step in workflow.steps:
        values = {**step.parameters, **(changes or {}).get(step.name, {})}
        kept = before.get(step.name, {})
        fresh = {name: value for name, value in values.items() if kept.get(name) != value}
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


def _named(
    registry: Registry, protocol: str, values: Mapping[str, Any]
) -> Iterator[tuple[str, Path]]:
    try:
        model: type[Parameters] = registry.get(protocol).parameters_type()
    except UnknownProtocol:  # which is refused for that
        return
    for name, value in values.items():
        field = model.model_fields.get(name)
        if field is None or not value:
            continue
        several = value if isinstance(value, list | tuple | set | frozenset) else (value,)
        for one in several:
            if "\x00" in str(one):
                raise Refused(422, f"{name}: {one!r} is no path")
            if is_input_file(field) or name == _FOLDER:
                yield name, Path(str(one))
            elif name == _PATTERN:
                yield name, FolderWatch(str(one)).root


def _below(path: Path, folder: Path) -> bool:
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a link to itself
        return False
