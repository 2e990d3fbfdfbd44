"""Finding protocols: every installed package that names some in its entry points.

A package declares ``[project.entry-points."icestream.protocols"]`` with lines such as
``"ctf.estimate" = "my_package.my_module:EstimateCtf"``. The protocols we ship are declared the
same way. A plugin that cannot be used is kept as broken, with a sentence that says why and its
traceback, and never hidden.
"""

import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from icestream.alike import meant
from icestream.model import ITEM_TYPES, Measured, type_name
from icestream.protocol.attributes import attribute_problems
from icestream.protocol.breaking import in_a_sentence, why_not_loaded
from icestream.protocol.kinds import Protocol
from icestream.protocol.signatures import signature_problems

__all__ = ["GROUP", "Broken", "Registry", "UnknownProtocol", "known_types"]

GROUP = "icestream.protocols"


@dataclass(frozen=True, slots=True)
class Broken:
    """A declared protocol that cannot be used."""

    name: str
    target: str
    """``module:Class`` as declared."""
    package: str
    reason: str
    """One sentence: where, what is wrong, what to do."""
    traceback: str


class _Unusable(TypeError):
    """What was loaded is no protocol that the engine can call; the message says why."""


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
        entries = entry_points(group=GROUP) if points is None else points
        self._points = {point.name: point for point in sorted(entries, key=lambda p: p.name)}
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
            hint = meant(name, self._points, most=3) or "see `icestream protocols list`"
            raise UnknownProtocol(f"no protocol {name!r} is installed; {hint}")
        if name not in self._broken:
            try:
                return self._load(name)
            except (Exception, SystemExit) as error:
                target = self._points[name].value
                known = isinstance(error, _Unusable)
                reason = str(error) if known else why_not_loaded(error, target)
                self._broken[name] = Broken(
                    name, target, self.package(name), reason, traceback.format_exc()
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
        target = self._points[name].value
        protocol = self._points[name].load()
        if not (isinstance(protocol, type) and issubclass(protocol, Protocol)):
            what = f"class {protocol.__name__}" if isinstance(protocol, type) else f"{protocol!r}"
            raise _Unusable(
                f"{target} is {what}, not a protocol class; derive it from ItemProtocol or another "
                "kind, and let the entry point name it"
            )
        problems = [*attribute_problems(protocol), *signature_problems(protocol, unread=False)]
        if problems:
            raise _Unusable(f"{protocol.__qualname__}: {'; '.join(problems)}")
        if protocol.name != name:
            raise _Unusable(
                f"the entry point is called {name!r} but the class calls itself "
                f"{protocol.name!r}; make them equal"
            )
        try:
            protocol.inputs()
            protocol.outputs()
        except Exception as error:
            said = in_a_sentence(error, protocol.__module__)
            raise _Unusable(f"{protocol.__qualname__}: its ports cannot be read: {said}") from error
        self._loaded[name] = protocol
        return protocol


def known_types(protocols: Iterable[type[Protocol[Any]]]) -> dict[str, type[Any]]:
    """Types of items by the names that records know them by.

    They are those of `icestream.model`, and those at the ports of `protocols`, which are loaded
    already: whoever looks a name up in it imports nothing.
    """
    types = dict(ITEM_TYPES)
    for protocol in protocols:
        for port in (*protocol.inputs(), *protocol.outputs()):
            if port.item is Measured:  # no type of its own
                continue
            types.setdefault(type_name(port.item), port.item)
    return types
