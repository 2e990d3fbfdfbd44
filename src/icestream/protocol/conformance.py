"""What every protocol must keep, as a check that any plugin can run on itself.

`icestream plugin check PACKAGE` and our own tests call `problems`; each problem is one sentence
that says what was found and what to do.
"""

import difflib
import inspect
import json
import pickle
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import ValidationError

from icestream.alike import hint as meant
from icestream.model import Measured, marked_fields
from icestream.protocol.attributes import attribute_problems, resource_problems
from icestream.protocol.breaking import in_a_sentence
from icestream.protocol.constants import kept_values, own_classes
from icestream.protocol.elsewhere import ANY
from icestream.protocol.executable import Program
from icestream.protocol.imports import read_module
from icestream.protocol.kinds import Protocol
from icestream.protocol.package import Module
from icestream.protocol.parameters import Parameters, Shown, refused_values, unusual_values
from icestream.protocol.resources import Resources
from icestream.protocol.signatures import signature_problems
from icestream.protocol.writes import kept_writes

__all__ = ["class_problems", "problems"]

_NAME = re.compile(r"[a-z][a-z0-9]*(\.[a-z][a-z0-9_-]*)+")

_IDENTIFIED = re.compile(r"(^|\s)(doi:10\.|https://)\S+$")
_HOOKS = (
    *(
        "distributions",
        "interval",
        "key",
        "lacking",
        "methods",
        "need",
        "plot",
        "prepare",
        "programs",
        "size",
    ),
    *("settle", "software", "summarize", "unreported", "waits", "warm"),
)
"""Methods that an author may write; one that is misspelt would never be called."""


def problems(protocol: type[Protocol[Any]]) -> list[str]:
    """Everything that keeps `protocol` from being a good plugin; empty when there is nothing.

    The module that it is written in is read too.
    """
    module = sys.modules[protocol.__module__]
    file = Path(getattr(module, "__file__", None) or "")
    read = read_module(Module(protocol.__module__, file)) if file.is_file() else []
    imports = [f"{protocol.__qualname__}: line {line} {said}" for line, said in read]
    return [*class_problems(protocol), *imports]


def class_problems(protocol: type[Protocol[Any]]) -> list[str]:
    """What is wrong with the class alone, whatever else is in its module."""
    signatures = signature_problems(protocol)
    checks: tuple[Callable[[type[Protocol[Any]]], Iterator[str]], ...]
    checks = (_naming, _hooks, _parameters, kept_values, _writes)
    if not signatures:
        checks = (*checks, _ports, _elsewhere, _values)
    others = (said for check in checks for said in _guarded(check, protocol))
    problems = [*attribute_problems(protocol), *signatures, *others]
    return [f"{protocol.__qualname__}: {said}" for said in dict.fromkeys(problems)]


def _guarded(
    check: Callable[[type[Protocol[Any]]], Iterator[str]], protocol: type[Protocol[Any]]
) -> list[str]:
    """What a check says, also where the plugin's own code raises in it."""
    problems: list[str] = []
    try:
        problems.extend(check(protocol))
    except (Exception, SystemExit) as error:
        problems.append(f"raises while it is checked: {in_a_sentence(error, protocol.__module__)}")
    return problems


def _naming(protocol: type[Protocol[Any]]) -> Iterator[str]:
    name = getattr(protocol, "name", None)
    if isinstance(name, str) and not _NAME.fullmatch(name):
        yield f"name is {name!r}; write it as '<what>.<how>' in lower case"
    if not (protocol.__doc__ or "").strip() or protocol.__doc__ == Protocol.__doc__:
        yield "has no docstring; its first line is shown as help"
    if isinstance(protocol.cites, tuple):
        for source in protocol.cites:
            if not _IDENTIFIED.search(str(source)):
                yield f"cites {source!r}; write 'Name (year) Journal, doi:...'"


def _hooks(protocol: type[Protocol[Any]]) -> Iterator[str]:
    """Methods that look like one that is never called by this name, and abstract ones."""
    hooks = [name for name in _HOOKS if hasattr(protocol, name)]
    for klass in own_classes(protocol):
        for name, value in vars(klass).items():
            if name.startswith("_") or name in hooks or not inspect.isroutine(value):
                continue
            if near := difflib.get_close_matches(name, hooks, n=1, cutoff=0.8):
                yield f"`{name}` is never called; did you mean `{near[0]}`?"
    abstract: frozenset[str] = getattr(protocol, "__abstractmethods__", frozenset())
    missing = sorted(name for name in abstract if name not in dir(_kind_of(protocol)))
    if missing:
        yield f"does not define {', '.join(missing)}"


def _kind_of(protocol: type[Protocol[Any]]) -> type[Any]:
    """The class of the protocol language that it is derived from."""
    language = (k for k in protocol.__mro__ if k.__module__.startswith("icestream.protocol."))
    return next(language, Protocol)


