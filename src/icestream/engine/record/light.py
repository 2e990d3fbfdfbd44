"""Items without what is large in them, so that thousands can be kept and judged again and again.

A selection asks of an item what was measured on it, and for a few numbers. Both are kept; tracks,
fields and lists are not. Whoever asks a light item for what it has not gets an `AttributeError`,
and has to look at the whole item: nothing is ever judged on less than it asks for.
"""

import dataclasses
import threading
from collections import OrderedDict
from collections.abc import Mapping
from enum import Enum
from inspect import getattr_static
from types import MemberDescriptorType
from typing import Any

from icestream.model import qualities_of

__all__ = ["JudgedItems", "lightened"]

_PLAIN = (str, int, float, bool, type(None), Enum)
_FEW = 4
"""Numbers that a light item keeps of a list."""
_MOST = 30_000
"""Exposures of one selection whose items are kept: about two kilobytes each."""
_REVISIONS = 2
"""Selections whose items are kept."""

_kinds: dict[type[Any], type[Any] | None] = {}
_shared: dict[Any, Any] = {}
"""Optics and the like, of which thousands of items have the same."""


def lightened(item: Any) -> Any:
    """An item of the same type with what is small in it, and what was measured on it.

    An item whose type cannot be made light is given back as it is.
    """
    kind = type(item)
    if kind not in _kinds:
        _kinds[kind] = _light_kind(kind)
    light_kind = _kinds[kind]
    if light_kind is None:
        return item
    light = object.__new__(light_kind)
    for field in dataclasses.fields(item):
        value = getattr(item, field.name)
        if _is_small(value):
            object.__setattr__(light, field.name, _once(value))
    object.__setattr__(light, "_measured", dict(qualities_of(item)))
    return light


def _light_kind(kind: type[Any]) -> type[Any] | None:
    """A type whose items lack what is not set, instead of having defaults in its place."""
    if not dataclasses.is_dataclass(kind):
        return None
    names = [field.name for field in dataclasses.fields(kind)]
    if not all(isinstance(getattr_static(kind, n, None), MemberDescriptorType) for n in names):
        return None  # without slots, a field that is not set has its default

    def qualities(self: Any) -> Mapping[str, float]:
        return dict(self._measured)

    members: dict[str, Any] = {"__slots__": ("_measured",), "__module__": kind.__module__}
    if hasattr(kind, "qualities"):
        members["qualities"] = qualities
    return type(kind.__name__, (kind,), members)


def _is_small(value: Any) -> bool:
    if isinstance(value, _PLAIN):
        return True
    if isinstance(value, tuple):
        return len(value) <= _FEW and all(isinstance(part, _PLAIN) for part in value)
    if dataclasses.is_dataclass(value):
        parts = (getattr(value, field.name) for field in dataclasses.fields(value))
        return all(isinstance(part, _PLAIN) for part in parts)
    return False


def _once(value: Any) -> Any:
    """The one of equal values that is kept."""
    if not dataclasses.is_dataclass(value):
        return value
    if len(_shared) > _MOST:
        _shared.clear()
    try:
        return _shared.setdefault(value, value)
    except TypeError:  # it has no hash
        return value


@dataclasses.dataclass(slots=True)
class _Known:
    """What was judged of an exposure."""

    inputs: int
    """Tells which results: others mean that it has to be looked at anew."""
    given: Mapping[str, Any]


class JudgedItems:
    """What selections of one session have judged, kept light from one preview to the next.

    Its `turn` is taken by whoever uses it.
    """

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self._known: OrderedDict[int, dict[int, _Known]] = OrderedDict()

    def get(self, revision: int, subject: int, inputs: str) -> Mapping[str, Any] | None:
        """What came into a revision of a selection for a subject; None: it is not known."""
        known = self._known.get(revision, {}).get(subject)
        return known.given if known is not None and known.inputs == hash(inputs) else None

    def keep(
        self, revision: int, subject: int, inputs: str, given: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Keep what came in, light, as far as there is room; returns it light."""
        if revision not in self._known:
            self._known[revision] = {}
            while len(self._known) > _REVISIONS:
                self._known.popitem(last=False)
        light = {name: _all_light(value) for name, value in given.items()}
        of_revision = self._known[revision]
        if len(of_revision) < _MOST or subject in of_revision:
            of_revision[subject] = _Known(hash(inputs), light)
        return light


def _all_light(value: Any) -> Any:
    """An item, or items by what they come from."""
    if isinstance(value, dict):
        return {name: lightened(one) for name, one in value.items()}
    return value if value is None else lightened(value)
