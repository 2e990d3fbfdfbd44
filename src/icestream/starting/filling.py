"""What a workflow leaves open, filled in: by a person, by the movies' metadata, by defaults."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from icestream.engine.graph.blanks import filled
from icestream.engine.graph.document import uses
from icestream.engine.graph.workflow import PATTERN, InvalidWorkflow, Workflow
from icestream.protocol import Registry
from icestream.protocol.describe import value_words
from icestream.starting.folder import look

METADATA = "metadata"
"""What the word on a value begins with that the movies' metadata say."""

__all__ = ["fill_in", "fill_words"]


def fill_words(words: Iterable[str]) -> dict[str, str]:
    """What ``name=value`` says, of each word.

    Raises
    ------
    LookupError
        If a word is not of that form.
    """
    values = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise LookupError(f"--fill {word}: write it as --fill name=value")
        values[name.strip().replace("-", "_")] = value
    return values


def fill_in(
    workflow: Workflow,
    registry: Registry,
    given: Mapping[str, Any],
    *,
    pattern: str | None = None,
    allowed: Callable[[Path], bool] = lambda _: True,
) -> tuple[Workflow, list[str]]:
    """The workflow with nothing left open, and what was filled in unasked, in sentences.

    What a person gives goes before what the metadata of the newest movies say, and that before the
    defaults of the workflow. Steps keep who said each; a parameter of the source that the metadata
    say is left to them, movie by movie, as if it were nobody's.

    Parameters
    ----------
    workflow
        The workflow.
    registry
        Where protocols are found.
    given
        Values by the names of blanks.
    pattern
        Where the movies are; what the workflow says by default.
    allowed
        Whether a file may be opened.

    Raises
    ------
    InvalidWorkflow
        Naming all that has no value, or one that does not fit.
    """
    if pattern is not None:
        for step in workflow.steps:
            if _takes_files(step.protocol, registry):
                workflow = workflow.changed(step.name, {PATTERN: pattern})
    used = {name for step in workflow.steps for name in uses(step.parameters)}
    asked = [
        blank
        for blank in workflow.blanks
        if blank.metadata and blank.name in used and blank.name not in given
    ]
    said: dict[str, Any] = {}
    said_by: dict[str, str] = {}
    sentences = []
    place = pattern or (_pattern(workflow, registry, given) if asked else None)
    if asked and place:
        seen = look(place, allowed=allowed)
        found = {value.name: value for value in seen.values if not value.assumed}
        for blank in asked:
            if blank.metadata == "gain":  # its file, not what the metadata call it
                if seen.gain:
                    said[blank.name] = seen.gain
                    said_by[blank.name] = f"{METADATA} (the movies' own)"
                    sentences.append(f"{blank.name} is {seen.gain}: the movies' own")
                continue
            value = found.get(blank.metadata)
            if value is not None and value.value is not None:
                said[blank.name] = value.value
                said_by[blank.name] = f"{METADATA} ({value.source})"
                words = value_words(value.value, blank.unit or value.unit)
                sentences.append(f"{blank.name} is {words}: {value.source}")
    workflow = _left_to_metadata(workflow, registry, set(said))
    return filled(workflow, {**said, **given}, said_by), sentences


def _left_to_metadata(workflow: Workflow, registry: Registry, said: Collection[str]) -> Workflow:
    """The workflow whose source reads itself what the metadata say."""
    own = {f"{{{{{blank.name}}}}}": blank.metadata for blank in workflow.blanks}
    own = {text: name for text, name in own.items() if text[2:-2] in said}
    steps = tuple(
        replace(
            step,
            parameters={
                name: value
                for name, value in step.parameters.items()
                if not (isinstance(value, str) and own.get(value.replace(" ", "")) == name)
            },
        )
        if _takes_files(step.protocol, registry)
        else step
        for step in workflow.steps
    )
    return replace(workflow, steps=steps)


def _pattern(workflow: Workflow, registry: Registry, given: Mapping[str, Any]) -> str | None:
    """Where the movies are, as far as that is known before all is filled in."""
    blanks = tuple(
        blank.model_copy(update={"default": None}) if blank.needed else blank
        for blank in workflow.blanks
    )
    own = {blank.name for blank in blanks}
    try:
        known = filled(
            replace(workflow, blanks=blanks),
            {name: value for name, value in given.items() if name in own},
        )
    except InvalidWorkflow:
        return None
    for step in known.steps:
        if _takes_files(step.protocol, registry) and step.parameters.get(PATTERN):
            return str(step.parameters[PATTERN])
    return None


def _takes_files(protocol: str, registry: Registry) -> bool:
    return any(
        one.brings and PATTERN in one.parameters_type().model_fields
        for one in registry.usable([protocol])
    )
