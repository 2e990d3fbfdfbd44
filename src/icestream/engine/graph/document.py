"""The form of a workflow file: its parts, its versions, and its JSON Schema.

Version 1 had no ``version``, no blanks and no origins, and keys beside its own were passed over.
Files of it are brought up to version 2 when they are read; nothing else knows that it was.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from icestream.alike import meant

__all__ = [
    "BLANK",
    "MOST_BLANKS",
    "MOST_STEPS",
    "VERSION",
    "Blank",
    "Origin",
    "WorkflowDocument",
    "nested_too_deeply",
    "read_document",
    "schema",
    "uses",
]

VERSION = 2
"""Of the files that are written."""
MOST_STEPS = 500
MOST_BLANKS = 200
"""Of a file; more is a mistake, or malice."""
_MOST_NESTED = 50
_MOST_TOLD = 100
"""Problems with blanks that are told: each is compared with all names."""
BLANK = re.compile(r"\{\{ *([a-z][a-z0-9_]{0,40}) *\}\}")
"""A blank where it stands in a parameter's value."""

_STRICT = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
_SHAPE = 'expected an object with "name" and a list "steps"'

BlankKind = Literal["text", "number", "whole number", "yes or no", "file", "folder"]


class Blank(BaseModel):
    """A value that a workflow leaves open, and that is filled in when a session begins.

    Parameters of steps hold it as ``{{name}}``.
    """

    model_config = _STRICT

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")
    """By which it is filled: small letters, digits and _."""
    title: str = ""
    """What a form calls it."""
    kind: BlankKind = "text"
    """What it may be filled with."""
    unit: str = ""
    """Of a number, as a form shows it."""
    default: bool | int | float | str | None = None
    """What it is filled with where nobody says it. null: the parameters that it is the whole of are
    left to the metadata and to their own defaults. Without a default it has to be filled."""
    metadata: str = ""
    """What the acquisition's metadata call it, such as ``pixel_size``: what they say goes before
    the default."""

    @property
    def needed(self) -> bool:
        """Whether somebody has to fill it."""
        return "default" not in self.model_fields_set


class Origin(BaseModel):
    """Where a workflow, or a step, was imported from, with all that was said there.

    It is what an export to the same program begins with, so that nothing is lost on the way.
    """

    model_config = _STRICT

    program: Literal["scipion", "relion"]
    """The program whose file it was."""
    kind: str
    """What it was there: of a step the name of its protocol or job, of a workflow the file's."""
    id: str = ""
    """By which others in the file refer to it."""
    values: dict[str, Any] = {}
    """What the file said, as it said it."""


class StepDocument(BaseModel):
    """A protocol placed in a workflow with parameters."""

    model_config = _STRICT

    name: str
    """Small letters, digits, _ and -, beginning with a letter."""
    protocol: str
    """Name of the protocol, such as ``ctf.estimate``; one with a colon, such as
    ``scipion:ProtGctf``, holds the place of another program's."""
    parameters: dict[str, Any] | None = None
    """What differs from the protocol's defaults, in its units."""
    inputs: dict[str, str | list[str]] | None = None
    """What feeds each port: ``step``, or ``step.port``; several as a list."""
    origin: Origin | None = None
    """Where it was imported from."""
    said_by: dict[str, str] | None = None
    """Who said parameters that no person did, by their names: the metadata, or a default."""
    within: list[str] | None = None
    """Folders below which the step reads, beside the session's own: a server says it of what people
    begin and change there. null: wherever its parameters, and tables that they name, lead."""


class WorkflowDocument(BaseModel):
    """A workflow of icestream: the graph of steps that a session runs."""

    model_config = _STRICT

    version: Literal[2]
    """Of the form of this file."""
    name: str = "unnamed"
    """What people call it."""
    about: str = ""
    """One sentence for people who choose a workflow."""
    blanks: list[Blank] = []
    """Values that are filled in when a session begins."""
    origin: Origin | None = None
    """Where it was imported from."""
    steps: list[StepDocument]
    """The steps, in any order."""


def schema() -> dict[str, Any]:
    """The JSON Schema of a workflow file, of the version that is written."""
    made = WorkflowDocument.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Workflow of icestream, version {VERSION}",
        **{key: value for key, value in made.items() if key != "title"},
    }


def read_document(document: Any) -> tuple[WorkflowDocument | None, list[str]]:
    """A document, brought up to this version, or everything that is wrong with its form."""
    if not isinstance(document, dict) or not isinstance(document.get("steps"), list):
        return None, [_SHAPE]
    if nested_too_deeply(document):
        return None, [f"its values are nested more than {_MOST_NESTED} deep"]
    if len(document["steps"]) > MOST_STEPS:
        return None, [f"it has {len(document['steps'])} steps, and {MOST_STEPS} are the most"]
    version = document.get("version", 1)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        return None, [f'"version" is {version!r}; it is a whole number from 1 to {VERSION}']
    if version > VERSION:
        return None, [
            f"it is of version {version}, and this icestream reads versions up to {VERSION}; "
            "a newer icestream wrote it: upgrade this one (pip install --upgrade icestream)"
        ]
    for older in range(version, VERSION):
        document = _MIGRATIONS[older](document)
    try:
        read = WorkflowDocument.model_validate(document)
    except ValidationError as error:
        return None, list(dict.fromkeys(_words(error, document)))
    if len(read.blanks) > MOST_BLANKS:
        return None, [f"it has {len(read.blanks)} blanks, and {MOST_BLANKS} are the most"]
    problems = list(islice(_blank_problems(read), _MOST_TOLD))
    return (None if problems else read), problems


