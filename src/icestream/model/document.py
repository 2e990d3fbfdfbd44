"""Items as JSON documents, and the files that an item points at."""

import dataclasses
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter

__all__ = ["from_document", "map_paths", "to_document", "type_name"]

T = TypeVar("T")


_PLAIN = frozenset((float, int, str, bool, type(None)))
"""Types of values in which there is no path."""
_PATHLESS = _PLAIN | {datetime}
"""Types of fields in which there is no path."""
_adapters: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    """One adapter per type: making it costs milliseconds, using it microseconds."""
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def type_name(kind: type[Any]) -> str:
    """The name by which records know a type of item: ``module:Class``.

    Ours are named after the package that exports them (``icestream.model:Ctf``), so that their
    modules can be moved.
    """
    module = kind.__module__
    if module.startswith("icestream.model."):
        module = "icestream.model"
    return f"{module}:{kind.__qualname__}"


def to_document(item: Any) -> dict[str, Any]:
    """The JSON-ready form of an item; `from_document` is its inverse."""
    document = _adapter(type(item)).dump_python(item, mode="json")
    if not isinstance(document, dict):
        raise TypeError(f"an item must be a dataclass, found {type(item).__name__}")
    return document


def from_document(kind: type[T], document: dict[str, Any]) -> T:
    """Make an item of type `kind` from its document.

    Raises
    ------
    pydantic.ValidationError
        If the document does not describe such an item; all problems at once.
    """
    item: T = _adapter(kind).validate_python(document)
    return item


def map_paths(item: T, change: Callable[[Path], Path]) -> T:
    """A copy of `item` in which every path, however deep, went through `change`."""
    return _map(item, change)  # type: ignore[no-any-return]  # of the type it had


def _map(value: Any, change: Callable[[Path], Path]) -> Any:
    if isinstance(value, Path):
        return change(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {}
        for name in _fields_with_paths(type(value)):
            old = getattr(value, name)
            if type(old) in _PLAIN:
                continue
            new = _map(old, change)
            if new is not old:
                changed[name] = new
        return dataclasses.replace(value, **changed) if changed else value
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        if all(type(part) in _PLAIN for part in value):  # tracks have thousands of numbers
            return value
        mapped = tuple(_map(part, change) for part in value)
        return mapped if any(a is not b for a, b in zip(mapped, value, strict=True)) else value
    return value


@cache
def _fields_with_paths(kind: type[Any]) -> tuple[str, ...]:
    """Fields of a type of item in which there may be a path, by what they are declared to be."""
    names = tuple(field.name for field in dataclasses.fields(kind))
    try:
        declared = get_type_hints(kind)
    except NameError:  # of a type that only its own function knows
        return names
    return tuple(name for name in names if not _is_pathless(declared.get(name)))


def _is_pathless(declared: Any) -> bool:
    """Whether no value of a declared type can have a path in it."""
    origin = get_origin(declared)
    if origin in (Union, UnionType, tuple):
        return all(part is ... or _is_pathless(part) for part in get_args(declared))
    return origin is Literal or (isinstance(declared, type) and declared in _PATHLESS)
