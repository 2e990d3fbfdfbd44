"""What is looked at before a session starts, so that nothing is written in vain."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from icestream.cli.describe import bare_type, value_words
from icestream.cli.step_options import PATTERN
from icestream.engine.graph.workflow import Step, Workflow
from icestream.engine.machine.lock import FILE as LOCK
from icestream.formats.watch import FolderWatch, is_session
from icestream.protocol import Parameters, Registry, SourceProtocol, unit_of

__all__ = [
    "EACH_TIME",
    "OccupiedFolder",
    "absent_file",
    "absent_files",
    "changes_since",
    "check_folder",
    "without_each_time",
]

EACH_TIME = ("watch", "idle_timeout")
"""Parameters of sources that hold for one run; the next one does not inherit them."""
_FILES = ("gain", "defects")
"""Paths of sources that are files: a folder under their name is no less wrong."""


class OccupiedFolder(FileExistsError):
    """The folder for a session holds something else."""


def absent_files(workflow: Workflow, registry: Registry) -> Iterator[str]:
    """Files and folders that sources are to read and that are not there.

    The session would ask for them again and again; here a person is told at once. A folder that
    is watched may still come.
    """
    for step in workflow.steps:
        protocol = registry.get(step.protocol)
        if not issubclass(protocol, SourceProtocol):
            continue
        for name, value in step.parameters.items():
            absent = absent_file(protocol.parameters_type(), name, value)
            if absent:
                yield f"step {step.name!r}: {absent}"
            elif name == PATTERN:
                watch = bool(step.parameters.get("watch"))
                if wrong := _wrong_root(FolderWatch(str(value)).root, watch=watch):
                    yield f"step {step.name!r}: {wrong}"


def _wrong_root(root: Path, *, watch: bool) -> str:
    if is_session(root):
        return (
            f"{root} is a session, and its images are results, not movies; "
            "give the folder that the microscope writes into"
        )
    return "" if watch or root.exists() else f"{root} is not there; --watch waits for it"


def check_folder(session: Path) -> None:
    """Refuse a folder in which something else than a session is kept.

    Raises
    ------
    OccupiedFolder
        If there is anything in it, but no session.
    """
    if not session.exists() or is_session(session):
        return
    if not session.is_dir():
        raise OccupiedFolder(f"{session} is a file; name a folder for the session with --out")
    left = {LOCK, "logs"}  # of a session that ended before it had a store
    if any(path.name not in left for path in session.iterdir()):
        raise OccupiedFolder(
            f"{session} is not empty and holds no session; name a folder that is empty or not "
            "there yet, such as a new one inside it, or the folder of a session that is to go on"
        )


def changes_since(
    before: Workflow, after: Workflow, registry: Registry, *, but: Sequence[str] = ()
) -> Iterator[str]:
    """What is set otherwise than before, in words: ``import.pixel_size: 1.5 Å -> 3 Å``.

    Parameters called as one of `but` are left out, and so are new steps.
    """
    known = {step.name: step for step in before.steps}
    for step in after.steps:
        if step.name not in known:
            continue
        fields = registry.get(step.protocol).parameters_type().model_fields
        for name, field in fields.items():
            default = field.get_default(call_default_factory=True)
            old, new = (
                value_words(one.parameters.get(name, default), unit_of(field) or "")
                for one in (known[step.name], step)
            )
            if old != new and name not in but:
                yield f"{step.name}.{name}: {old} -> {new}"


def without_each_time(workflow: Workflow) -> Workflow:
    """A session's workflow without what was said for its last run alone."""

    def kept(step: Step) -> Step:
        left = {name: one for name, one in step.parameters.items() if name not in EACH_TIME}
        return step if step.inputs else replace(step, parameters=left)

    return replace(workflow, steps=tuple(map(kept, workflow.steps)))


def absent_file(model: type[Parameters], name: str, value: Any) -> str:
    """What is wrong with the path that is given for a parameter; empty when nothing is."""
    field = model.model_fields[name]
    if value is None or bare_type(field.annotation) not in (Path, Path | None):
        return ""
    path, words = Path(value), name.replace("_", " ")
    without = ", or 'none' to do without" if field.default is None else ""
    advice = f"give its right path{without}"
    if not path.exists():
        return f"{words}: {path} is not there; {advice}"
    if name in _FILES and not path.is_file():
        return f"{words}: {path} is no file; {advice}"
    return ""
