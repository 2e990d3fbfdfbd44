"""Items as JSON documents, and the files that an item points at."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

__all__ = ["from_document", "map_paths", "to_document", "type_name"]

T = TypeVar("T")


_PLAIN = frozenset((float, int, str, bool, type(None)))
"""Types of values in which there is no path."""
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
        for field in dataclasses.fields(value):
            old = getattr(value, field.name)
            if type(old) in _PLAIN:
                continue
            new = _map(old, change)
            if new is not old:
                changed[field.name] = new
        return dataclasses.replace(value, **changed) if changed else value
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        if all(type(part) in _PLAIN for part in value):  # tracks have thousands of numbers
            return value
        mapped = tuple(_map(part, change) for part in value)
        return mapped if any(a is not b for a, b in zip(mapped, value, strict=True)) else value
    return value
