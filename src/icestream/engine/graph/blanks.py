"""What a workflow leaves open: told, and filled in with the values of one session."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from icestream.engine.graph.document import BLANK, Blank, uses
from icestream.engine.graph.workflow import InvalidWorkflow, Step, Workflow, near, placeholder_of

__all__ = ["DEFAULT", "filled", "needed", "provisional", "read_value", "unfilled"]

_YES = {"yes", "true", "1", "on"}
_NO = {"no", "false", "0", "off"}


DEFAULT = "default of the workflow"
"""Who said what is filled in where nobody says it."""
_NOBODY: Mapping[str, str] = MappingProxyType({})


class _Open:
    """Stands for a parameter that is left to the metadata and to its default."""


_OPEN = _Open()


def needed(workflow: Workflow) -> tuple[Blank, ...]:
    """Blanks that somebody has to fill: those that steps use and that have no default."""
    used = {name for step in workflow.steps for name in uses(_own(step))}
    return tuple(blank for blank in workflow.blanks if blank.needed and blank.name in used)


def unfilled(workflow: Workflow) -> Iterator[str]:
    """Why a workflow that leaves something open cannot run, and what to do."""
    used = {name for step in workflow.steps for name in uses(_own(step))}
    for blank in workflow.blanks:
        if blank.name in used:
            yield _ask(blank)


def filled(
    workflow: Workflow,
    values: Mapping[str, Any] | None = None,
    said_by: Mapping[str, str] | None = None,
) -> Workflow:
    """The workflow with nothing left open.

    Parameters
    ----------
    workflow
        The workflow.
    values
        What to fill in, by the names of blanks; text is read as the blank's kind says. Blanks that
        are not among them get their defaults.
    said_by
        Who says those of them that no person does, in words; steps keep it of their parameters.

    Raises
    ------
    InvalidWorkflow
        Naming every blank that has no value, every value that does not fit, and every name that is
        no blank.
    """
    values = dict(values or {})
    names = [blank.name for blank in workflow.blanks]
    problems = [
        f"there is no blank {name!r} to fill;{near(name, names)}"
        for name in values
        if name not in names
    ]
    needs = needed(workflow)
    sources = dict(said_by or {})
    found: dict[str, Any] = {}
    for blank in workflow.blanks:
        if blank.name in values:
            try:
                found[blank.name] = read_value(blank, values[blank.name])
            except ValueError as error:
                problems.append(str(error))
        elif blank in needs:
            problems.append(_ask(blank))
        else:
            found[blank.name] = blank.default
            sources[blank.name] = DEFAULT
    if problems:
        raise InvalidWorkflow(workflow.name, problems)
    return _with(workflow, found, sources)


def provisional(workflow: Workflow) -> Workflow:
    """The workflow as far as it is known before it is filled: with defaults, or without a value."""
    return _with(workflow, {blank.name: blank.default for blank in workflow.blanks})


def read_value(blank: Blank, value: Any) -> bool | int | float | str | None:
    """A value as a blank's kind says; None stays None: it is left open.

    Raises
    ------
    ValueError
        If it is none of that kind: what was found, and what it has to be.
    """
    if value is None and not blank.needed:
        return None
    if blank.kind in ("text", "file", "folder"):
        if isinstance(value, bool | int | float | str):
            return value if isinstance(value, str) else str(value)
    elif blank.kind == "yes or no":
        word = str(value).strip().lower()
        if word in _YES | _NO:
            return word in _YES
    elif isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if math.isfinite(number) and blank.kind == "number":
            return number
        if math.isfinite(number) and number == int(number):
            return int(number)
    raise ValueError(f"blank {blank.name!r} is filled with {value!r}, which is no {blank.kind}")


def _ask(blank: Blank) -> str:
    title = f" ({blank.title})" if blank.title else ""
    return f"blank {blank.name!r}{title} is not filled: give it a value (--fill {blank.name}=VALUE)"


def _own(step: Step) -> Mapping[str, Any]:
    """The parameters that may hold blanks: another program's are as it wrote them."""
    return {} if placeholder_of(step) else step.parameters


def _with(
    workflow: Workflow, values: Mapping[str, Any], sources: Mapping[str, str] = _NOBODY
) -> Workflow:
    if not workflow.blanks:
        return workflow
    steps = []
    for step in workflow.steps:
        new = {name: _put(value, values) for name, value in _own(step).items()}
        kept = {name: value for name, value in new.items() if value is not _OPEN}
        if not placeholder_of(step):
            said_by = {
                name: ", ".join(dict.fromkeys(who))
                for name in kept
                if (who := [sources[one] for one in uses(step.parameters[name]) if one in sources])
            }
            step = replace(step, parameters=kept, said_by={**step.said_by, **said_by})  # noqa: PLW2901
        steps.append(step)
    return replace(workflow, steps=tuple(steps), blanks=())


def _put(value: Any, values: Mapping[str, Any]) -> Any:
    """A parameter's value with blanks filled; `_OPEN` where one has nothing to say."""
    if isinstance(value, str):
        whole = BLANK.fullmatch(value)
        if whole and whole[1] in values:
            return _OPEN if values[whole[1]] is None else values[whole[1]]
        if any(values.get(name) is None for name in uses(value)):
            return _OPEN
        return BLANK.sub(lambda found: str(values[found[1]]), value)
    if isinstance(value, Mapping):
        each = ((key, _put(part, values)) for key, part in value.items())
        return {key: part for key, part in each if part is not _OPEN}
    if isinstance(value, list | tuple):
        return [part for each in value if (part := _put(each, values)) is not _OPEN]
    return value
