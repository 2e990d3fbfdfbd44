"""Events of some kinds are those of all that have these kinds, in order, a page at a time."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from growth import database_work
from icestream.store import kinds as module
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.kinds import numbers_of_kinds
from icestream.store.open import Store, open_store

KINDS = ("often", "as often", "now and then")


def kind_of(number: int) -> str:
    return "rare" if number % 1000 == 500 else KINDS[number % 3]


def store_with(folder: Path, events: int) -> Store:
    store = open_store(folder)
    with store.write() as connection:
        rows = [{"seq": n, "time": 0.0, "kind": kind_of(n)} for n in range(1, events + 1)]
        connection.execute(insert(t.event), rows)
    return store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = store_with(tmp_path / "s", 3000)
    yield store
    store.close()


@pytest.mark.parametrize(
    "wanted", [(), ("none",), ("rare",), ("rare", "often", "rare"), (*KINDS, "rare"), KINDS[:1]]
)
@pytest.mark.parametrize("most", [100, 1])
def test_pages_have_all_events_of_the_kinds_in_order(
    store: Store, wanted: tuple[str, ...], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST", most)
    found: list[int] = []
    while page := queries.events(store, after=max(found, default=0), limit=400, kinds=wanted):
        found += [event.seq for event in page]
    assert found == [n for n in range(1, 3001) if kind_of(n) in wanted]


def test_more_kinds_than_sqlite_joins_can_be_asked_for(store: Store) -> None:
    many = [*(f"kind {n}" for n in range(2000)), "rare"]
    with store.read() as connection:
        found = connection.execute(numbers_of_kinds(many, after=0, limit=5)).scalars().all()
    assert sorted(found) == [500, 1500, 2500]


@pytest.mark.parametrize("wanted", [("rare",), KINDS])
def test_a_page_costs_the_same_however_many_follow(tmp_path: Path, wanted: tuple[str, ...]) -> None:
    costs = []
    for events in (3000, 12_000):
        store = store_with(tmp_path / str(events), events)
        with database_work() as work:
            assert len(queries.events(store, limit=3, kinds=wanted)) == 3
        costs.append(work.steps)
        store.close()
    assert costs[1] <= 1.2 * costs[0] + 2
