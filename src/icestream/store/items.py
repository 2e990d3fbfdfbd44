"""Items of a session as what they are: of the types that are recorded with them.

A session's folder may come from a stranger. The names of types in a store are therefore looked up
among the types that the caller knows, and nothing is imported because a store names it. What is
not known stays an `UnknownItem`; its pictures are recorded, and can be shown all the same.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from pydantic import ValidationError
from sqlalchemy import select

from icestream.model import ITEM_TYPES, Picture, from_document, map_paths, pictures_of
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.open import Store
from icestream.store.records import ResultRecord

__all__ = [
    "Known",
    "UnknownItem",
    "item",
    "item_of",
    "items_ever",
    "items_of",
    "latest_items",
    "pictures_in",
    "revisions_with_items",
]

T = TypeVar("T")
_PAGE = 500
Known: TypeAlias = Mapping[str, type[Any]]
"""Types by the names that records know them by: `icestream.protocol.known_types` makes it."""


@dataclass(frozen=True, slots=True)
class UnknownItem:
    """An item that cannot be made here."""

    type: str
    """Name of its type, as recorded; empty where none was."""
    document: Mapping[str, Any]
    why: str
    """Why it cannot be made, in a few words."""


def item(store: Store, kind: type[T], document: Mapping[str, Any]) -> T:
    """The item of type `kind` that a document describes, with absolute paths.

    Raises
    ------
    pydantic.ValidationError
        If the document does not describe such an item.
    """
    made = from_document(kind, dict(document))
    return map_paths(made, lambda path: path if path.is_absolute() else store.folder / path)


def item_of(
    store: Store, record: ResultRecord, port: str, kind: type[T], known: Known = ITEM_TYPES
) -> T:
    """The item of a result at a port that is declared to hold items of type `kind`.

    It is made of its recorded type, where that is known and is a `kind`, and of `kind` otherwise.
    """
    recorded = known.get(record.types.get(port, ""), kind)
    return item(store, recorded if issubclass(recorded, kind) else kind, record.outputs[port])


def items_of(store: Store, record: ResultRecord, known: Known = ITEM_TYPES) -> dict[str, Any]:
    """All items of a result by port, each of its recorded type or an `UnknownItem`."""
    return {port: _read(store, record, port, known) for port in record.outputs}


def items_ever(
    store: Store, step: str, port: str, kind: type[T], known: Known = ITEM_TYPES
) -> Iterator[T]:
    """The items at a port of a step in all its revisions, in the order in which they were made."""
    chosen = (
        select(t.result.c.id, t.result.c.document, t.result.c.types)
        .join(t.step, t.step.c.id == t.result.c.step_id)
        .where(t.step.c.name == step)
        .order_by(t.result.c.id)
        .limit(_PAGE)
    )
    after = 0
    made: dict[str, type[T]] = {}
    """By types as they are recorded: those of a step are few."""
    while True:
        with store.read() as connection:
            page = connection.execute(chosen.where(t.result.c.id > after)).all()
        for _, document, types in page:
            if types not in made:
                recorded = known.get(json.loads(types or "{}").get(port, ""), kind)
                made[types] = recorded if issubclass(recorded, kind) else kind
            yield item(store, made[types], json.loads(document)[port])
        if len(page) < _PAGE:
            return
        after = page[-1].id


def latest_items(
    store: Store,
    step: str,
    port: str,
    kind: type[T],
    known: Known = ITEM_TYPES,
    *,
    limit: int = 50,
) -> tuple[T, ...]:
    """The newest items at a port of a step's current revision, oldest first."""
    results = queries.latest_results(store, step, limit=limit)
    return tuple(item_of(store, record, port, kind, known) for record in results)


def revisions_with_items(store: Store) -> frozenset[int]:
    """Revisions of steps that have made anything."""
    made = select(t.counter.c.revision_id).where(t.counter.c.done > 0)
    with store.read() as connection:
        return frozenset(connection.execute(made).scalars())


def pictures_in(
    store: Store, record: ResultRecord, items: Mapping[str, Any]
) -> Iterator[tuple[str, Path, Picture]]:
    """Port, absolute path and title of each picture in a result whose `items_of` are given.

    An item that is known says which they are; of one that is not, it was recorded.
    """
    for port, item in items.items():
        if isinstance(item, UnknownItem):
            for picture in record.pictures:
                if picture.port == port:
                    path = store.folder / picture.path
                    yield port, path, Picture(picture.title, picture.description)
        else:
            for path, mark in pictures_of(item):
                yield port, path, mark


def _read(store: Store, record: ResultRecord, port: str, known: Known) -> Any:
    name, document = record.types.get(port, ""), record.outputs[port]
    if name not in known:
        why = f"{name} is not known here" if name else "its type was not recorded"
        return UnknownItem(name, document, why)
    try:
        return item(store, known[name], document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        return UnknownItem(name, document, f"{where or name}: {first['msg']}")
