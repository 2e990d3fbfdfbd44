"""How results were made: back to the source, and of every result."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import event

from icestream.store import queries
from icestream.store.lineage import lineage, lineages
from icestream.store.open import Store
from icestream.store.records import LineageRecord
from toy_session import Session


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """A session of 25 numbers: three failed at `a`, five were rejected at `sel`.

    Then `b` was changed.
    """
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    folder: Path = tmp_path_factory.mktemp("lineage")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ICESTREAM_STATE", str(folder / "state"))
        session = Session(folder / "session", url)
        for add in (1, 2):
            session.run(
                ("src", "toy.count", {"count": 25}, {}),
                ("a", "toy.add", {"write": True, "fail": "item"}, {"number": "src"}),
                ("sel", "toy.select", {"below": 20}, {"number": "a"}),
                ("b", "toy.add", {"add": add}, {"number": "sel.number"}),
                ("total", "toy.total", {"full": 9}, {"number": "a"}),
            )
        yield session.store()
    session.close()
    structlog.reset_defaults()


def test_lineage_goes_back_to_the_source_and_names_files(store: Store) -> None:
    made = lineage(store, queries.results_of(store, "e000002")["b"].id)
    assert made[0].step == "b"
    by_step = {one.step: one for one in made}
    assert set(by_step) == {"src", "a", "b"}  # a selection passes on what an earlier step made
    assert dict(by_step["b"].inputs) == {"number": by_step["a"].id}
    ((path, size),) = by_step["a"].files
    assert (store.folder / path).stat().st_size == size
    assert (by_step["a"].protocol, by_step["a"].parameters["write"]) == ("toy.add", True)


def test_lineages_are_of_every_result(store: Store) -> None:
    records: dict[int, LineageRecord] = {one.id: one for one in lineages(store)}
    assert sum(one.step == "a" for one in records.values()) == 22
    sources = itertools.chain.from_iterable(one.inputs for one in records.values())
    assert {source for _, source in sources} <= set(records)


def test_lineages_are_of_earlier_revisions_too(store: Store) -> None:
    """Each with the protocol and parameters that it had then."""
    found = [one for one in lineages(store) if one.step == "b"]
    added = {(one.revision, one.parameters["add"]) for one in found}
    assert added == {(1, 1.0), (2, 2.0)}
    assert len(found) == 2 * len(queries.results(store, "b"))


def test_what_is_of_many_exposures_is_of_none(store: Store) -> None:
    newest = queries.results(store, "total")[-1]
    made = {one.id: one for one in lineage(store, newest.id)}
    assert (made[newest.id].exposure, made[newest.id].subject) == ("", newest.subject)
    assert {one.step for one in made.values()} == {"src", "a", "total"}
    assert sum(one.step == "a" for one in made.values()) == 22  # of the batches before it too


def test_a_result_says_what_it_was(store: Store) -> None:
    (made, *_) = lineage(store, queries.results_of(store, "e000024")["a"].id)
    assert made.types == {"number": "toys:Number"}


@pytest.mark.parametrize("limit", [1, 4, 1000])
def test_lineages_are_followed_page_by_page(store: Store, limit: int) -> None:
    """Pages of any size, one after another, are the whole: nothing twice, nothing left out."""
    whole = lineages(store, limit=100_000)
    places = [one.id for one in whole]
    assert places == sorted(set(places))
    seen: list[LineageRecord] = []
    while page := lineages(store, after=seen[-1].id if seen else 0, limit=limit):
        assert len(page) <= limit
        seen += page
    assert seen == list(whole)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_page_is_found_without_reading_what_came_before(store: Store) -> None:
    said: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        said.append((statement, given))

    event.listen(store.engine, "before_cursor_execute", note)
    lineages(store, after=5, limit=3)
    event.remove(store.engine, "before_cursor_execute", note)
    with store.read() as connection:
        for statement, given in said:
            explained = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
            assert not [row for row in explained.all() if row[3].startswith("SCAN")], statement


def test_what_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(LookupError, match="no result 99999 in"):
        lineage(store, 99_999)
