"""The methods that an author writes, each kind's with its signature, in one sentence.

Ports are read from these signatures and the engine calls by them, so a slip in one is said in full:
``an ItemProtocol needs `process(self, <item>: <Type>) -> <Type>`; `Typo` has `procces```.
"""

import dataclasses
import inspect
import re
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from icestream.model import Accepted, Measured, Rejected
from icestream.protocol.attributes import near_miss
from icestream.protocol.groups import Group, GroupProtocol, LastProtocol
from icestream.protocol.kinds import (
    Batch,
    BatchProtocol,
    ConsensusProtocol,
    Cursor,
    Discovery,
    ItemProtocol,
    Monitor,
    Protocol,
    SampleProtocol,
    SelectionProtocol,
    SourceProtocol,
    TriggerProtocol,
    Window,
)
from icestream.protocol.program import Command, ProgramProtocol
from icestream.protocol.resources import Work
from icestream.protocol.triggers import Draw

__all__ = ["signature_problems"]


class _Asked(NamedTuple):
    """What a type in a signature must be."""

    fits: Callable[[Any], bool]
    words: str


@dataclass(frozen=True, slots=True)
class _Method:
    """A method that the author of one kind writes."""

    name: str
    form: str
    takes: tuple[_Asked, ...] | None
    """Besides `self` and the `Work`; None for one item or more."""
    returns: _Asked
    work: Literal["may", "must", "never"] = "never"
    named: str = ""
    """Name that its one parameter must have, where the engine looks for it."""
    read: bool = True
    """Whether anything depends on its annotations, so that it cannot do without."""


def signature_problems(protocol: type[Protocol[Any]], *, unread: bool = True) -> list[str]:
    """What is wrong with the methods that the engine calls; empty when nothing is.

    `unread` asks for annotations on which nothing depends, too: a protocol works without.
    """
    kind = next((kind for kind in _METHODS if issubclass(protocol, kind)), None)
    if kind is None:
        kinds = ", ".join(sorted(kind.__name__ for kind in _METHODS))
        return [f"is a Protocol of no kind; derive it from one of {kinds}"]
    article = "an" if kind.__name__[0] in "AEIOU" else "a"
    return [
        f"{article} {kind.__name__} needs `{method.form}`; {problem}"
        for method in _METHODS[kind]
        for problem in _found(protocol, method, method.read or unread)
    ]


def _found(protocol: type[Protocol[Any]], method: _Method, annotated: bool) -> Iterator[str]:
    """What the author wrote instead of a method."""
    written = inspect.getattr_static(protocol, method.name, None)
    whole = f"`{protocol.__name__}.{method.name}`"
    if written is None or getattr(written, "__isabstractmethod__", False):
        near = near_miss(protocol, method.name)
        yield f"`{protocol.__name__}` has {f'`{near}`' if near else 'no such method'}"
    elif isinstance(written, staticmethod | classmethod):
        yield f"{whole} is a {type(written).__name__}"
    elif not inspect.isroutine(written):
        word = type(written).__name__
        yield f"{whole} is {'an' if word[0] in 'aeiou' else 'a'} {word}, not a method"
    elif inspect.iscoroutinefunction(written) or inspect.isasyncgenfunction(written):
        yield f"{whole} is async, and nothing awaits it"
    elif inspect.isgeneratorfunction(written) and method.returns is not _TOLD:
        yield f"{whole} yields; let it return"
    else:
        yield from _wrong_signature(whole, written, method, annotated)


def _wrong_signature(
    whole: str, written: Callable[..., Any], method: _Method, annotated: bool
) -> Iterator[str]:
    try:
        given = list(inspect.signature(written).parameters.values())
    except (TypeError, ValueError):
        yield f"{whole} is not written in Python, and its parameters cannot be read"
        return
    if not given or given[0].name != "self":
        yield f"{whole} does not take `self`"
        return
    for parameter in given[1:]:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            stars = "*" if parameter.kind is parameter.VAR_POSITIONAL else "**"
            yield f"{whole} takes `{stars}{parameter.name}`; name each parameter"
            return
    try:
        hints = typing.get_type_hints(written)
    except NameError as error:
        yield f"{whole} is annotated with `{error.name}`, which its module does not know; import it"
        return
    except Exception as error:
        yield f"the annotations of {whole} cannot be read: {error}"
        return
    rest = [parameter for parameter in given[1:] if hints.get(parameter.name) is not Work]
    yield from _wrong_work(whole, given[1:], hints, method)
    bare = [parameter.name for parameter in rest if parameter.name not in hints]
    if bare and annotated:
        yield f"the parameter `{bare[0]}` of {whole} has no annotation"
    else:
        yield from _wrong_parameters(whole, rest, hints, method)
    if "return" not in hints:
        if annotated:
            yield f"{whole} has no return annotation"
    elif not method.returns.fits(hints["return"]):
        yield f"{whole} returns `{_words(hints['return'])}`, not {method.returns.words}"


