"""Protocols, as forms and palettes need them: ports with types, and parameters with a schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from icestream.model import StepKind, type_name
from icestream.protocol import Port, Protocol, Registry, UnknownProtocol
from icestream.protocol.breaking import in_a_sentence
from icestream.protocol.describe import first_line
from icestream.server.access import Viewer
from icestream.server.context import ThisServer
from icestream.server.errors import Refused
from icestream.usage.suggestions import Suggestion, suggest

__all__ = ["router"]

router = APIRouter(tags=["protocols"])


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolPort:
    """A typed input or output."""

    name: str
    type: str
    """Name of the type of its items: ``Micrograph``."""
    optional: bool
    """An input that may be left unconnected."""
    many: bool
    """An input that takes any number of links."""
    fits: tuple[str, ...]
    """Of an input: outputs that it takes, as ``movies.align.micrograph``; of an output: inputs that
    take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolDocument:
    """A protocol that is installed."""

    name: str
    title: str
    summary: str
    """What it does, in a sentence."""
    kind: StepKind
    version: int
    package: str
    """With its version."""
    inputs: tuple[ProtocolPort, ...]
    outputs: tuple[ProtocolPort, ...]
    agrees: bool
    """Its input takes two links or more, which are compared."""
    schema: Mapping[str, Any]
    """JSON Schema of the parameters; ``x-unit``, ``x-usual``, ``x-advanced``, ``x-operational``,
    ``x-input-file`` and ``x-shown-if`` say what JSON Schema has no words for."""
    defaults: Mapping[str, Any]
    cite: tuple[str, ...]
    broken: str | None
    """Why it cannot be used; None: it can."""


@router.get("/protocols")
def list_protocols(server: ThisServer, _: Viewer) -> list[ProtocolDocument]:
    """Every installed protocol, with ports and parameters; the broken ones say why."""
    return [_document(server.registry, name) for name in server.registry.names()]


@router.get("/protocols/{name}")
def show_protocol(name: str, server: ThisServer, _: Viewer) -> ProtocolDocument:
    """One protocol."""
    if name not in server.registry.names():
        try:
            server.registry.get(name)
        except UnknownProtocol as error:
            raise Refused(404, str(error)) from None
    return _document(server.registry, name)


@router.get("/protocols/{name}/suggestions")
def suggest_next(name: str, server: ThisServer, _: Viewer) -> list[Suggestion]:
    """What may follow a protocol, the most usual first, and how many have it there."""
    settings = server.loaded.settings
    try:
        return list(suggest(name, server.registry, settings.usage, settings.state))
    except UnknownProtocol as error:
        raise Refused(404, str(error)) from None


def _document(registry: Registry, name: str) -> ProtocolDocument:
    try:
        protocol = registry.get(name)
    except UnknownProtocol as error:
        return _broken(registry, name, str(error))
    model = protocol.parameters_type()
    try:
        schema, defaults = model.model_json_schema(), model().model_dump(mode="json")
    except Exception as error:  # a plugin's own types
        why = in_a_sentence(error, protocol.__module__)
        return _broken(registry, name, f"its parameters cannot be described: {why}")
    return ProtocolDocument(
        name=name,
        title=protocol.title,
        summary=first_line(protocol),
        kind=protocol.kind,
        version=protocol.version,
        package=registry.package(name),
        inputs=tuple(_input(port, registry) for port in protocol.inputs()),
        outputs=tuple(_output(port, registry) for port in protocol.outputs()),
        agrees=protocol.agrees,
        schema=schema,
        defaults=defaults,
        cite=tuple(protocol.cites),
        broken=None,
    )


def _broken(registry: Registry, name: str, why: str) -> ProtocolDocument:
    return ProtocolDocument(
        name=name,
        title=name,
        summary="",
        kind="item",
        version=0,
        package=registry.package(name),
        inputs=(),
        outputs=(),
        agrees=False,
        schema={},
        defaults={},
        cite=(),
        broken=why,
    )


def _usable(registry: Registry) -> list[type[Protocol[Any]]]:
    return list(registry.usable(registry.names()))


def _input(port: Port, registry: Registry) -> ProtocolPort:
    fits = (
        f"{protocol.name}.{made.name}"
        for protocol in _usable(registry)
        for made in protocol.outputs()
        if issubclass(made.item, port.item)
    )
    return _port(port, tuple(fits))


def _output(port: Port, registry: Registry) -> ProtocolPort:
    fits = (
        f"{protocol.name}.{taken.name}"
        for protocol in _usable(registry)
        for taken in protocol.inputs()
        if issubclass(port.item, taken.item)
    )
    return _port(port, tuple(fits))


def _port(port: Port, fits: tuple[str, ...]) -> ProtocolPort:
    return ProtocolPort(
        name=port.name,
        type=type_name(port.item).rpartition(":")[2],
        optional=port.optional,
        many=port.many,
        fits=fits,
    )
