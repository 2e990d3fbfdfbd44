"""Events from what the store has of them: a kind and a document.

An event that this version does not know, since a newer one wrote it, is an `UnknownEvent` that says
so.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from icestream.store.events import EVENTS, SCHEMA, Event, Json

__all__ = ["UnknownEvent", "read_event"]


@dataclass(frozen=True, slots=True)
class UnknownEvent:
    """An event that this version of icestream cannot read."""

    kind: str
    document: Json
    why: str


def read_event(kind: str, document: Json) -> Event | UnknownEvent:
    """The event of this kind and document; fields that this version does not know are left out."""
    if kind not in EVENTS:
        return UnknownEvent(kind, document, f"version {SCHEMA} of the catalogue has no {kind}")
    from pydantic import ValidationError  # whoever only writes needs none of it

    try:
        event: Event = _adapter(kind).validate_python(dict(document))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        return UnknownEvent(kind, document, f"{where}: {first['msg']}")
    return event


@cache
def _adapter(kind: str) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(EVENTS[kind])
