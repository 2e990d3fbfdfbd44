"""One exposure, processed before a session is started, to see whether its parameters are right."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from icestream.engine.graph.editing import without_step
from icestream.engine.graph.workflow import PATTERN, InvalidWorkflow, Step, Workflow
from icestream.formats.watch import FolderWatch
from icestream.protocol import Protocol, Registry

__all__ = ["OPTIONS", "TRIALS", "for_one_exposure"]

TRIALS = "trials"
"""Folder, in the state of the machine, of sessions of one exposure that try parameters."""

OPTIONS = ("--no-report", "--no-alerts")
"""Of the command that runs it: nobody is told of it."""
_MANY = ("batch", "group", "monitor")
"""Kinds of steps that say nothing of one exposure."""
_HOLDS = ("trigger",)
"""Kinds of steps that would keep the only exposure back."""


def for_one_exposure(workflow: Workflow, registry: Registry, movie: Path) -> Workflow:
    """The workflow for one movie alone: without what takes many exposures, or keeps some back.

    Metadata and gain reference are looked for where the workflow's own pattern leads.

    Raises
    ------
    InvalidWorkflow
        If the workflow has no step that takes files by a pattern, or nothing is left of it.
    """
    for step in workflow.steps:
        if _protocol(step, registry).kind in _HOLDS:
            workflow = without_step(workflow, registry, step.name)
    sources = [step for step in workflow.steps if _takes_files(step, registry)]
    if not sources:
        raise InvalidWorkflow(workflow.name, ["no step takes files by a pattern; nothing to try"])
    gone = {step.name for step in workflow.steps if _protocol(step, registry).kind in _MANY}
    while more := {step.name for step in workflow.steps if _lacks(step, registry, gone)} - gone:
        gone |= more
    steps = []
    for step in workflow.steps:
        if step.name in gone or not (step.inputs or step is sources[0]):
            continue
        left = {
            port: tuple(one for one in feeding if one.step not in gone)
            for port, feeding in step.inputs.items()
        }
        fed = replace(step, inputs={port: feeding for port, feeding in left.items() if feeding})
        steps.append(_of_one(fed, movie) if step is sources[0] else fed)
    return replace(workflow, name=f"{workflow.name}, one exposure", steps=tuple(steps))


def _of_one(source: Step, movie: Path) -> Step:
    """The source, which takes one movie only."""
    given: Mapping[str, Any] = source.parameters
    around = FolderWatch(str(given.get(PATTERN) or movie.parent)).root
    changed = {
        **given,
        PATTERN: _literally(movie),
        "watch": False,
        "metadata": given.get("metadata") or str(around),
        "metadata_wait": 2.0,
    }
    return replace(source, parameters=changed)


def _literally(path: Path) -> str:
    """A path as a pattern; one that is there is meant as it is."""
    return str(path) if path.is_file() else re.sub(r"[*?\[]", r"[\g<0>]", str(path))


def _takes_files(step: Step, registry: Registry) -> bool:
    protocol = _protocol(step, registry)
    return protocol.brings and PATTERN in protocol.parameters_type().model_fields


def _lacks(step: Step, registry: Registry, gone: set[str]) -> bool:
    """Whether something that a step must have comes only from steps that are gone."""
    needed = [port.name for port in _protocol(step, registry).inputs() if not port.optional]
    feeding = (step.inputs.get(port, ()) for port in needed)
    return any(sources and all(one.step in gone for one in sources) for sources in feeding)


def _protocol(step: Step, registry: Registry) -> type[Protocol[Any]]:
    return registry.get(step.protocol)
