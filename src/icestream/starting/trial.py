"""One exposure, processed before a session is started, to see whether its parameters are right."""

import re
from collections.abc import Mapping, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

from icestream.engine.graph.editing import without_step
from icestream.engine.graph.workflow import PATTERN, InvalidWorkflow, Step, Workflow
from icestream.formats.watch import FolderWatch
from icestream.protocol import Protocol, Registry

__all__ = ["OPTIONS", "TRIALS", "for_one_exposure", "holding_nothing_back", "left_without"]

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
    workflow = holding_nothing_back(workflow, registry)
    sources = [step for step in workflow.steps if _takes_files(step, registry)]
    if not sources:
        raise InvalidWorkflow(workflow.name, ["no step takes files by a pattern; nothing to try"])
    many = {step.name for step in workflow.steps if _protocol(step, registry).kind in _MANY}
    others = {step.name for step in workflow.steps if not step.inputs} - {sources[0].name}
    steps = [
        _of_one(step, movie) if step.name == sources[0].name else step
        for step in left_without(workflow, registry, many | others)
    ]
    return replace(workflow, name=f"{workflow.name}, one exposure", steps=tuple(steps))


def holding_nothing_back(workflow: Workflow, registry: Registry) -> Workflow:
    """The workflow without the steps that let through some exposures only, or later."""
    for step in workflow.steps:
        if _protocol(step, registry).kind in _HOLDS:
            workflow = without_step(workflow, registry, step.name)
    return workflow


def left_without(workflow: Workflow, registry: Registry, gone: Set[str]) -> list[Step]:
    """The steps that are left without some, and without all that cannot do without those."""
    gone = set(gone)
    while more := {step.name for step in workflow.steps if _lacks(step, registry, gone)} - gone:
        gone |= more
    return [_unlinked(step, gone) for step in workflow.steps if step.name not in gone]


def _unlinked(step: Step, gone: Set[str]) -> Step:
    left = {
        port: tuple(one for one in feeding if one.step not in gone)
        for port, feeding in step.inputs.items()
    }
    return replace(step, inputs={port: feeding for port, feeding in left.items() if feeding})


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


def _lacks(step: Step, registry: Registry, gone: Set[str]) -> bool:
    """Whether something that a step must have comes only from steps that are gone."""
    needed = [port.name for port in _protocol(step, registry).inputs() if not port.optional]
    feeding = (step.inputs.get(port, ()) for port in needed)
    return any(sources and all(one.step in gone for one in sources) for sources in feeding)


def _protocol(step: Step, registry: Registry) -> type[Protocol[Any]]:
    return registry.get(step.protocol)
