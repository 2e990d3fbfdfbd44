"""What is looked at before a session starts, so that nothing is written in vain."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from icestream.engine.graph.workflow import EACH_TIME, PATTERN, Step, Workflow
from icestream.engine.machine.lock import FILE as LOCK
from icestream.formats.watch import FolderWatch, is_session
from icestream.model import Micrograph
from icestream.protocol import Protocol, Registry, is_input_file, missing, unit_of
from icestream.protocol.breaking import in_a_sentence
from icestream.protocol.describe import bare_type, value_words, without_effect
from icestream.protocols.option_words import option_words
from icestream.store.open import FILE

__all__ = [
    "EACH_TIME",
    "OccupiedFolder",
    "changes_since",
    "check_folder",
    "effectless",
    "missing_here",
    "without_each_time",
]


class OccupiedFolder(FileExistsError):
    """The folder for a session holds something else."""


def missing_here(
    workflow: Workflow, registry: Registry, *, gpus: int | None = None
) -> Iterator[str]:
    """What the steps of a valid workflow need and this machine does not have.

    The session would fail exposure by exposure, or ask again and again; here a person is told at
    once. A folder that is watched may still come.
    """
    for step in workflow.steps:
        protocol = registry.get(step.protocol)
        where = f"step {step.name!r}"
        if protocol.brings:
            yield from (f"{where}: {said}" for said in _absent_roots(step, protocol))
        try:
            made = protocol(protocol.parameters_type().model_validate(dict(step.parameters)))
        except Exception as error:  # a plugin's own code
            yield f"{where}: cannot be made: {in_a_sentence(error, protocol.__module__)}"
            continue
        yield from (f"{where}: {said}" for said in missing(made, gpus=gpus))


def effectless(workflow: Workflow, registry: Registry) -> Iterator[str]:
    """Parameters that were given to the steps of a valid workflow and do nothing, in words."""
    for step in workflow.steps:
        model = registry.get(step.protocol).parameters_type()
        yield from without_effect(step.name, model, step.parameters)


def _absent_roots(step: Step, protocol: type[Protocol[Any]]) -> Iterator[str]:
    """Folders that a source is to look into and that are not there."""
    fields = protocol.parameters_type().model_fields
    watch = bool(step.parameters.get("watch"))
    for name, value in step.parameters.items():
        if name == PATTERN:
            root = FolderWatch(str(value)).root
            yield from _wrong_root(root, watch=watch) or _among_results(root, protocol)
        elif (
            isinstance(value, str | Path)
            and bare_type(fields[name].annotation) in (Path, Path | None)
            and not is_input_file(fields[name])
            and not (watch or Path(value).exists())
        ):
            yield f"{name.replace('_', ' ')}: {value} is not there; give its right path"


def _wrong_root(root: Path, *, watch: bool) -> list[str]:
    if is_session(root):
        return [
            f"{root} is a session, and its images are results, not movies; "
            "give the folder that the microscope writes into"
        ]
    if watch or root.exists():
        return []
    return [f"{root} is not there; {option_words('watch')} waits for it"]


def _among_results(root: Path, protocol: type[Protocol[Any]]) -> list[str]:
    """That a folder is inside a session, where no movies are; micrographs may be taken from one."""
    session = next((folder for folder in root.parents if is_session(folder)), None)
    if session is None or Micrograph in {port.item for port in protocol.outputs()}:
        return []
    return [
        f"{root} is inside the session {session}, and its images are results, not movies; "
        "give the folder that the microscope writes into"
    ]


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
    # Of a session that was ended before it had a store, and what its facility said of it before.
    left = {LOCK, "logs", ".facility"}
    unfinished = f"{FILE}.new"  # of one that was killed while it made its store
    names = [path.name for path in session.iterdir() if path.name not in left]
    if any(not name.startswith(unfinished) for name in names):
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
                value_words(compared.parameters.get(name, default), unit_of(field) or "")
                for compared in (known[step.name], step)
            )
            if old != new and name not in but:
                yield f"{step.name}.{name}: {old} -> {new}"


def without_each_time(workflow: Workflow) -> Workflow:
    """A session's workflow without what was said for its last run alone."""

    def kept(step: Step) -> Step:
        left = {name: value for name, value in step.parameters.items() if name not in EACH_TIME}
        return step if step.inputs else replace(step, parameters=left)

    return replace(workflow, steps=tuple(map(kept, workflow.steps)))