def nested_too_deeply(value: Any) -> bool:
    """Whether objects and lists lie deeper in each other than anybody means, as to exhaust us."""
    layer = [value]
    for _ in range(_MOST_NESTED):
        layer = [
            part
            for one in layer
            if isinstance(one, dict | list | tuple)
            for part in (one.values() if isinstance(one, dict) else one)
        ]
    return bool(layer)


def uses(value: Any) -> Iterator[str]:
    """Names of the blanks in a parameter's value, at any depth."""
    if isinstance(value, str):
        yield from BLANK.findall(value)
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from uses(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from uses(part)


def _from_1(document: Mapping[str, Any]) -> dict[str, Any]:
    """Version 2 of a document of version 1, which meant the same.

    What looks like a blank was plain text then: a blank of that name is filled with that text.
    """
    known = {"name", "about", "steps"}
    new = {key: value for key, value in document.items() if key in known}
    for key in known - {"steps"} & new.keys():
        new[key] = str(new[key])
    steps = [step for step in new["steps"] if isinstance(step, dict)]
    plain = dict.fromkeys(name for step in steps for name in uses(step.get("parameters")))
    if plain:
        new["blanks"] = [{"name": name, "default": f"{{{{{name}}}}}"} for name in plain]
    return {"version": 2, **new}


_MIGRATIONS: dict[int, Callable[[Mapping[str, Any]], dict[str, Any]]] = {1: _from_1}
"""From each version to the next."""


def _blank_problems(document: WorkflowDocument) -> Iterator[str]:
    names = Counter(blank.name for blank in document.blanks)
    for name, count in names.items():
        if count > 1:
            yield f"blank {name!r}: {count} blanks have this name"
    for step in document.steps:
        if ":" in step.protocol:
            continue  # another program's own values, which may look like anything
        for parameter, value in (step.parameters or {}).items():
            for name in dict.fromkeys(uses(value)):
                if name not in names:
                    yield (
                        f"step {step.name!r}: parameter {parameter!r} of {step.protocol}: there is "
                        f"no blank {name!r};{_near(name, names)}"
                    )


def _words(error: ValidationError, document: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the form, in the order of the steps."""
    for one in error.errors(include_url=False):
        place = list(one["loc"])
        if place[0] == "steps" and len(place) > 1:
            yield _step_words(int(place[1]), place[2:], one["type"], one["msg"], document)
        elif one["type"] == "extra_forbidden":
            where = _called("blank", document.get("blanks"), place) if len(place) > 1 else ""
            yield f"{where}unknown key {place[-1]!r};{_near(str(place[-1]), _keys_at(place))}"
        elif place[0] == "blanks" and len(place) > 1:
            where = _called("blank", document.get("blanks"), place)
            yield f"{where}{' '.join(map(repr, place[2:]))}: {one['msg']}"
        else:
            yield f'"{".".join(map(str, place))}": {one["msg"]}'


def _step_words(
    index: int, place: list[Any], kind: str, said: str, document: Mapping[str, Any]
) -> str:
    raw = document["steps"][index]
    if not isinstance(raw, dict) or not isinstance(raw.get("name"), str):
        return f'step {index + 1}: expected an object with a "name"'
    step = f"step {raw['name']!r}"
    key = str(place[0])
    if kind == "extra_forbidden" and len(place) == 1:
        return f"{step}: unknown key {key!r};{_near(key, list(StepDocument.model_fields))}"
    if key == "protocol":
        return f'{step}: has no "protocol"'
    if key in ("parameters", "inputs") and len(place) == 1:
        return f'{step}: "{key}" is no object'
    if key == "inputs":
        return f'{step}, input {place[1]!r}: expected "step.port", or a list of such'
    return f"{step}: {'.'.join(map(str, place))}: {said}"


def _called(what: str, listed: Any, place: list[Any]) -> str:
    """The beginning of a sentence about one of a list, by its name where it has one."""
    raw = listed[int(place[1])] if isinstance(listed, list) else None
    named = raw.get("name") if isinstance(raw, dict) else None
    return f"{what} {named!r}: " if isinstance(named, str) else f"{what} {int(place[1]) + 1}: "


def _keys_at(place: list[Any]) -> list[str]:
    models: dict[str, type[BaseModel]] = {"blanks": Blank, "origin": Origin}
    model = models.get(str(place[0]), WorkflowDocument) if len(place) > 1 else WorkflowDocument
    return list(model.model_fields)


def _near(name: str, known: Iterable[str]) -> str:
    known = list(known)
    if asked := meant(name, known):
        return f" {asked}"
    return f" there are {', '.join(known)}" if known else " there are none"
