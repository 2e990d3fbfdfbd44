"""Parameters and protocols in words: the same on the command line and in the catalogue."""

import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import annotated_types
from pydantic.fields import FieldInfo

from icestream.protocol import (
    Advanced,
    Parameters,
    Port,
    Program,
    Protocol,
    hidden_parameters,
    is_input_file,
    unit_of,
)
from icestream.protocol.parameters import Shown

__all__ = [
    "Described",
    "bare_type",
    "choices_of",
    "describe_parameters",
    "first_line",
    "offer_words",
    "port_words",
    "programs_of",
    "sources_of",
    "type_words",
    "value_words",
    "without_effect",
]

_LIMITS = (
    (annotated_types.Gt, "gt", ">"),
    (annotated_types.Ge, "ge", "≥"),
    (annotated_types.Lt, "lt", "<"),
    (annotated_types.Le, "le", "≤"),
    (annotated_types.MultipleOf, "multiple_of", "multiple of"),
)

_WORDS = {float: "number", int: "whole number", bool: "yes or no", str: "text", Path: "path"}


@dataclass(frozen=True, slots=True)
class Described:
    """One parameter, as people read it."""

    name: str
    kind: str
    unit: str
    default: str
    limits: str
    help: str
    advanced: bool
    condition: str

    def sentence(self, default: str | None = None) -> str:
        """Help, unit, limits and default in one line; `default` replaces the protocol's own."""
        within = self.limits or self.unit
        text = f"{self.help} [{within}]" if within else self.help
        if self.condition:
            text += f" Only {self.condition}."
        return f"{text} Default: {self.default if default is None else default}."


def describe_parameters(model: type[Parameters]) -> Iterator[Described]:
    """Every parameter of a protocol, in the order of its declaration."""
    for name, field in model.model_fields.items():
        unit = unit_of(field) or ""
        default = value_words(field.get_default(call_default_factory=True), unit)
        yield Described(
            name=name,
            kind=_kind(field),
            unit=unit,
            default=default,
            limits=", ".join(_limits(field, unit)),
            help=" ".join((field.description or "").split()),
            advanced=any(mark is Advanced for mark in field.metadata),
            condition=" and ".join(_conditions(field)),
        )


def without_effect(step: str, model: type[Parameters], given: Mapping[str, Any]) -> Iterator[str]:
    """Say what was given to a step and does nothing, because of what else was given or not."""
    parameters = model.model_validate(dict(given))
    hidden = hidden_parameters(parameters) & given.keys()
    for name, field in model.model_fields.items():
        default = field.get_default(call_default_factory=True)
        if name in hidden and getattr(parameters, name) != default:
            condition = " and ".join(_conditions(field))
            yield f"step {step!r}: {name} has no effect: it is used only {condition}"


def value_words(value: Any, unit: str = "") -> str:
    """A value as a person writes it, with its unit."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, Mapping):
        value = [f"{name}={value_words(part)}" for name, part in value.items()]
    if isinstance(value, tuple | list):
        return ", ".join(value_words(part) for part in value) or "none"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    space = "" if unit in ("", "°") else " "
    return f"{text}{space}{unit}" or "none"


def type_words(annotation: Any) -> str:
    """A type as a person calls it: ``number or none``, ``one of fast, good``."""
    annotation = bare_type(annotation)
    if annotation in _WORDS:
        return _WORDS[annotation]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return "one of " + ", ".join(map(str, arguments))
    if origin in (typing.Union, types.UnionType):
        words = [type_words(part) for part in arguments if part is not type(None)]
        return " or ".join(words)
    if origin in (tuple, list, set, frozenset):
        inner = [part for part in arguments if part is not Ellipsis]
        return "list of " + " and ".join(dict.fromkeys(type_words(part) for part in inner))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return "one of " + ", ".join(str(member.value) for member in annotation)
    return str(getattr(annotation, "__name__", annotation)).lower()


def bare_type(annotation: Any) -> Any:
    """The type without the units and limits written into it, at any depth."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return bare_type(arguments[0])
    if origin is typing.Literal or not arguments:
        return annotation
    inner = tuple(bare_type(part) for part in arguments)
    if origin in (typing.Union, types.UnionType):
        return typing.Union[inner]  # noqa: UP007 - made from a tuple
    return origin[inner]


def _kind(field: FieldInfo) -> str:
    """The type of a parameter; of paths, whether they are of files that must be there."""
    words = type_words(field.annotation)
    return words.replace("path", "file") if is_input_file(field) else words


def port_words(port: Port) -> str:
    """A port as ``micrograph: Micrograph``, with what an optional one means."""
    how = " (optional, any number of links)" if port.many else " (optional)"
    return f"{port.name}: {port.item.__name__}{how if port.optional else ''}"


def first_line(protocol: type[Protocol[Any]]) -> str:
    """The first sentence of a protocol's docstring."""
    return (protocol.__doc__ or "").strip().partition("\n\n")[0].replace("\n    ", " ")


def _limits(field: FieldInfo, unit: str) -> Iterator[str]:
    for mark in _marks(field):
        for kind, attribute, words in _LIMITS:
            if isinstance(mark, kind):
                yield f"{words} {value_words(getattr(mark, attribute), unit)}"


def _marks(field: FieldInfo) -> Iterator[Any]:
    yield from field.metadata
    yield from _inner_marks(field.annotation)


def _inner_marks(annotation: Any) -> Iterator[Any]:
    for part in typing.get_args(annotation):
        yield from getattr(part, "__metadata__", ())
        yield from _inner_marks(part)


def _conditions(field: FieldInfo) -> Iterator[str]:
    for mark in field.metadata:
        if isinstance(mark, Shown):
            values = " or ".join(value_words(value) for value in mark.values)
            yield f"with {mark.field} = {values}" if values else f"with {mark.field}"


def choices_of(kind: Any) -> Iterator[str]:
    """Words that a choice consists of, also where it is a union of choices."""
    kind = bare_type(kind)
    if typing.get_origin(kind) is typing.Literal:
        yield from map(str, typing.get_args(kind))
        return
    for part in typing.get_args(kind):
        yield from choices_of(part)


def offer_words(offer: Mapping[str, Any]) -> str:
    """What an alert offers to change, in words: ``align: gain_flip=up-down``."""
    changes = " ".join(f"{name}={value_words(value)}" for name, value in offer["changes"].items())
    return f"{offer['step']}: {changes}"


def programs_of(protocol: type[Protocol[Any]]) -> Sequence[Program]:
    """What a protocol runs with its default parameters; nothing where its code raises."""
    try:
        return protocol().programs()
    except Exception:  # a plugin's own code; `icestream plugin check` tells what is wrong
        return ()


def sources_of(protocol: type[Protocol[Any]]) -> tuple[str, ...]:
    """What is to be cited for a protocol and the programs that it runs, each once."""
    programs = (source for program in programs_of(protocol) for source in program.cites)
    return tuple(dict.fromkeys((*protocol.cites, *programs)))
