"""Commands that a person types to make a session do something: whole, to be copied anywhere."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from icestream.engine.graph.workflow import EACH_TIME, PATTERN
from icestream.engine.record.workflows import session_workflow
from icestream.store.open import Store
from icestream.store.records import AlertRecord

__all__ = ["command", "mending_command", "run_again", "run_again_words"]


def command(store: Store, verb: str, *words: object, program: str = "icestream") -> str:
    """A command on the session: ``icestream resume /processed/S align``."""
    said = shlex.join([str(store.folder.absolute()), *map(str, words)])
    return f"{program} {verb} {said}"


def mending_command(store: Store, alert: AlertRecord, program: str = "icestream") -> str:
    """The whole command that does what an alert asks for; empty where there is none."""
    if alert.cleared is not None:
        return ""
    if alert.offer and alert.adopted is None:
        return command(store, "adopt", alert.id, program=program)
    if alert.key == "step.paused" and alert.step:
        return command(store, "resume", alert.step, program=program)
    return ""


def run_again(store: Store, program: str = "icestream") -> str:
    """The command that makes a session go on, from wherever it is called.

    Parameters
    ----------
    program
        How icestream is called, as a shell reads it.
    """
    words = run_again_words(store)
    if words is not None:
        return f"{program} {shlex.join(words)}"
    folder = shlex.quote(str(store.folder.absolute()))
    file = shlex.quote(str(store.folder.absolute() / "workflow.json"))
    export = f"{program} workflow export {folder} {file} --as-run"
    return f"{export} && {program} run {file} --session {folder}"


def run_again_words(store: Store) -> list[str] | None:
    """Verb and words of the one command that makes a session go on.

    None where its workflow has to be written into a file first.
    """
    folder = str(store.folder.absolute())
    for step in session_workflow(store).steps:
        if PATTERN in step.parameters:
            pattern = str(step.parameters[PATTERN])
            return ["process", pattern, "--out", folder, *_each_time(step.parameters)]
    return None


def _each_time(parameters: Mapping[str, Any]) -> Iterator[str]:
    """Options of a source that hold for one run, as they were for the last."""
    for name in EACH_TIME:
        value, option = parameters.get(name), f"--{name.replace('_', '-')}"
        if value:
            yield from (option,) if value is True else (option, f"{value:g}")