def _wrong_work(
    whole: str, given: list[inspect.Parameter], hints: Mapping[str, Any], method: _Method
) -> Iterator[str]:
    named = [parameter.name for parameter in given if hints.get(parameter.name) is Work]
    if named and method.work == "never":
        yield f"{whole} asks for the `{named[0]}: Work`, which it does not get"
    elif method.work == "must" and named != ["work"]:
        instead = f"calls it `{named[0]}`" if named else "does not take it"
        yield f"{whole} {instead}: the `work: Work` comes by this name"


def _wrong_parameters(
    whole: str, rest: list[inspect.Parameter], hints: Mapping[str, Any], method: _Method
) -> Iterator[str]:
    if method.takes is None:
        if not rest:
            yield f"{whole} takes no item"
        asked = [_ITEM_OR_NONE] * len(rest)
    else:
        asked = list(method.takes)
        if len(rest) != len(asked):
            written = ", ".join(f"`{parameter.name}`" for parameter in rest) or "nothing"
            yield f"{whole} takes {written}"
            return
    for parameter, wanted in zip(rest, asked, strict=True):
        if parameter.name in hints and not wanted.fits(hints[parameter.name]):
            what = (
                f"the parameter `{parameter.name}` of {whole} is `{_words(hints[parameter.name])}`"
            )
            yield f"{what}, not {wanted.words}"
    if method.named and rest[0].name != method.named:
        yield f"{whole} calls it `{rest[0].name}`"


def _words(hint: Any) -> str:
    """A type without the modules that its parts are in."""
    if isinstance(hint, type) and not typing.get_args(hint):
        return "None" if hint is types.NoneType else hint.__name__
    return re.sub(r"(?:\w+\.)+(\w+)", r"\1", str(hint)).replace("NoneType", "None")


def _is_item(hint: Any) -> bool:
    return isinstance(hint, type) and dataclasses.is_dataclass(hint)


def _is_item_or_none(hint: Any) -> bool:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        parts = [part for part in typing.get_args(hint) if part is not types.NoneType]
        return len(parts) == 1 and (_is_item(parts[0]) or _maps_names(parts[0], _is_evidence))
    return _is_item(hint)


def _is_evidence(hint: Any) -> bool:
    return hint is Measured or _is_item(hint)


def _is_output(hint: Any) -> bool:
    if isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields"):
        fields = typing.get_type_hints(hint)
        return bool(hint._fields) and all(_is_item(fields.get(name)) for name in hint._fields)
    return _is_item(hint)


def _holds_items(kind: type[Any]) -> Callable[[Any], bool]:
    def fits(hint: Any) -> bool:
        return typing.get_origin(hint) is kind and _is_item(typing.get_args(hint)[-1])

    return fits


def _is_window(hint: Any) -> bool:
    return hint is Window or _holds_items(Window)(hint)


def _maps_names(hint: Any, value: Callable[[Any], bool]) -> bool:
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    mapping = isinstance(origin, type) and issubclass(dict, origin) and len(parts) == 2
    return mapping and parts[0] is str and value(parts[1])


def _is_verdict(hint: Any) -> bool:
    parts = typing.get_args(hint) or (hint,)
    return all(part in (Accepted, Rejected) for part in parts)


def _is_told(hint: Any) -> bool:
    origin = typing.get_origin(hint) or hint
    return isinstance(origin, type) and issubclass(origin, Iterable) and origin is not str


def _is_perhaps(hint: Any) -> bool:
    parts = typing.get_args(hint) or (hint,)
    return all(part in (bool, types.NoneType) for part in parts)


def _is(kind: type[Any]) -> Callable[[Any], bool]:
    def fits(hint: Any) -> bool:
        return isinstance(hint, type) and issubclass(hint, kind)

    return fits


