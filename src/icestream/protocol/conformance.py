"""What every protocol must keep, as a check that any plugin can run on itself.

`icestream plugin check PACKAGE` and our own tests call `problems`; each problem is one sentence
that says what was found and what to do.
"""

import ast
import inspect
import json
import pickle
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

from icestream.model import marked_fields
from icestream.protocol.kinds import ItemProtocol, Monitor, Protocol, SourceProtocol
from icestream.protocol.parameters import Parameters, Shown

__all__ = ["problems"]

_NAME = re.compile(r"[a-z][a-z0-9]*(\.[a-z][a-z0-9_-]*)+")
_PUBLIC = {"units", "model", "formats", "processing", "protocol"}


def problems(protocol: type[Protocol[Any]]) -> list[str]:
    """Everything that keeps `protocol` from being a good plugin; empty when there is nothing."""
    checks = (_naming, _parameters, _ports, _values, _imports)
    return [f"{protocol.__qualname__}: {found}" for check in checks for found in check(protocol)]


def _naming(protocol: type[Protocol[Any]]) -> Iterator[str]:
    name = getattr(protocol, "name", None)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        yield f"name is {name!r}; write it as '<what>.<how>' in lower case"
    if not getattr(protocol, "title", ""):
        yield "has no title; say in a few words what people will read"
    if not (protocol.__doc__ or "").strip() or protocol.__doc__ == Protocol.__doc__:
        yield "has no docstring; its first line is shown as help"
    if not isinstance(protocol.version, int) or protocol.version < 1:
        yield f"version is {protocol.version!r}; use 1, 2, 3 ..."
    for source in protocol.cites:
        if not source.startswith(("doi:", "https://")):
            yield f"cites {source!r}; write 'doi:...'"
    if inspect.isabstract(protocol):
        missing = ", ".join(sorted(protocol.__abstractmethods__))
        yield f"does not define {missing}"


def _parameters(protocol: type[Protocol[Any]]) -> Iterator[str]:
    model = protocol.parameters_type()
    try:
        defaults = model()
    except ValueError as error:
        yield f"its parameters' defaults are not valid: {error}"
        return
    if model is not Parameters and not (model.__doc__ or "").strip():
        yield f"{model.__name__} has no docstring"
    for name, field in model.model_fields.items():
        if not field.description:
            yield f"parameter {name!r} has no help; write a docstring below it"
        for mark in field.metadata:
            if isinstance(mark, Shown) and mark.field not in model.model_fields:
                yield f"parameter {name!r} is shown if {mark.field!r}, which does not exist"
    try:
        json.dumps(model.model_json_schema())
        json.dumps(defaults.model_dump(mode="json"))
    except (TypeError, ValueError) as error:
        yield f"its parameters have no JSON Schema: {error}"


def _ports(protocol: type[Protocol[Any]]) -> Iterator[str]:
    try:
        inputs, outputs = protocol.inputs(), protocol.outputs()
    except (TypeError, NameError, AttributeError) as error:
        yield f"its ports cannot be read: {error}"
        return
    if not inputs and not issubclass(protocol, SourceProtocol | Monitor):
        yield "has no input"
    if not outputs and not issubclass(protocol, Monitor):
        yield "has no output"
    for port in (*inputs, *outputs):
        if not port.item.__dataclass_params__.frozen:
            yield f"port {port.name!r}: {port.item.__name__} is not frozen"
        hints = get_type_hints(port.item)
        for field, _ in marked_fields(port.item):
            if not _holds_path(hints[field]):
                yield (
                    f"port {port.name!r}: {field!r} of {port.item.__name__} is marked as a picture "
                    f"and is {hints[field]}; mark the Path of a file"
                )


def _holds_path(hint: Any) -> bool:
    return hint is Path or any(_holds_path(part) for part in get_args(hint))


def _values(protocol: type[Protocol[Any]]) -> Iterator[str]:
    if inspect.isabstract(protocol):
        return
    try:
        instance = protocol()
        pickle.dumps(instance.parameters)
        need = instance.need()
    except Exception as error:
        yield f"cannot be made with its default parameters: {type(error).__name__}: {error}"
        return
    if need.cores < 1 or need.memory < 0 or need.gpus < 0:
        yield f"needs {need}; cores must be at least 1"
    if isinstance(instance, ItemProtocol) and vars(instance).keys() - {"parameters"}:
        yield f"keeps {sorted(vars(instance).keys() - {'parameters'})}; only parameters may be kept"
    if not isinstance(instance.summarize([]), str):
        yield "summarize([]) must return text"
    list(instance.plot([]))


def _imports(protocol: type[Protocol[Any]]) -> Iterator[str]:
    """A plugin may import the public layers only."""
    module = sys.modules[protocol.__module__]
    tree = ast.parse(inspect.getsource(module))
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        for name in names:
            parts = name.split(".")
            own = parts[:2] == ["icestream", "protocols"]
            if parts[0] == "icestream" and len(parts) > 1 and parts[1] not in _PUBLIC and not own:
                yield f"imports {name}; a protocol may use {', '.join(sorted(_PUBLIC))} only"
