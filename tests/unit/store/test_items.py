"""Items are made of the types that are recorded; what is not known is not looked for."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select

import toys
from icestream.model import ITEM_TYPES, Accepted, Picture, Rejected
from icestream.protocol import known_types
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.items import (
    UnknownItem,
    item,
    item_of,
    items_of,
    latest_items,
    pictures_in,
    revisions_with_items,
)
from icestream.store.open import Store
from icestream.store.records import ResultRecord
from toy_session import Session

KNOWN = known_types(toys.KINDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole(toys.Number):
    """More than a number."""

    digits: int = 0


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Numbers that are added to, drawn and judged, by protocols of a plugin."""
    folder: Path = tmp_path_factory.mktemp("items")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ICESTREAM_STATE", str(folder / "state"))
        session = Session(folder / "session")
        session.run(
            ("src", "toy.count", {"count": 6}, {}),
            ("a", "toy.add", {"write": True}, {"number": "src"}),
            ("draw", "toy.draw", {}, {"number": "a"}),
            ("sel", "toy.select", {"below": 3}, {"number": "a"}),
            ("total", "toy.total", {"full": 6}, {"number": "a"}),
        )
        yield session.store()
    session.close()


@pytest.fixture
def record(store: Store) -> ResultRecord:
    return queries.results_of(store, "e000002")["a"]


def saying(record: ResultRecord, kind: str, **outputs: Any) -> ResultRecord:
    """The same result, but that its number is of the type `kind`."""
    return replace(record, types={"number": kind}, outputs={"number": outputs or {"a": 1}})


def test_an_item_has_absolute_paths(store: Store, record: ResultRecord) -> None:
    number = item(store, toys.Number, record.outputs["number"])
    assert number.path is not None
    assert number.path.is_absolute()
    assert number.path.exists()
    outside = item(store, toys.Number, {**record.outputs["number"], "path": "/elsewhere/x"})
    assert outside.path == Path("/elsewhere/x")


def test_the_items_of_a_plugin_are_found_by_the_types_that_it_recorded(store: Store) -> None:
    found = queries.results_of(store, "e000004")
    made = {step: items_of(store, one, KNOWN) for step, one in found.items()}
    assert made["src"] == {"number": toys.Number(exposure="e000004", value=4.0)}
    assert isinstance(made["a"]["number"], toys.Number)
    assert isinstance(made["draw"]["drawing"], toys.Drawing)
    assert made["draw"]["drawing"].value == 5.0
    total = latest_items(store, "total", "total", toys.Total, KNOWN)[-1]
    assert (total.value, total.count) == (21.0, 6)


def test_a_verdict_is_an_item_too(store: Store) -> None:
    (accepted,) = items_of(store, queries.results_of(store, "e000000")["sel"]).values()
    (rejected,) = items_of(store, queries.results_of(store, "e000004")["sel"]).values()
    assert accepted == Accepted()
    assert rejected == Rejected(("5 is not below 3",))


def test_without_the_plugin_its_items_are_unknown_and_everything_else_is_there(
    store: Store,
) -> None:
    found = queries.results_of(store, "e000004")
    (unknown,) = items_of(store, found["a"]).values()
    assert isinstance(unknown, UnknownItem)
    assert (unknown.type, unknown.document["value"]) == ("toys:Number", 5.0)
    assert unknown.why == "toys:Number is not known here"
    assert isinstance(items_of(store, found["sel"])["verdict"], Rejected)


@pytest.mark.parametrize("name", ["os:system", "antigravity:fly", "nowhere.at.all:X", ":", "x"])
def test_nothing_is_imported_because_a_store_names_it(
    store: Store, record: ResultRecord, name: str
) -> None:
    before = set(sys.modules)
    for known in (ITEM_TYPES, KNOWN):
        (found,) = items_of(store, saying(record, name), known).values()
        assert found == UnknownItem(name, {"a": 1}, f"{name} is not known here")
    assert item_of(store, replace(record, types={"number": name}), "number", toys.Number)
    assert set(sys.modules) - before == set()


def test_what_was_not_recorded_is_not_guessed(store: Store, record: ResultRecord) -> None:
    """Not even where a document has just the fields of a type that is known."""
    older = replace(record, types={})
    (found,) = items_of(store, older, KNOWN).values()
    assert isinstance(found, UnknownItem)
    assert (found.type, found.why) == ("", "its type was not recorded")
    # Whoever knows what the port is declared to hold can ask for that.
    assert item_of(store, older, "number", toys.Number).value == 3.0


def test_a_document_that_does_not_fit_its_type_says_where(
    store: Store, record: ResultRecord
) -> None:
    spoiled = saying(record, "toys:Number", exposure="e", value="many")
    (found,) = items_of(store, spoiled, KNOWN).values()
    assert isinstance(found, UnknownItem)
    assert found.why.startswith("value: Input should be a valid number")
    with pytest.raises(ValidationError):
        item_of(store, spoiled, "number", toys.Number, KNOWN)


def test_an_item_that_is_more_than_its_port_declares_is_all_that_it_is(
    store: Store, record: ResultRecord
) -> None:
    more = saying(record, "plugin:Whole", exposure="e", value=1.0, digits=3)
    known = {**KNOWN, "plugin:Whole": Whole}
    assert item_of(store, more, "number", toys.Number, known) == Whole(
        exposure="e", value=1.0, digits=3
    )
    assert type(item_of(store, more, "number", toys.Number, KNOWN)) is toys.Number
    other = saying(record, "toys:Total", exposure="e", value=1.0)
    assert type(item_of(store, other, "number", toys.Number, KNOWN)) is toys.Number


def test_the_newest_items_come_oldest_first(store: Store) -> None:
    found = latest_items(store, "src", "number", toys.Number, KNOWN, limit=3)
    assert [number.value for number in found] == [3.0, 4.0, 5.0]
    assert latest_items(store, "nowhere", "number", toys.Number) == ()


def test_which_revisions_have_made_anything(store: Store) -> None:
    done = {step.name for step in queries.steps(store) if step.counts.done}
    with store.read() as connection:
        named = select(t.step.c.name).join(t.revision, t.revision.c.step_id == t.step.c.id)
        chosen = named.where(t.revision.c.id.in_(revisions_with_items(store)))
        assert set(connection.execute(chosen).scalars()) == done
    assert "sel" in done


def test_pictures_are_found_with_their_type_and_without(store: Store) -> None:
    drawn = queries.results_of(store, "e000004")["draw"]
    mark = Picture("A number", "As many bright pixels as it is large")
    path = store.folder / "draw" / "e000004_number.png"
    assert path.is_file()
    for known in (KNOWN, ITEM_TYPES):
        items = items_of(store, drawn, known)
        assert list(pictures_in(store, drawn, items)) == [("drawing", path, mark)]
    assert list(pictures_in(store, drawn, {})) == []


def test_what_is_recorded_is_plain(store: Store) -> None:
    """A reader of the table needs nothing of ours."""
    with store.read() as connection:
        types, pictures = connection.exec_driver_sql(
            "SELECT types, pictures FROM result WHERE key = (SELECT key FROM task "
            "JOIN step ON step.id = task.step_id WHERE step.name = 'draw' LIMIT 1)"
        ).one()
    assert json.loads(types) == {"drawing": "toys:Drawing"}
    ((port, path, title, description),) = json.loads(pictures)
    assert (port, title) == ("drawing", "A number")
    assert path.startswith("draw/")
    assert description
