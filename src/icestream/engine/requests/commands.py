"""Commands that a person types to make a session do something: whole, to be copied anywhere."""

import shlex
from collections.abc import Mapping
from typing import Any

from icestream.engine.graph.workflow import EACH_TIME, PATTERN
from icestream.engine.record.workflows import session_workflow
from icestream.store.open import Store
from icestream.store.records import AlertRecord

__all__ = ["command", "mending_command", "run_again"]


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
    steps = session_workflow(store).steps
    folder = shlex.quote(str(store.folder.absolute()))
    sources = [step.parameters for step in steps if PATTERN in step.parameters]
    if sources:
        pattern = shlex.quote(str(sources[0][PATTERN]))
        return f"{program} process {pattern} --out {folder}{_each_time(sources[0])}"
    file = shlex.quote(str(store.folder.absolute() / "workflow.json"))
    export = f"{program} workflow export {folder} {file} --as-run"
    return f"{export} && {program} run {file} --session {folder}"


def _each_time(parameters: Mapping[str, Any]) -> str:
    """Options of a source that hold for one run, as they were for the last."""
    said = ""
    for name in EACH_TIME:
        value, option = parameters.get(name), f" --{name.replace('_', '-')}"
        if value:
            said += option if value is True else f"{option} {value:g}"
    return said
