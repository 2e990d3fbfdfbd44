"""Finding protocols: every installed package that names some in its entry points.

A package declares ``[project.entry-points."icestream.protocols"]`` with lines such as
``"ctf.estimate" = "my_package.my_module:EstimateCtf"``. The protocols we ship are declared the
same way. A plugin that cannot be loaded is kept as broken, with its traceback, and never hidden.
"""

import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from icestream.model import ITEM_TYPES, type_name
from icestream.protocol.kinds import Protocol

__all__ = ["GROUP", "Broken", "Registry", "UnknownProtocol", "known_types"]

GROUP = "icestream.protocols"


@dataclass(frozen=True, slots=True)
class Broken:
    """A declared protocol that could not be loaded."""

    name: str
    target: str
    """``module:Class`` as declared."""
    package: str
    reason: str
    traceback: str


class UnknownProtocol(LookupError):
    """A protocol was asked for that is not installed, or is broken."""


class Registry:
    """Protocols by name, loaded when they are asked for.

    Parameters
    ----------
    points
        Entry points to use; those of all installed packages by default.
    """

    def __init__(self, points: Iterable[EntryPoint] | None = None) -> None:
        found = entry_points(group=GROUP) if points is None else points
        self._points = {point.name: point for point in sorted(found, key=lambda p: p.name)}
        self._loaded: dict[str, type[Protocol[Any]]] = {}
        self._broken: dict[str, Broken] = {}

    def names(self) -> tuple[str, ...]:
        """Names of all declared protocols, the broken ones too."""
        return tuple(self._points)

    def package(self, name: str) -> str:
        """The package and version that declares `name`."""
        distribution = self._points[name].dist
        return f"{distribution.name} {distribution.version}" if distribution else "?"

    def get(self, name: str) -> type[Protocol[Any]]:
        """The protocol called `name`.

        Raises
        ------
        UnknownProtocol
            If it is not installed (the message lists near names) or is broken (with its reason).
        """
        if name in self._loaded:
            return self._loaded[name]
        if name not in self._points:
            import difflib

            near = difflib.get_close_matches(name, self._points, n=3, cutoff=0.4)
            hint = (
                f"did you mean {' or '.join(near)}?" if near else "see `icestream protocols list`"
            )
            raise UnknownProtocol(f"no protocol {name!r} is installed; {hint}")
        if name not in self._broken:
            try:
                return self._load(name)
            except Exception as error:
                point = self._points[name]
                self._broken[name] = Broken(
                    name,
                    point.value,
                    self.package(name),
                    f"{type(error).__name__}: {error}",
                    traceback.format_exc(),
                )
        raise UnknownProtocol(
            f"protocol {name!r} of {self.package(name)} is broken: {self._broken[name].reason}; "
            "see `icestream protocols list --broken`"
        )

    def usable(self, names: Iterable[str]) -> Iterator[type[Protocol[Any]]]:
        """The protocols among `names` that are installed and not broken."""
        for name in dict.fromkeys(names):
            try:
                yield self.get(name)
            except UnknownProtocol:
                continue

    def broken(self) -> tuple[Broken, ...]:
        """Every declared protocol that does not load; loads all of them to know."""
        for name in self._points:
            try:
                self.get(name)
            except UnknownProtocol:
                continue
        return tuple(self._broken.values())

    def _load(self, name: str) -> type[Protocol[Any]]:
        protocol = self._points[name].load()
        if not (isinstance(protocol, type) and issubclass(protocol, Protocol)):
            raise TypeError(f"{self._points[name].value} is {protocol!r}, not a protocol class")
        if getattr(protocol, "name", None) != name:
            raise TypeError(
                f"the entry point is called {name!r} but the class calls itself "
                f"{getattr(protocol, 'name', None)!r}; make them equal"
            )
        protocol.inputs()
        protocol.outputs()
        self._loaded[name] = protocol
        return protocol


def known_types(protocols: Iterable[type[Protocol[Any]]]) -> dict[str, type[Any]]:
    """Types of items by the names that records know them by.

    They are those of `icestream.model`, and those at the ports of `protocols`, which are loaded
    already: whoever looks a name up in it imports nothing.
    """
    found = dict(ITEM_TYPES)
    for protocol in protocols:
        for port in (*protocol.inputs(), *protocol.outputs()):
            found.setdefault(type_name(port.item), port.item)
    return found
