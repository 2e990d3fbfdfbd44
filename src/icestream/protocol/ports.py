"""Ports: the typed inputs and outputs of a protocol, read from its methods' signatures."""

import dataclasses
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from icestream.model import Measured
from icestream.protocol.resources import Work

__all__ = ["Port", "input_ports", "output_ports", "port_name"]


@dataclass(frozen=True, slots=True)
class Port:
    """One typed input or output."""

    name: str
    item: type[Any]
    """Type of the items, such as `icestream.model.Micrograph`."""
    optional: bool = False
    """An input that may be left unconnected; the protocol then receives None."""
    many: bool = False
    """An optional input that takes any number of links: a mapping of items by what they come from,
    ``step.port``. One that has no result for an exposure is left out."""


def input_ports(method: Callable[..., Any]) -> tuple[Port, ...]:
    """The inputs of `method`: its parameters in order, without `self` and the `Work`.

    Raises
    ------
    TypeError
        If a parameter has no annotation or is not an item; the message names it.
    """
    hints = _hints(method)
    ports = []
    for name in list(inspect.signature(method).parameters):
        if name == "self":
            continue
        if name not in hints:
            raise TypeError(f"{method.__qualname__}: parameter {name!r} has no type annotation")
        kind, optional = _without_none(hints[name])
        if kind is Work:
            continue
        many = optional and typing.get_origin(kind) is Mapping
        kind = _item_in(kind)
        if not dataclasses.is_dataclass(kind) and not (many and kind is Measured):
            raise TypeError(
                f"{method.__qualname__}: parameter {name!r} is {kind!r}; "
                "an input must be an item (a dataclass of icestream.model, or your own)"
            )
        ports.append(Port(name, kind, optional, many))  # type: ignore[arg-type]
    return tuple(ports)


def output_ports(method: Callable[..., Any]) -> tuple[Port, ...]:
    """The outputs of `method`: its returned item, or the fields of a returned NamedTuple."""
    kind = _hints(method).get("return")
    if kind is None:
        raise TypeError(f"{method.__qualname__}: has no return annotation; return an item")
    if isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields"):
        hints = typing.get_type_hints(kind)
        return tuple(Port(name, hints[name]) for name in kind._fields)
    if not dataclasses.is_dataclass(kind):
        raise TypeError(
            f"{method.__qualname__}: returns {kind!r}; return an item (a dataclass) "
            "or a NamedTuple of items"
        )
    return (Port(port_name(kind), kind),)  # type: ignore[arg-type]


def port_name(kind: type[Any]) -> str:
    """Name of the port for items of type `kind`: ``Micrograph`` -> ``micrograph``."""
    name = kind.__name__
    return "".join(
        f"_{letter.lower()}" if letter.isupper() and index else letter.lower()
        for index, letter in enumerate(name)
    )


def _hints(method: Callable[..., Any]) -> Mapping[str, Any]:
    return typing.get_type_hints(method)


def _without_none(kind: Any) -> tuple[Any, bool]:
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        parts = [part for part in typing.get_args(kind) if part is not type(None)]
        if len(parts) == 1:
            return parts[0], True
    return kind, False


def _item_in(kind: Any) -> Any:
    """``Batch[Particles]``, ``Window[Ctf]`` and ``Mapping[str, Picks]`` carry one item type."""
    arguments = [part for part in typing.get_args(kind) if part is not str]
    return arguments[-1] if arguments else kind
