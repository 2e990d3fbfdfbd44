"""Parameters of a protocol: one frozen model from which forms, flags, docs and records come."""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema

from icestream.alike import hint, meant
from icestream.units import Unit, Usual, doubt, may_be_meant

__all__ = [
    "Advanced",
    "DecidesIfSet",
    "InputFile",
    "Operational",
    "Parameters",
    "Shown",
    "absent_file",
    "hidden_parameters",
    "is_input_file",
    "operational_parameters",
    "refused_values",
    "shown_if",
    "unit_of",
    "unset_parameters",
    "unusual_values",
    "usual_of",
]


class Parameters(BaseModel):
    """Base of every protocol's parameters.

    Each field has a type that carries its unit, a default that works, and its help as the
    docstring below it. Unknown names are refused; values never change after they are made.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, validate_default=True
    )

    def changed(self) -> dict[str, Any]:
        """What the user set, as JSON-ready values; defaults are left out."""
        return self.model_dump(mode="json", exclude_unset=True)


@dataclass(frozen=True, slots=True)
class _Advanced:
    """Marks a parameter that most people never touch."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        described = handler(schema)
        described["x-advanced"] = True
        return described


Advanced = _Advanced()
"""Put into a field's annotation: shown only to those who ask for advanced parameters."""


@dataclass(frozen=True, slots=True)
class _Operational:
    """Marks a parameter that decides when or how fast something is made, never what."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        described = handler(schema)
        described["x-operational"] = True
        return described


Operational = _Operational()
"""Put into a field's annotation: changing the parameter makes nothing run again."""


@dataclass(frozen=True, slots=True)
class _DecidesIfSet:
    """Marks a parameter that was added when there were results already."""


DecidesIfSet = _DecidesIfSet()
"""Put into a field's annotation: its default is part of no key, so that results from before the
parameter still count; any other value decides as all parameters do."""