_AN_ITEM = "an item (a dataclass of icestream.model, or a frozen one of your own)"
_ITEM_OR_NONE = _Asked(_is_item_or_none, _AN_ITEM)
_OUTPUT = _Asked(_is_output, f"{_AN_ITEM} or a NamedTuple of items")
_CANDIDATES = _Asked(lambda hint: _maps_names(hint, _is_item), "a `Mapping[str, <Type>]` of items")
_COUNTS = _Asked(lambda hint: _maps_names(hint, _is(int)), "a `Mapping[str, int]`")
_BATCH = _Asked(_holds_items(Batch), "a `Batch[<Type>]` of items")
_GROUP = _Asked(_holds_items(Group), "a `Group[<Type>]` of items")
_ITEM = _Asked(_is_item, _AN_ITEM)
_STATE = _Asked(lambda hint: hint is not types.NoneType, "a state")
_WINDOW = _Asked(_is_window, "a `Window[<Type>]` of items, or a `Window`")
_VERDICT = _Asked(_is_verdict, "a `Verdict`: `Accepted()` or `Rejected(reasons)`")
_TOLD = _Asked(_is_told, "an iterator of `Alert`, `Figure` and `Sample`")

_OF_GROUP = _Method(
    "process", "process(self, group: Group[<Type>]) -> <Type>", (_GROUP,), _OUTPUT, "may"
)

_METHODS: dict[type[Protocol[Any]], tuple[_Method, ...]] = {
    ProgramProtocol: (
        _Method(
            "command",
            "command(self, <item>: <Type>, work: Work) -> Command",
            None,
            _Asked(_is(Command), "a `Command`"),
            "must",
        ),
        _Method(
            "collect",
            "collect(self, <item>: <Type>, work: Work) -> <Type>",
            None,
            _OUTPUT,
            "must",
        ),
    ),
    ItemProtocol: (
        _Method("process", "process(self, <item>: <Type>) -> <Type>", None, _OUTPUT, "may"),
    ),
    ConsensusProtocol: (
        _Method(
            "agree",
            "agree(self, candidates: Mapping[str, <Type>]) -> <Type>",
            (_CANDIDATES,),
            _OUTPUT,
            "may",
        ),
    ),
    SelectionProtocol: (
        _Method("judge", "judge(self, <item>: <Type>) -> Verdict", None, _VERDICT),
    ),
    BatchProtocol: (
        _Method(
            "batch_size",
            "batch_size(self) -> int",
            (),
            _Asked(_is(int), "an `int`"),
            read=False,
        ),
        _Method("start", "start(self, first: Batch[<Type>]) -> <State>", (_BATCH,), _STATE, "may"),
        _Method(
            "update",
            "update(self, state: <State>, new: Batch[<Type>]) -> <State>",
            (_STATE, _BATCH),
            _STATE,
            "may",
            read=False,
        ),
        _Method("snapshot", "snapshot(self, state: <State>) -> <Type>", (_STATE,), _OUTPUT, "may"),
    ),
    LastProtocol: (_OF_GROUP,),
    GroupProtocol: (
        _Method(
            "group_of",
            "group_of(self, <item>: <Type>) -> str",
            (_ITEM,),
            _Asked(_is(str), "a `str`"),
            read=False,
        ),
        _OF_GROUP,
    ),
    SampleProtocol: (
        _Method(
            "draw",
            "draw(self, draw: Draw) -> bool | None",
            (_Asked(_is(Draw), "a `Draw`"),),
            _Asked(_is_perhaps, "a `bool | None`"),
            read=False,
        ),
    ),
    TriggerProtocol: (
        _Method(
            "ready",
            "ready(self, counts: Mapping[str, int]) -> bool",
            (_COUNTS,),
            _Asked(_is(bool), "a `bool`"),
            read=False,
        ),
    ),
    SourceProtocol: (
        _Method(
            "discover",
            "discover(self, cursor: Cursor) -> Discovery",
            (_Asked(_is(Cursor), "a `Cursor`"),),
            _Asked(_is(Discovery), "a `Discovery`"),
            read=False,
        ),
    ),
    Monitor: (
        _Method(
            "inspect",
            "inspect(self, window: Window[<Type>]) -> Iterator[Alert | Figure | Sample]",
            (_WINDOW,),
            _TOLD,
            named="window",
        ),
    ),
}
"""What the author of each kind writes, the most particular kind first."""
