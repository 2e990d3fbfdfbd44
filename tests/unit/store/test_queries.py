"""Following a session: pages, what is new, and what there is to say about an exposure."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

import toys
from icestream.store import queries
from icestream.store.open import Store
from toy_session import Session


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    folder: Path = tmp_path_factory.mktemp("queries")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ICESTREAM_STATE", str(folder / "state"))
        session = Session(folder / "session")
        session.run(
            ("src", "toy.count", {"count": 25}, {}),
            ("a", "toy.add", {"write": True, "fail": "item"}, {"number": "src"}),
            ("sel", "toy.select", {"below": 20}, {"number": "a"}),
            ("b", "toy.add", {}, {"number": "sel.number"}),
        )
        yield session.store()
    session.close()
    structlog.reset_defaults()


def test_results_are_followed_page_by_page(store: Store) -> None:
    seen, after = [], 0
    while page := queries.results(store, "a", after=after, limit=4):
        assert len(page) <= 4
        seen += [one.exposure for one in page]
        after = page[-1].serial
    assert len(seen) == len(set(seen)) == 22  # e000003, e000013, e000023 failed
    assert queries.results(store, "a", after=after) == ()


def test_the_newest_results_come_oldest_first(store: Store) -> None:
    every = queries.results(store, "a")
    assert queries.latest_results(store, "a", limit=5) == every[-5:]


def test_exposures_are_paged_both_ways(store: Store) -> None:
    names = [one.name for one in queries.exposures(store, limit=1000)]
    assert names == [f"e{n:06d}" for n in range(25)]
    first = queries.exposures(store, limit=10, newest=True)
    second = queries.exposures(store, limit=10, newest=True, after=first[-1].id)
    assert [one.name for one in first + second] == names[:4:-1]
    rejected = queries.exposures(store, state="rejected")
    assert all("is not below 20" in one.reasons[0] for one in rejected)


def test_every_exposure_is_counted_once(store: Store) -> None:
    assert queries.count_exposures(store) == {"going": 0, "done": 17, "rejected": 5, "failed": 3}


def test_qualities_are_followed_and_chosen_by_name(store: Store) -> None:
    every = queries.qualities(store)
    assert {one.step for one in every} == {"a", "b"}
    assert queries.qualities(store, after=every[9].id) == every[10:]
    assert queries.qualities(store, names=["ctf.defocus"]) == ()
    of_one = queries.qualities(store, exposure="e000002")
    assert [(one.step, one.value) for one in of_one] == [("a", 3.0), ("b", 4.0)]


def test_an_item_has_absolute_paths(store: Store) -> None:
    record = queries.results_of(store, "e000002")["a"]
    number = queries.item(store, toys.Number, record.outputs["number"])
    assert number.path is not None
    assert number.path.is_absolute()
    assert number.path.exists()


def test_failures_say_why(store: Store) -> None:
    failed = [one for one in queries.failures(store, step="a") if one.state == "failed"]
    assert [one.exposure for one in failed] == ["e000003", "e000013", "e000023"]
    assert failed[0].reason == "3.0 is no good: take another"
    page = queries.failures(store, after=failed[0].serial)
    assert all(one.serial > failed[0].serial for one in page)


def test_the_workflow_can_be_drawn_from_the_store(store: Store) -> None:
    workflow = queries.workflow(store)
    assert [step.name for step in workflow.steps] == ["src", "a", "sel", "b"]
    assert [(one.source, one.source_port, one.step, one.port) for one in workflow.links] == [
        ("src", "number", "a", "number"),
        ("a", "number", "sel", "number"),
        ("sel", "number", "b", "number"),
    ]
    a = queries.step(store, "a")
    assert (a.counts.done, a.counts.failed, a.counts.ended) == (22, 3, 25)
    assert a.counts.mean_seconds > 0
    assert (a.changed, a.parameters["add"]) == ({"write": True, "fail": "item"}, 1.0)


def test_events_are_in_order_and_chosen_by_kind(store: Store) -> None:
    every = queries.events(store, limit=10_000)
    assert [one.seq for one in every] == sorted({one.seq for one in every})
    found = queries.events(store, kinds=["exposure.found"])
    assert len(found) == 25
    assert queries.session(store).state == "done"


def test_what_is_not_there_is_named(store: Store) -> None:
    for missing in (
        lambda: queries.step(store, "nope"),
        lambda: queries.exposure(store, "nope"),
        lambda: queries.lineage(store, 99_999),
    ):
        with pytest.raises(LookupError):
            missing()