@dataclass(frozen=True, slots=True)
class _Input:
    """Marks a path as one of a file that is read, and must be there before a session starts."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        described = handler(schema)
        described["x-input-file"] = True
        return described


InputFile = Annotated[Path, _Input()]
"""Type of a parameter that names a file to be read: forms let people choose one, and a session
does not start without it. A pattern, a folder or a file that is still to come is no such file."""


def is_input_file(field: FieldInfo) -> bool:
    """Whether a field holds an `InputFile`, or several, or perhaps none."""
    return any(isinstance(mark, _Input) for mark in (*field.metadata, *_marks(field.annotation)))


def absent_file(model: type[Parameters], name: str, value: Any) -> str:
    """What is wrong with the file that an `InputFile` names; empty when it can be read."""
    field = model.model_fields[name]
    if not is_input_file(field) or value is None:
        return ""
    without = ", or 'none' to do without" if field.default is None else ""
    for path in value if isinstance(value, tuple | list | set | frozenset) else (value,):
        if wrong := _unreadable(Path(path)):
            return f"{name.replace('_', ' ')}: {wrong}; give its right path{without}"
    return ""


def _unreadable(path: Path) -> str:
    try:
        if not path.exists():
            return f"{path} is not there"
        if not path.is_file():
            return f"{path} is no file"
        with path.open("rb"):
            return ""
    except OSError as error:
        return f"{path} cannot be read ({error.strerror})"


def operational_parameters(model: type[Parameters]) -> frozenset[str]:
    """Names of the parameters that do not decide what is made."""
    return frozenset(
        name
        for name, field in model.model_fields.items()
        if any(isinstance(mark, _Operational) for mark in field.metadata)
    )


def unset_parameters(parameters: Parameters) -> frozenset[str]:
    """Names of the `DecidesIfSet` parameters that have their defaults."""
    return frozenset(
        name
        for name, field in type(parameters).model_fields.items()
        if any(
            isinstance(mark, _DecidesIfSet) for mark in (*field.metadata, *_marks(field.annotation))
        )
        and getattr(parameters, name) == field.get_default(call_default_factory=True)
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """Show a parameter only while another one is set, or has one of some values."""

    field: str
    values: tuple[Any, ...]

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        described = handler(schema)
        described["x-shown-if"] = {"field": self.field, "values": list(self.values)}
        return described

    def holds(self, parameters: BaseModel) -> bool:
        """Whether the condition is met by `parameters`."""
        value = getattr(parameters, self.field)
        return bool(value) if not self.values else value in self.values


def shown_if(field: str, *values: Any) -> Shown:
    """Show the parameter while `field` is true, or while it has one of `values`."""
    return Shown(field, values)


def hidden_parameters(parameters: Parameters) -> set[str]:
    """Names of the parameters that have no effect, because their condition does not hold."""
    hidden = set()
    for name, field in type(parameters).model_fields.items():
        conditions = [mark for mark in field.metadata if isinstance(mark, Shown)]
        if not all(condition.holds(parameters) for condition in conditions):
            hidden.add(name)
    return hidden


_BOUNDS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
    "multiple_of": ("a multiple of", "multiple_of"),
}


def refused_values(model: type[BaseModel], error: ValidationError) -> Iterator[tuple[str, str]]:
    """Each parameter that `error` refuses, and why: ``at most 20 µm, found 30``.

    The name is empty where several parameters do not go together.
    """
    for problem in error.errors():
        name = ".".join(map(str, problem["loc"]))
        if problem["type"] == "extra_forbidden":
            yield name, _no_such_name(model, problem["loc"])
            continue
        bound, key = _BOUNDS.get(problem["type"], ("", ""))
        if not bound:
            near = _near_choice(problem["input"], problem.get("ctx", {}))
            yield name, f"{problem['msg'].removeprefix('Value error, ')}{near}"
            continue
        field = model.model_fields.get(str(problem["loc"][0]))
        unit = unit_of(field) if field else None
        space = "" if unit in (None, "°") else " "
        limit = f"{problem.get('ctx', {})[key]:g}{space}{unit or ''}"
        given = problem["input"]
        value = f"{given:g}" if isinstance(given, float) else str(given)
        asked = "" if field is None else _question(given, field, unit or "")
        yield name, f"{bound} {limit}, found {value}{asked}"


def _no_such_name(model: type[BaseModel], where: Sequence[int | str]) -> str:
    """That a name is not known where it stands, in the model or one that is inside."""
    name, known = str(where[-1]), list(_model_at(model, where[:-1]).model_fields)
    question = meant(name, known) or (f"there are {', '.join(known)}" if known else "there is none")
    return f"there is no {name!r}; {question}"


def _model_at(model: type[BaseModel], where: Sequence[int | str]) -> type[BaseModel]:
    """The model whose values stand at a place in a document of `model`."""
    models = [model]
    for part in map(str, where):
        fields = [one.model_fields[part] for one in models if part in one.model_fields]
        if fields:
            models = [one for field in fields for one in _models(field.annotation)] or models
        else:  # a key of a mapping, or the tag of one of several models
            models = [one for one in models if part in _words(one)] or models
    return models[0]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Models that a type consists of, however deep."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def _words(model: type[BaseModel]) -> set[str]:
    """Words that fields of a model have to be: what tells it from others."""
    annotations = [field.annotation for field in model.model_fields.values()]
    return {
        str(word) for kind in annotations if get_origin(kind) is Literal for word in get_args(kind)
    }


def _near_choice(given: Any, context: Mapping[str, Any]) -> str:
    """What may be meant by a word that is none of those to choose from."""
    if isinstance(context.get("tag"), str):
        given = context["tag"]
    choices = context.get("expected_tags", context.get("expected", ""))
    if not isinstance(given, str) or not isinstance(choices, str):
        return ""
    return hint(given, re.findall(r"'([^']*)'", choices))


def _question(given: Any, field: FieldInfo, unit: str) -> str:
    """What may be meant by a value out of the limits of its field, where they are narrow enough."""
    marks = [*field.metadata, *_marks(field.annotation)]
    usual = usual_of(field)
    limits = [(_WITHIN[type(mark)], mark) for mark in marks if type(mark) in _WITHIN]
    both = {type(mark) in (Ge, Gt) for _, mark in limits} == {True, False}
    number = _number(given)
    if number is None or not (usual or both) or (not unit and _is_whole(field)):
        return ""

    def holds(value: float) -> bool:
        inside = all(within(value, mark) for within, mark in limits)
        return inside and (usual is None or usual.holds(value))

    asked = may_be_meant(number, unit, holds)
    return f"; {asked}" if asked else ""


_WITHIN: Mapping[type[Any], Callable[[float, Any], bool]] = {
    Ge: lambda value, mark: value >= mark.ge,
    Gt: lambda value, mark: value > mark.gt,
    Le: lambda value, mark: value <= mark.le,
    Lt: lambda value, mark: value < mark.lt,
}


def _is_whole(field: FieldInfo) -> bool:
    return int in (field.annotation, *getattr(field.annotation, "__args__", ()))


def _number(given: Any) -> float | None:
    """What was given, as a number; None for what is none, and for yes and no."""
    try:
        return None if given is None or isinstance(given, bool) else float(given)
    except OverflowError:  # a whole number of hundreds of digits
        return math.inf if given > 0 else -math.inf
    except (TypeError, ValueError):
        return None


def unusual_values(model: type[BaseModel], given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each of the values `given` that is not usual, what is, and what may be meant instead.

    A model takes such values: a session that was told them stays what it is. It is asked about
    where a value enters.
    """
    for name, field in model.model_fields.items():
        usual = usual_of(field)
        if usual is None or name not in given:
            continue
        values = given[name] if isinstance(given[name], tuple | list) else (given[name],)
        for value in map(_number, values):
            if value is not None and (why := doubt(value, unit_of(field) or "", usual)):
                yield name, why


def usual_of(field: FieldInfo) -> Usual | None:
    """Between what the values of a field usually are; None where nothing is said."""
    marks = (*field.metadata, *_marks(field.annotation))
    return next((mark for mark in marks if isinstance(mark, Usual)), None)


def unit_of(field: FieldInfo) -> str | None:
    """The symbol of the unit of a field, such as ``Å``; None for plain numbers and text."""
    for mark in (*field.metadata, *_marks(field.annotation)):
        if isinstance(mark, Unit):
            return mark.symbol
    return None


def _marks(annotation: Any) -> Iterator[Any]:
    """What is written into a type, at any depth."""
    yield from getattr(annotation, "__metadata__", ())
    for argument in getattr(annotation, "__args__", ()):
        yield from _marks(argument)
