"""Pages and columns of exposures are those that reading all of them one by one gives."""

import functools
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from growth import grows_as_its_input
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.exposure_pages import count_bins, exposure_columns, exposure_page
from icestream.store.exposure_queries import (
    ExposureQuery,
    ExposureRow,
    ExposureWindow,
    QualityRange,
)
from icestream.store.open import Store
from icestream.store.records import ExposureRecord
from icestream.store.writing import Writes
from report_session import SampleSession

COUNT = 130
EVERYTHING = ExposureWindow(limit=1000)
FINE = QualityRange(name="ctf.resolution", low=3.2, high=4.0)
LOW = QualityRange(name="ctf.astigmatism", high=250.0)
EDGES = [3.0 + 0.25 * place for place in range(6)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def store(request: pytest.FixtureRequest, folder: Path) -> Iterator[Store]:
    """A session with some exposures that failed, some in progress, and one overruled."""
    url = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    session = SampleSession(folder / request.param, start=1.79e9, documents=False, url=url)
    session.grow(COUNT, settle=False)
    rejected = [row.name for row in queries.exposures(session.store, state="rejected")]
    session.accept(rejected[0])
    with session.store.write() as connection:
        writes = Writes(session.numbers, session.now)
        for accepted in (False, True):
            writes.insert(
                t.decision, step_id=session.step_ids["select"], subject_id=5, accepted=accepted,
                who="ann", why="looks fine", time=session.now,
            )  # fmt: skip
        writes.insert(
            t.alert, branch_id=1, step_id=session.step_ids["ctf"], key="ctf.astigmatism.high",
            level="warning", message="high", exposure=None, raised=session.now, seen=session.now,
            acknowledged_by="",
            extent='{"first": "FoilHole_9015886_Data_9017347_1",'
            ' "last": "FoilHole_9015889_Data_9017347_0", "grid_square": "8999138"}',
        )  # fmt: skip
        writes.flush(connection)
    with closing(session.store):
        yield session.store


@functools.cache
def records(store: Store) -> tuple[ExposureRecord, ...]:
    return queries.exposures(store, limit=1000)


@functools.cache
def measured(store: Store) -> dict[str, dict[str, float]]:
    values: dict[str, dict[str, float]] = {}
    for record in queries.qualities(store, limit=100_000):
        values.setdefault(record.exposure, {})[record.name] = record.value
    return values


def between(value: float | None, asked: QualityRange) -> bool:
    return (
        value is not None
        and (asked.low is None or value >= asked.low)
        and (asked.high is None or value <= asked.high)
    )


def matches(query: ExposureQuery, record: ExposureRecord, values: dict[str, float]) -> bool:
    text = query.search.lower()
    return (
        (not query.states or record.state in query.states)
        and (not text or text in record.name.lower() or text in " ".join(record.reasons).lower())
        and (not query.squares or record.details.get("grid_square") in query.squares)
        and all(between(values.get(asked.name), asked) for asked in query.ranges)
    )


QUERIES = [
    ExposureQuery(),
    ExposureQuery(states=("rejected",)),
    ExposureQuery(states=("done", "failed")),
    ExposureQuery(search="901588"),
    ExposureQuery(search="ICE RING"),
    ExposureQuery(search="100%_"),
    ExposureQuery(squares=("8999186",)),
    ExposureQuery(squares=("8999186", "8999234")),
    ExposureQuery(ranges=(FINE,)),
    ExposureQuery(ranges=(FINE, LOW)),
    ExposureQuery(ranges=(FINE, LOW), states=("done",), squares=("8999138",)),
    ExposureQuery(ranges=(QualityRange(name="ctf.nothing", low=0.0),)),
]
SORTS: dict[str, Callable[[ExposureRecord, dict[str, float]], Any]] = {
    "number": lambda record, values: record.number,
    "name": lambda record, values: record.name,
    "found": lambda record, values: record.found,
    "ctf.defocus": lambda record, values: values.get("ctf.defocus"),
    "ctf.resolution": lambda record, values: values.get("ctf.resolution"),
    "ctf.nothing": lambda record, values: None,
}


def expected(store: Store, query: ExposureQuery, window: ExposureWindow) -> list[str]:
    values = measured(store)
    key = SORTS[window.sort]
    rows = [
        (key(record, values.get(record.name, {})), record.number, record.name)
        for record in records(store)
        if matches(query, record, values.get(record.name, {}))
    ]
    known = sorted((row for row in rows if row[0] is not None), reverse=window.descending)
    others = [row for row in rows if row[0] is None]
    others.sort(key=lambda row: row[1], reverse=window.descending)
    return [name for _, _, name in [*known, *others]]


def names(rows: tuple[ExposureRow, ...]) -> list[str]:
    return [row.name for row in rows]


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_every_filter_in_every_order(store: Store, query: ExposureQuery) -> None:
    for sort in SORTS:
        for descending in (False, True):
            window = replace(EVERYTHING, sort=sort, descending=descending)
            page = exposure_page(store, query, window)
            assert names(page.rows) == expected(store, query, window), window
            assert (page.total, page.matching, page.next) == (COUNT, len(page.rows), None)


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("query", [ExposureQuery(), ExposureQuery(states=("done", "failed"))])
def test_pages_one_after_another_are_the_whole(
    store: Store, query: ExposureQuery, sort: str, descending: bool
) -> None:
    window = ExposureWindow(sort=sort, descending=descending, limit=17)
    whole = expected(store, query, window)
    seen: list[str] = []
    after = None
    while True:
        page = exposure_page(store, query, replace(window, after=after))
        assert names(page.rows) == names(
            exposure_page(store, query, replace(window, at=len(seen))).rows
        )
        seen += names(page.rows)
        if (after := page.next) is None:
            break
    assert seen == whole


@pytest.mark.parametrize("sort", ["number", "name", "ctf.resolution"])
@pytest.mark.parametrize("descending", [False, True])
def test_the_page_around_an_exposure_has_it(store: Store, sort: str, descending: bool) -> None:
    query = ExposureQuery(states=("done", "failed", "going"))
    window = ExposureWindow(sort=sort, descending=descending, limit=10)
    whole = expected(store, query, window)
    for place in (0, 9, 10, 57, len(whole) - 1):
        page = exposure_page(store, query, replace(window, around=whole[place]))
        assert page.at == place - place % 10
        assert names(page.rows) == whole[page.at : page.at + 10]


def test_a_row_says_all_of_an_exposure(store: Store) -> None:
    page = exposure_page(store, ExposureQuery(search="#5"))
    (row,) = (row for row in page.rows if row.number == 5)
    record = queries.exposure(store, row.name)
    assert (row.state, row.reasons, row.found) == (record.state, record.reasons, record.found)
    assert row.qualities == measured(store)[row.name]
    assert (row.grid_square, row.group) == ("8999138", record.details["group"])
    assert row.time == pytest.approx(row.found - 8.0, abs=1.0)
    assert row.decision is not None
    assert (row.decision.accepted, row.decision.who) == (True, "ann")


def test_numbers_and_times_are_ranges_too(store: Store) -> None:
    asked = (QualityRange(name="number", low=12, high=20),)
    page = exposure_page(store, ExposureQuery(ranges=asked), EVERYTHING)
    assert [row.number for row in page.rows] == list(range(12, 21))
    since = page.rows[3].found
    asked = (*asked, QualityRange(name="found", low=since), FINE)
    page = exposure_page(store, ExposureQuery(ranges=asked), replace(EVERYTHING, sort="found"))
    assert {row.number for row in page.rows} <= set(range(15, 21))
    assert page.matching == len(page.rows) > 0


def test_the_exposures_of_an_alert(store: Store) -> None:
    page = exposure_page(store, ExposureQuery(alert=1))
    assert [row.number for row in page.rows] == list(range(11, 20))
    with pytest.raises(LookupError, match="no alert 9"):
        exposure_page(store, ExposureQuery(alert=9))


def test_an_alert_of_group_1_is_none_of_group_12(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9, documents=False)
    session.grow(4)
    with closing(session.store) as store:
        first, *_, last = [one.name for one in queries.exposures(store)]
        with store.write() as connection:
            for number, details in enumerate(
                ('{"group": 1}', '{"group": 12}', '{"group": 1, "tilt": 0}', '{"group": 21}'), 1
            ):
                at = t.exposure.c.id == number
                connection.execute(t.exposure.update().where(at).values(details=details))
            writes = Writes(session.numbers, session.now)
            alert = writes.insert(
                t.alert, branch_id=1, step_id=session.step_ids["ctf"], key="ctf.drift",
                level="warning", message="drift", exposure=first, raised=session.now,
                seen=session.now, acknowledged_by="",
                extent=json.dumps({"first": first, "last": last, "group": 1}),
            )  # fmt: skip
            writes.flush(connection)
        page = exposure_page(store, ExposureQuery(alert=alert))
        assert [row.number for row in page.rows] == [1, 3]


def test_what_is_not_there_is_said(store: Store) -> None:
    with pytest.raises(LookupError, match="no exposure 999"):
        exposure_page(store, None, ExposureWindow(after=999))
    with pytest.raises(LookupError, match="no exposure 'nothing'"):
        exposure_page(store, None, ExposureWindow(around="nothing"))
    with pytest.raises(LookupError, match="no branch 'nothing'"):
        exposure_page(store, ExposureQuery(branch="nothing"))


def test_columns_are_those_of_the_rows(store: Store) -> None:
    query = ExposureQuery(ranges=(LOW,))
    wanted = ["ctf.resolution", "ctf.astigmatism", "ctf.nothing"]
    found = exposure_columns(store, query, wanted, places=True)
    rows = exposure_page(store, query, EVERYTHING).rows
    assert found.number == tuple(row.number for row in rows)
    assert found.name == tuple(names(rows))
    assert found.state == tuple(row.state for row in rows)
    assert found.time == tuple(row.time for row in rows)
    assert found.square == tuple(row.grid_square for row in rows)
    for name in wanted:
        assert found.columns[name] == tuple(row.qualities.get(name) for row in rows)
    assert (found.total, found.shown) == (len(rows), len(rows))


def test_a_sample_is_fair_and_always_the_same(store: Store) -> None:
    found = exposure_columns(store, None, ["ctf.defocus"], most=40)
    again = exposure_columns(store, None, ["ctf.defocus"], most=40)
    assert found == again
    assert found.total == COUNT
    assert 25 <= found.shown <= 55
    # Not each third of them: those are of one place of their foil holes.
    assert len({number % 3 for number in found.number}) == 3
    none = exposure_columns(store, ExposureQuery(ranges=(QualityRange(name="x", low=1),)), ["x"])
    assert (none.total, none.shown, none.columns) == (0, 0, {"x": ()})


def test_bins_count_every_value_once(store: Store) -> None:
    counts = count_bins(store, ExposureQuery(), "ctf.resolution", EDGES)
    rows = exposure_page(store, None, EVERYTHING).rows
    for state in ("done", "rejected"):
        values = [
            min(4.24, max(3.01, row.qualities["ctf.resolution"]))
            for row in rows
            if row.state == state and "ctf.resolution" in row.qualities
        ]
        assert counts[state] == tuple(np.histogram(values, EDGES)[0])
    fewer = count_bins(store, ExposureQuery(ranges=(LOW,)), "ctf.resolution", EDGES)
    assert sum(map(sum, fewer.values())) < sum(map(sum, counts.values()))
    assert count_bins(store, ExposureQuery(), "ctf.nothing", EDGES) == {}
    # However far away the values lie.
    narrow = count_bins(store, ExposureQuery(), "ctf.resolution", [3.5, 3.5 + 1e-12, 3.5 + 2e-12])
    assert {state: sum(of) for state, of in narrow.items()} == {
        state: sum(of) for state, of in counts.items()
    }


def test_a_branch_that_is_not_adopted_has_states_of_its_own(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    session.grow(8)
    with closing(session.store) as store:
        session.add_branch("tried", [1, 2, 3])
        page = exposure_page(store, ExposureQuery(branch="tried"))
        assert (page.total, page.matching) == (3, 3)
        states = {row.name: row.state for row in page.rows}
        for state in ("done", "rejected", "failed"):
            some = exposure_page(store, ExposureQuery(branch="tried", states=(state,)))
            assert set(names(some.rows)) == {n for n, its in states.items() if its == state}
            columns = exposure_columns(store, ExposureQuery(branch="tried", states=(state,)))
            assert set(columns.name) == set(names(some.rows))
        with store.write() as connection:  # what it is in the adopted branch says nothing
            connection.execute(t.exposure.update().values(state="failed"))
        counts = count_bins(store, ExposureQuery(branch="tried"), "ctf.resolution", EDGES)
        measured_ = [row.state for row in page.rows if "ctf.resolution" in row.qualities]
        assert {state: sum(of) for state, of in counts.items()} == Counter(measured_)
        asked = ExposureQuery(branch="tried", states=("done",))
        assert count_bins(store, asked, "ctf.resolution", EDGES) == {"done": counts["done"]}
        assert exposure_page(store, ExposureQuery(branch="main")).total == 8


@pytest.mark.slow
def test_its_cost_grows_with_the_exposures_at_most(tmp_path: Path) -> None:
    def prepare(count: int) -> Callable[[], object]:
        session = SampleSession(tmp_path / str(count), start=1.79e9, documents=False)
        session.grow(count)
        window = ExposureWindow(sort="ctf.defocus", descending=True, at=count // 2)
        return lambda: exposure_page(session.store, ExposureQuery(ranges=(FINE, LOW)), window)

    assert grows_as_its_input(prepare, 500)
