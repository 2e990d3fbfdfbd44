"""Class attributes of a protocol that are no constants.

The same object may process items in any order, in any process: what one item leaves behind in a
class would make another one's result depend on luck.
"""

import dataclasses
import enum
import functools
import inspect
import io
import logging
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from icestream.protocol.kinds import Protocol

__all__ = ["KEEPS_NOTHING", "kept_values", "own_classes"]

KEEPS_NOTHING = "a protocol keeps nothing between items"


def kept_values(protocol: type[Protocol[Any]]) -> Iterator[str]:
    """Class attributes that can change, the package's own base classes included."""
    for klass in own_classes(protocol):
        for name, value in vars(klass).items():
            if name.startswith("__") and name.endswith("__"):
                continue
            if name.startswith("_abc_"):
                continue
            if what := _mutable(value):
                instead = _INSTEAD.get(type(value), "make it a constant, or a local variable")
                where = "" if klass is protocol else f" of its base class {klass.__name__}"
                yield f"the class attribute {name}{where} is {what}; {KEEPS_NOTHING}: {instead}"


_INSTEAD: Mapping[type[Any], str] = types.MappingProxyType(
    {
        list: "write a tuple",
        set: "write a frozenset",
        dict: "write types.MappingProxyType({...})",
        bytearray: "write bytes",
    }
)


def own_classes(protocol: type[Protocol[Any]]) -> Iterator[type[Any]]:
    """The class and those of its bases that are not of the protocol language or a library."""
    own = protocol.__module__.partition(".")[0]
    for klass in protocol.__mro__:
        language = klass.__module__.startswith("icestream.protocol.")
        if not language and klass.__module__.partition(".")[0] == own:
            yield klass


def _mutable(value: Any) -> str:
    """What can change about a value, in words; empty when nothing can."""
    if isinstance(value, _PLAIN) or _is_code(value):
        return ""
    if isinstance(value, tuple | frozenset | types.MappingProxyType):
        inside = value.values() if isinstance(value, types.MappingProxyType) else value
        inner = next(filter(None, map(_mutable, inside)), "")
        return inner and f"a {type(value).__name__} that holds {inner}"
    if isinstance(value, io.IOBase):
        return "an open file"
    if isinstance(value, BaseModel):
        return "" if value.model_config.get("frozen") else f"a {type(value).__name__} (not frozen)"
    if dataclasses.is_dataclass(value):
        return _mutable_fields(value)
    hashed: Any = type(value).__hash__
    writeable = getattr(getattr(value, "flags", None), "writeable", None)
    if writeable is False or (hashed is not None and hashed is not object.__hash__):
        return ""  # an array that is locked, or what is compared by its value
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _mutable_fields(value: Any) -> str:
    name = type(value).__name__
    if not type(value).__dataclass_params__.frozen:
        return f"a {name} (a dataclass that is not frozen)"
    for field in dataclasses.fields(value):
        if inner := _mutable(getattr(value, field.name)):
            return f"a {name} whose {field.name} is {inner}"
    return ""


_PLAIN = (
    type,
    types.NoneType,
    types.EllipsisType,
    types.ModuleType,
    slice,
    enum.Enum,
    logging.Logger,
    typing.TypeVar,
)
"""Values that never change, or are no state, beside those that are compared by value."""


def _is_code(value: Any) -> bool:
    """Whether it is a method or an attribute's descriptor, or a type that is no class."""
    if isinstance(value, functools.partial):
        return not any(map(_mutable, (*value.args, *value.keywords.values())))
    typed = typing.get_origin(value) is not None
    return typed or inspect.isroutine(value) or hasattr(type(value), "__get__")
