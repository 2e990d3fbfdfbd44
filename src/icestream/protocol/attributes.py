"""The class attributes that an author writes, each with what it must be, in one sentence."""

import dataclasses
import difflib
import inspect
import re
from collections.abc import Iterator
from typing import Any, get_args, get_origin

from icestream.protocol.elsewhere import Counterpart
from icestream.protocol.executable import Program
from icestream.protocol.failure import Failure
from icestream.protocol.kinds import (
    ConsensusProtocol,
    Monitor,
    Protocol,
    SourceProtocol,
    TriggerProtocol,
)
from icestream.protocol.parameters import Parameters
from icestream.protocol.program import ProgramProtocol
from icestream.protocol.resources import Resources

__all__ = ["attribute_problems", "near_miss"]


def attribute_problems(protocol: type[Protocol[Any]]) -> list[str]:
    """What keeps the class attributes of `protocol` from being read; empty when nothing does."""
    checks = (_texts, _numbers, _resources, _item, _program, _parameters)
    return [problem for check in checks for problem in check(protocol)]


def near_miss(protocol: type[Protocol[Any]], wanted: str) -> str:
    """What the author seems to have written instead of `wanted`; empty when nothing is near."""
    own = {
        name
        for klass in protocol.__mro__
        if not klass.__module__.startswith("icestream.protocol.")
        for name in vars(klass)
        if not name.startswith("_") and not hasattr(Protocol, name)
    }
    by_case = {name.lower(): name for name in own}
    near = difflib.get_close_matches(wanted, by_case, n=1, cutoff=0.7)
    return by_case[near[0]] if near else ""


def _texts(protocol: type[Protocol[Any]]) -> Iterator[str]:
    for attribute, advice in (
        ("name", "write name = '<what>.<how>'"),
        ("title", "say in a few words what people will read: title = 'CTF estimation'"),
    ):
        value = getattr(protocol, attribute, None)
        if value is None or value == "":
            yield f"has no {attribute}{_instead(protocol, attribute)}; {advice}"
        elif not isinstance(value, str) or not value.strip():
            yield f"{attribute} is {_shown(value)}; {advice}"
    cites: Any = protocol.cites
    if not isinstance(cites, tuple) or not all(isinstance(source, str) for source in cites):
        first = cites if isinstance(cites, str) else "doi:..."
        yield f"cites is {_shown(cites)}; write a tuple: cites = ({first!r},)"
    known: Any = protocol.elsewhere
    if not isinstance(known, tuple) or not all(isinstance(one, Counterpart) for one in known):
        yield f"elsewhere is {_shown(known)}; write a tuple: elsewhere = (Counterpart(...),)"


def _numbers(protocol: type[Protocol[Any]]) -> Iterator[str]:
    if not _whole(protocol.version, 1):
        yield f"version is {_shown(protocol.version)}; use 1, 2, 3 ..."
    if issubclass(protocol, SourceProtocol | Monitor) and not (
        isinstance(protocol.every, int | float) and protocol.every > 0
    ):
        yield f"every is {_shown(protocol.every)}; write seconds: every = 10.0"
    if issubclass(protocol, Monitor) and not _whole(protocol.last, 1):
        yield f"last is {_shown(protocol.last)}; write how many results to look at: last = 50"
    if issubclass(protocol, ConsensusProtocol) and not _whole(protocol.minimum, 1):
        yield f"minimum is {_shown(protocol.minimum)}; write how many must be there: minimum = 2"


def _resources(protocol: type[Protocol[Any]]) -> Iterator[str]:
    need: Any = protocol.resources
    if not isinstance(need, Resources):
        advice = "write resources = Resources(cores=1, memory=2 * 2**30)"
        yield f"resources is {_shown(need)}; {advice}"
        return
    yield from resource_problems(need)


def resource_problems(need: Resources) -> Iterator[str]:
    """What is wrong with what a task is said to need."""
    for name, least in (("cores", 1), ("memory", 0), ("gpus", 0)):
        if not _whole(getattr(need, name), least):
            value = _shown(getattr(need, name))
            yield f"needs {value} as {name}; write a whole number, at least {least}"
    tokens: Any = need.tokens
    if not isinstance(tokens, tuple) or not all(isinstance(token, str) for token in tokens):
        name = tokens if isinstance(tokens, str) else "relion"
        yield f"needs {_shown(tokens)} as tokens; write a tuple: tokens=({name!r},)"


def _item(protocol: type[Protocol[Any]]) -> Iterator[str]:
    if not issubclass(protocol, SourceProtocol | TriggerProtocol):
        return
    does = "brings" if protocol.brings else "holds"
    advice = f"name the type of the items that it {does}: item = Movie"
    item: Any = getattr(protocol, "item", None)
    if item is None:
        yield f"has no item{_instead(protocol, 'item')}; {advice}"
    elif not isinstance(item, type) or not dataclasses.is_dataclass(item):
        yield f"item is {_shown(item)}; {advice}"


def _program(protocol: type[Protocol[Any]]) -> Iterator[str]:
    if not issubclass(protocol, ProgramProtocol):
        return
    program: Any = getattr(protocol, "program", None)
    name = program if isinstance(program, str) else "MotionCor3"
    advice = f"write program = Program({name!r}, package='where to get it')"
    if program is None:
        yield f"has no program{_instead(protocol, 'program')}; {advice}"
    elif not isinstance(program, Program):
        yield f"program is {_shown(program)}; {advice}"
    elif program.probe is not None:
        yield from _pattern("the probe of its program", program.probe.pattern)
    failures: Any = protocol.failures
    if not isinstance(failures, tuple) or not all(
        isinstance(failure, Failure) for failure in failures
    ):
        advice = "write a tuple: failures = (Failure(code=..., when=..., advice=...),)"
        yield f"failures is {_shown(failures)}; {advice}"
        return
    for failure in failures:
        yield from _pattern(f"failure {failure.code!r}", failure.when)


def _pattern(whose: str, pattern: str) -> Iterator[str]:
    try:
        re.compile(pattern)
    except (re.error, TypeError) as error:
        yield f"{whose} has {pattern!r}, which is no regular expression: {error}; fix it"


def _parameters(protocol: type[Protocol[Any]]) -> Iterator[str]:
    for klass in protocol.__mro__:
        for base in vars(klass).get("__orig_bases__", ()):
            kind = get_origin(base)
            if not (isinstance(kind, type) and issubclass(kind, Protocol)):
                continue
            given = get_args(base)[0]
            if given is not Any and isinstance(given, type) and not issubclass(given, Parameters):
                name = given.__name__
                yield f"its parameters {name} are no Parameters; write class {name}(Parameters)"


def _instead(protocol: type[Protocol[Any]], attribute: str) -> str:
    near = near_miss(protocol, attribute)
    return f" (it has {near})" if near else ""


def _whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _shown(value: Any) -> str:
    """A value with its type, as short as can be."""
    if inspect.isclass(value):
        return f"the class {value.__name__}"
    text = repr(value)
    text = text if len(text) <= 60 else f"{text[:57]}..."
    return f"{text} ({type(value).__name__})"
