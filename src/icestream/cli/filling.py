"""What a workflow leaves open, on the command line: filled in, or left out."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Group, Parameter

from icestream.engine.graph.placeholders import without_placeholders
from icestream.engine.graph.workflow import Workflow, placeholder_of
from icestream.protocol import Registry
from icestream.starting.filling import fill_in, fill_words

__all__ = ["Open", "open_of", "ready"]

_GROUP = Group("What the workflow leaves open", sort_key=3)
_FILL, _WITHOUT = "--fill", "--without-placeholders"


@dataclass(frozen=True, kw_only=True)
class Open:
    """What a workflow leaves open."""

    fill: Annotated[tuple[str, ...], Parameter(group=_GROUP, negative="", show_default=False)] = ()
    """A value for a blank of the workflow, as name=value; once for each. What is not given comes
    from the movies' metadata, or is the blank's default."""

    without_placeholders: Annotated[bool, Parameter(group=_GROUP, negative="")] = False
    """Leave out the steps that hold the place of another program's protocol; what that changes is
    said."""


def ready(
    workflow: Workflow, registry: Registry, given: Open, *, pattern: str | None = None
) -> Workflow:
    """The workflow filled in as it is given, and without placeholders where that is asked.

    What was decided unasked is told on standard error.
    """
    if given.without_placeholders and any(map(placeholder_of, workflow.steps)):
        workflow, said = without_placeholders(workflow, registry)
        print(*(f"icestream: {sentence}" for sentence in said), sep="\n", file=sys.stderr)
    if workflow.blanks or given.fill:
        workflow, told = fill_in(workflow, registry, fill_words(given.fill), pattern=pattern)
        print(*(f"icestream: {one}\n" for one in told), sep="", end="", file=sys.stderr)
    return workflow


def open_of(tokens: Sequence[str]) -> Open:
    """What a command line says of it, before its other options are known."""
    fill = [
        tokens[index + 1] if token == _FILL else token.partition("=")[2]
        for index, token in enumerate(tokens)
        if (token == _FILL and index + 1 < len(tokens)) or token.startswith(f"{_FILL}=")
    ]
    return Open(fill=tuple(fill), without_placeholders=_WITHOUT in tokens)