def _parameters(protocol: type[Protocol[Any]]) -> Iterator[str]:
    model = protocol.parameters_type()
    if not model.model_config.get("frozen"):
        yield f"its parameters {model.__name__} can be changed; leave them frozen"
    try:
        defaults = model()
    except ValidationError as error:
        said = "; ".join(f"{name}: {why}" if name else why for name, why in _refused(model, error))
        yield f"its parameters' defaults are not valid: {said}; give each a default that works"
        return
    if model is not Parameters and not (model.__doc__ or "").strip():
        yield f"{model.__name__} has no docstring"
    for name, why in unusual_values(model, {n: getattr(defaults, n) for n in model.model_fields}):
        yield f"the default of parameter {name!r}: {why}"
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


def _refused(model: type[Parameters], error: ValidationError) -> Iterator[tuple[str, str]]:
    for name, why in refused_values(model, error):
        yield name, " ".join(why.split())


def _writes(protocol: type[Protocol[Any]]) -> Iterator[str]:
    for file, line, said in kept_writes(protocol):
        yield f"{Path(file).name}:{line}: {said}"


def _ports(protocol: type[Protocol[Any]]) -> Iterator[str]:
    inputs, outputs = protocol.inputs(), protocol.outputs()
    if not inputs and not (protocol.brings or protocol.watches):
        yield "has no input"
    if not outputs and not protocol.watches:
        yield "has no output"
    for port in (*inputs, *outputs):
        if port.item is Measured:  # whatever says what was measured
            continue
        if not port.item.__dataclass_params__.frozen:
            yield (
                f"port {port.name!r}: {port.item.__name__} is not frozen; write "
                "@dataclass(frozen=True)"
            )
        hints = get_type_hints(port.item)
        for field, _ in marked_fields(port.item):
            if not _holds_path(hints[field]):
                yield (
                    f"port {port.name!r}: {field!r} of {port.item.__name__} is marked as a picture "
                    f"and is {hints[field]}; mark the Path of a file"
                )


def _elsewhere(protocol: type[Protocol[Any]]) -> Iterator[str]:
    """Counterparts that name ports and parameters which it does not have."""
    known: Any = protocol.elsewhere
    if not isinstance(known, tuple):
        return  # said with the attributes
    ports = {port.name for port in protocol.inputs()}
    fields = protocol.parameters_type().model_fields.keys()
    for one in known:
        where = f"elsewhere, {', '.join(one.kinds)} of {one.program}"
        for port in sorted(set(one.inputs.values()) - ports - {ANY}):
            yield f"{where}: it has no input {port!r}{meant(port, ports)}"
        own = {taken.ours for taken in one.taken if taken.at == "step"} | one.fixed.keys()
        for name in sorted(own - fields):
            yield f"{where}: it has no parameter {name!r}{meant(name, fields)}"


def _holds_path(hint: Any) -> bool:
    return hint is Path or any(_holds_path(part) for part in get_args(hint))


def _values(protocol: type[Protocol[Any]]) -> Iterator[str]:
    """What it says of itself, made with its default parameters."""
    if inspect.isabstract(protocol):
        return
    try:
        made = protocol()
        pickle.dumps(made.parameters)
        need: Any = made.need()
    except (Exception, SystemExit) as error:
        said = in_a_sentence(error, protocol.__module__)
        if not isinstance(error, ValidationError):  # said where its parameters are
            yield f"cannot be made with its default parameters: {said}"
        return
    if isinstance(need, Resources):
        yield from resource_problems(need)
    else:
        yield f"need() returns {type(need).__name__}; return Resources(...)"
    if protocol.runs and vars(made).keys() - {"parameters"}:
        yield f"keeps {sorted(vars(made).keys() - {'parameters'})}; only parameters may be kept"
    for name, kind in (("programs", Program), ("lacking", str)):
        answer: Any = getattr(made, name)()
        listed = isinstance(answer, Sequence) and not isinstance(answer, str)
        if not listed or not all(isinstance(value, kind) for value in answer):
            yield f"{name}() returns {type(answer).__name__}; return a tuple of {kind.__name__}"
    yield from _without_items(made)


def _without_items(made: Protocol[Any]) -> Iterator[str]:
    """What it tells before there is any result."""
    advice = "before there is a result, say nothing"
    for name, tell in (
        ("summarize", made.summarize),
        ("plot", lambda items: list(made.plot(items))),
    ):
        try:
            said: Any = tell([])
        except (Exception, SystemExit) as error:
            yield f"{name}([]) raises {in_a_sentence(error, type(made).__module__)}; {advice}"
            continue
        if name == "summarize" and not isinstance(said, str):
            yield f"summarize([]) returns {type(said).__name__}; return text"
