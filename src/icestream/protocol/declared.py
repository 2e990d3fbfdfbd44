"""What a type annotation allows: its members, its parts, and whether a value is as declared.

Only what the state of a batch protocol may be made of, see `icestream.protocol.checkpoint`.
"""

import dataclasses
import types
from collections.abc import Collection, Iterable, Mapping, MutableMapping, MutableSequence, Sequence
from datetime import datetime
from functools import cache
from pathlib import PurePath
from typing import (
    Annotated,
    Any,
    Literal,
    NewType,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import numpy as np

__all__ = ["fields_of", "fits", "item_kinds", "mapping_kinds", "members_of", "named"]

_FITTING: dict[Any, tuple[type[Any], ...]] = {
    bool: (bool, np.bool_),
    int: (int, np.integer),
    float: (int, float, np.integer, np.floating),
    complex: (int, float, complex, np.number),
    str: (str,),
    datetime: (datetime,),
}
"""Types of the values that may be where one of these is declared."""
_LISTS = (list, Sequence, MutableSequence, Collection, Iterable)
_TUPLES = (tuple, Sequence, Collection, Iterable)
_MAPPINGS = (dict, Mapping, MutableMapping)


@cache
def fields_of(kind: Any) -> dict[str, Any]:
    """The fields of a dataclass, and what each is declared as."""
    try:
        hints = get_type_hints(kind)
    except NameError as error:
        raise TypeError(
            f"the annotations of {named(kind)} cannot be read: {error}; import what they name, "
            "and declare the class at the top of its module"
        ) from error
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def members_of(declared: Any) -> tuple[Any, ...]:
    """The types that a declared one allows: several for a union."""
    declared = _plain(declared)
    if get_origin(declared) in (Union, types.UnionType):
        return tuple(member for part in get_args(declared) for member in members_of(part))
    return (type(None) if declared is None else declared,)


def _plain(declared: Any) -> Any:
    """A declared type without its names and remarks."""
    while True:
        if get_origin(declared) is Annotated:
            declared = get_args(declared)[0]
        elif isinstance(declared, NewType):
            declared = declared.__supertype__
        elif isinstance(declared, TypeVar):
            declared = declared.__bound__ or Any
        elif type(declared).__name__ == "TypeAliasType":
            declared = declared.__value__
        else:
            return declared


def fits(value: Any, kind: Any) -> bool:
    """Whether a value, but for what it holds, is as declared."""
    if kind is Any or kind is object:
        return True
    origin = get_origin(kind) or kind
    if origin is Literal:
        return any(type(value) is type(choice) and value == choice for choice in get_args(kind))
    if origin in _FITTING:
        return isinstance(value, _FITTING[origin])
    if isinstance(value, list):
        return origin in _LISTS
    if isinstance(value, tuple):
        return origin in _TUPLES
    if isinstance(value, dict):
        return origin in _MAPPINGS
    if isinstance(origin, type) and issubclass(origin, np.generic | PurePath):
        return isinstance(value, origin)
    return type(value) is origin


def mapping_kinds(kind: Any) -> tuple[Any, Any]:
    """What the keys and the values of a mapping are declared as."""
    arguments = get_args(kind)
    return (arguments[0], arguments[1]) if len(arguments) == 2 else (Any, Any)


def item_kinds(kind: Any, count: int) -> Sequence[Any] | None:
    """What each of `count` items is declared as; None where there should be another number."""
    arguments = get_args(kind)
    if get_origin(kind) is not tuple:
        return (arguments[0] if arguments else Any,) * count
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return (arguments[0],) * count
    return arguments if len(arguments) == count else None


def named(kind: Any) -> str:
    """A type, as a person would write it."""
    if isinstance(kind, type) and not get_args(kind):
        return kind.__qualname__
    return str(kind).replace("typing.", "")
