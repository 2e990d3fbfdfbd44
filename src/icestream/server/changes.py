"""What is wrong with a change that somebody asks for, each thing with its place."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from icestream.engine.graph.validation import doubts, validate
from icestream.engine.graph.workflow import InvalidWorkflow, Workflow
from icestream.engine.record.revisions import with_parameters
from icestream.protocol import Registry, absent_file, refused_values
from icestream.server.errors import Problem, Refused
from icestream.starting.checks import effectless

__all__ = ["changed", "placed", "questions", "read_workflow", "refuse"]

_STEP = re.compile(r"step '([^']*)'(?:, (?:input|output) '([^']*)')?: (.*)", re.DOTALL)
_PARAMETER = re.compile(r"parameter '([^']*)' of [^:]*: (.*)", re.DOTALL)
AS_GIVEN = "if that is right all the same, ask for it with as_given=true"


def placed(sentences: Iterable[str]) -> list[Problem]:
    """Sentences such as ``step 'ctf', input 'micrograph': ...``, each with its place.

    The place is the step's name, then that of the parameter or the port: ``ctf.micrograph``.
    """
    return [_placed(sentence) for sentence in sentences]


def _placed(sentence: str) -> Problem:
    said = _STEP.fullmatch(sentence)
    if said is None:
        return Problem(where="", what=sentence)
    step, port, what = said.groups()
    parameter = _PARAMETER.fullmatch(what)
    if parameter is not None:
        return Problem(where=f"{step}.{parameter[1]}", what=parameter[2])
    return Problem(where=f"{step}.{port}" if port else step, what=what)


def refuse(problems: Iterable[Problem], message: str, advice: str | None = None) -> None:
    """Raise `Refused` where there are problems."""
    listed = list(problems)
    if listed:
        raise Refused(422, message, advice, listed)


def read_workflow(document: Mapping[str, Any]) -> Workflow:
    """A workflow from its document.

    Raises
    ------
    Refused
        If it is none, with everything that is wrong.
    """
    try:
        return Workflow.from_document(dict(document))
    except InvalidWorkflow as error:
        raise Refused(422, "that is no workflow", None, placed(error.problems)) from None


def changed(
    workflow: Workflow, registry: Registry, changes: Mapping[str, Mapping[str, Any]]
) -> Workflow:
    """The workflow with parameters changed, by step.

    Raises
    ------
    Refused
        If values are not valid or a file is not there, with everything that is wrong.
    LookupError
        If there is no such step.
    """
    problems: list[Problem] = []
    for step, values in changes.items():
        model = registry.get(workflow.step(step).protocol).parameters_type()
        try:
            workflow = with_parameters(workflow, registry, step, values)
        except ValidationError as error:
            problems += [
                Problem(where=f"{step}.{name}" if name else step, what=why)
                for name, why in refused_values(model, error)
            ]
            continue
        absent = ((name, absent_file(model, name, value)) for name, value in values.items())
        problems += [Problem(where=f"{step}.{name}", what=why) for name, why in absent if why]
    refuse(problems, "the change is not valid")
    return workflow


def questions(
    workflow: Workflow, registry: Registry, known: Workflow | None = None
) -> Iterator[Problem]:
    """What is odd about a valid workflow: unusual values, and parameters without effect.

    What the workflow `known` had before is not asked about again.
    """
    yield from placed(doubts(workflow, registry, known))
    before = set(effectless(known, registry)) if known and not validate(known, registry) else set()
    yield from placed(said for said in effectless(workflow, registry) if said not in before)
