"""Following a session: pages, what is new, and what there is to say about an exposure."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import event, text

import toys
from icestream.engine.graph.workflow import Workflow
from icestream.engine.record.branches import Entered, create_branch, enter_workflow
from icestream.model import Alert, SubjectId
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.open import Store, open_store
from icestream.store.particles import count_particles
from icestream.store.writing import Numbers, Writes
from toy_session import Session


def add_what_people_and_monitors_say(store: Store) -> None:
    """Alerts, samples, decisions and particles, beside what the session itself has written."""
    with store.write() as connection:
        writes = Writes(Numbers(connection), 1000.0)
        for number in range(10):
            name = "cpu" if number % 2 else "memory"
            writes.insert(t.sample, time=number, name=name, value=number / 2, unit="%")
        for key, cleared in (("old", 900.0), ("hot", None), ("cold", None)):
            alert = Alert(key=key, level="warning", message=f"it is {key}", exposure="e000001")
            writes.insert(
                t.alert, step_id=2, key=alert.key, level=alert.level, message=alert.message,
                exposure=alert.exposure, raised=1.0, seen=2.0, cleared=cleared,
            )  # fmt: skip
        for accepted, why in ((False, "ice"), (True, "looks fine")):
            writes.insert(
                t.decision, step_id=3, subject_id=2, accepted=accepted, who="ada", why=why,
                time=5.0,
            )  # fmt: skip
        for record in queries.results(store, "a")[:3]:
            writes.insert(
                t.part, result_id=record.id, step_id=2, revision_id=2, subject_id=1, rows=100
            )
        rejected = queries.results_of(store, "e000024")["sel"]
        writes.insert(
            t.part, result_id=rejected.id, step_id=3, revision_id=3, subject_id=25, rows=1000
        )
        writes.flush(connection)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """A session of 25 numbers: three failed at `a`, five were rejected at `sel`."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    folder: Path = tmp_path_factory.mktemp("queries")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ICESTREAM_STATE", str(folder / "state"))
        session = Session(folder / "session", url)
        session.run(
            ("src", "toy.count", {"count": 25}, {}),
            ("a", "toy.add", {"write": True, "fail": "item"}, {"number": "src"}),
            ("sel", "toy.select", {"below": 20}, {"number": "a"}),
            ("b", "toy.add", {}, {"number": "sel.number"}),
        )
        writer = open_store(session.folder)
        add_what_people_and_monitors_say(writer)
        writer.close()
        yield session.store()
    session.close()
    structlog.reset_defaults()


PAGED: dict[str, tuple[Callable[..., tuple[Any, ...]], str]] = {
    "results": (lambda store, **page: queries.results(store, "a", **page), "serial"),
    "failures": (queries.failures, "serial"),
    "events": (queries.events, "seq"),
    "exposures": (queries.exposures, "id"),
    "qualities": (queries.qualities, "id"),
    "samples": (queries.samples, "id"),
    "alerts": (lambda store, **page: queries.alerts(store, open_only=False, **page), "id"),
}
"""Everything that grows, and the field by which it is followed."""


@pytest.mark.parametrize("what", PAGED)
@pytest.mark.parametrize("limit", [1, 4, 1000])
def test_what_grows_is_followed_page_by_page(store: Store, what: str, limit: int) -> None:
    """Pages of any size, one after another, are the whole: nothing twice, nothing left out."""
    read, field = PAGED[what]
    whole = read(store, limit=100_000)
    places = [getattr(record, field) for record in whole]
    assert len(whole) >= 3
    assert places == sorted(set(places))
    seen: list[Any] = []
    while page := read(store, after=getattr(seen[-1], field) if seen else 0, limit=limit):
        assert len(page) <= limit
        seen += page
    assert seen == list(whole)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("what", PAGED)
def test_a_page_is_found_without_reading_what_came_before(store: Store, what: str) -> None:
    """A reader of a session of any length pays for what is new: SQLite says how it looks."""
    said: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        said.append((statement, given))

    event.listen(store.engine, "before_cursor_execute", note)
    PAGED[what][0](store, after=5, limit=3)
    event.remove(store.engine, "before_cursor_execute", note)
    with store.read() as connection:
        for statement, given in said:
            explained = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
            for row in explained.all():
                assert not row[3].startswith("SCAN") or row[3] == "SCAN session", (statement, row)


def test_results_are_of_those_that_did_not_fail(store: Store) -> None:
    names = [one.exposure for one in queries.results(store, "a")]
    assert len(names) == len(set(names)) == 22
    assert not {"e000003", "e000013", "e000023"} & set(names)
    assert {(one.step, one.revision, one.batch) for one in queries.results(store, "a")} == {
        ("a", 1, 0)
    }


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


def test_a_result_says_what_it_is(store: Store) -> None:
    found = queries.results_of(store, "e000024")
    assert {step: one.types for step, one in found.items()} == {
        "src": {"number": "toys:Number"},
        "a": {"number": "toys:Number"},
        "sel": {"verdict": "icestream.model:Rejected"},
    }
    assert queries.results_of(store, "e000002")["sel"].types == {
        "verdict": "icestream.model:Accepted"
    }


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


def test_alerts_that_hold_and_all_there_have_been(store: Store) -> None:
    assert [one.key for one in queries.alerts(store)] == ["hot", "cold"]
    every = queries.alerts(store, open_only=False)
    assert [(one.key, one.cleared) for one in every] == [
        ("old", 900.0),
        ("hot", None),
        ("cold", None),
    ]
    assert (every[0].step, every[0].exposure) == ("a", "e000001")


def test_samples_are_chosen_by_name(store: Store) -> None:
    found = queries.samples(store, names=["cpu"])
    assert [(one.time, one.value, one.unit) for one in found] == [
        (time, time / 2, "%") for time in (1.0, 3.0, 5.0, 7.0, 9.0)
    ]


def test_decisions_are_in_order_and_the_last_word_is_last(store: Store) -> None:
    words = [(one.step, one.accepted, one.why) for one in queries.decisions(store)]
    assert words == [("sel", False, "ice"), ("sel", True, "looks fine")]
    assert queries.decisions(store, exposure="e000000") == ()
    assert len(queries.decisions(store, exposure="e000001")) == 2


def test_particles_of_what_was_not_rejected_are_counted_without_being_read(store: Store) -> None:
    assert count_particles(store) == 300
    assert count_particles(store, "a") == 300
    assert count_particles(store, "sel") == 0


def test_revisions_say_what_was_set(store: Store) -> None:
    (first,) = queries.revisions(store, "sel")
    assert (first.number, first.changed, first.parameters) == (1, {"below": 20}, {"below": 20.0})
    assert queries.revisions(store, "nope") == ()


def test_results_of_an_exposure_are_in_order_of_depth(store: Store) -> None:
    assert list(queries.results_of(store, "e000002")) == ["src", "a", "sel", "b"]
    assert list(queries.results_of(store, "e000003")) == ["src"]
    rejected = queries.results_of(store, "e000024")
    assert (rejected["a"].passed, rejected["sel"].passed) == (True, False)
    assert "b" not in rejected


def test_a_reader_leaves_the_store_as_it_is(store: Store) -> None:
    with pytest.raises(PermissionError, match="for reading only"), store.write() as connection:
        connection.execute(text("DELETE FROM event"))


def test_what_is_not_there_is_named(store: Store) -> None:
    for missing in (
        lambda: queries.step(store, "nope"),
        lambda: queries.exposure(store, "nope"),
    ):
        with pytest.raises(LookupError):
            missing()


# -- branches --------------------------------------------------------------------------------------


MAIN = (
    ("src", "toy.count", {"count": 8}, {}),
    ("a", "toy.add", {}, {"number": "src"}),
    ("sel", "toy.select", {"below": 6}, {"number": "a"}),
    ("b", "toy.add", {"fail": "item"}, {"number": "sel.number"}),
    ("total", "toy.total", {"full": 3}, {"number": "sel.number"}),
)
TRIAL = (
    MAIN[0],
    MAIN[1],
    ("sel", "toy.select", {"below": 5}, {"number": "a"}),
    ("b", "toy.add", {"add": 2}, {"number": "sel.number"}),
    ("total", "toy.total", {"full": 2}, {"number": "sel.number"}),
    ("after", "toy.add", {}, {"number": "b"}),
)
SAMPLE = 6
"""Exposures that the trial is for."""


def add_particles(store: Store) -> None:
    """Ten in each result of `b`, a hundred where it is another in the trial."""
    with store.write() as connection:
        for branch, rows in (("main", 10), ("trial", 100)):
            revision = queries.step(store, "b", branch=branch).revision
            for one in queries.results(store, "b", branch=branch):
                row = {"step_id": 4, "revision_id": revision, "subject_id": 1, "rows": rows}
                connection.execute(t.part.insert().values(result_id=one.id, **row))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def branched(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """A session with a branch beside the main one, for some of its exposures."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    folder: Path = tmp_path_factory.mktemp("branched")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ICESTREAM_STATE", str(folder / "state"))
        session = Session(folder / "session", url)
        session.run(*MAIN)
        trial = Workflow.from_document(toys.workflow(*TRIAL) | {"name": "other"})
        sample = [SubjectId(one.id) for one in queries.exposures(session.store(), limit=SAMPLE)]
        writer = open_store(session.folder)
        with writer.write() as connection:
            writes = Writes(Numbers(connection), 7.0)
            made = create_branch(connection, writes, trial, name="trial", who="ada", sample=sample)
            enter_workflow(connection, writes, Entered(made, trial, "ada"), toys.registry())
            writes.flush(connection)
        assert session.run(*MAIN).state == "done"
        add_particles(writer)
        writer.close()
        yield session.store()
    session.close()
    structlog.reset_defaults()


def test_branches_are_the_oldest_first_with_what_they_are_for(branched: Store) -> None:
    main, trial = queries.branches(branched)
    assert (main.name, main.workflow, main.state, main.adopted, main.sample, main.who) == (
        "main", "toy", "active", True, None, "",
    )  # fmt: skip
    assert (trial.name, trial.workflow, trial.state, trial.adopted, trial.sample) == (
        "trial", "other", "active", False, SAMPLE,
    )  # fmt: skip
    assert (trial.created, trial.who) == (7.0, "ada")
    assert queries.session(branched).branch == "main"


BY_BRANCH: dict[str, Callable[..., Any]] = {
    "steps": queries.steps,
    "step": lambda store, **named: queries.step(store, "b", **named),
    "workflow": queries.workflow,
    "exposures": queries.exposures,
    "exposure": lambda store, **named: queries.exposure(store, "e000003", **named),
    "qualities": queries.qualities,
    "results": lambda store, **named: queries.results(store, "b", **named),
    "latest_results": lambda store, **named: queries.latest_results(store, "b", **named),
    "results_of": lambda store, **named: queries.results_of(store, "e000003", **named),
    "failures": queries.failures,
    "particles": lambda store, **named: count_particles(store, "b", **named),
}


@pytest.mark.parametrize("what", BY_BRANCH)
def test_who_names_no_branch_means_the_adopted_one(branched: Store, what: str) -> None:
    read = BY_BRANCH[what]
    assert read(branched) == read(branched, branch="main")
    assert read(branched) != read(branched, branch="trial")


@pytest.mark.parametrize("what", BY_BRANCH)
def test_an_unknown_branch_is_named_with_those_that_exist(branched: Store, what: str) -> None:
    with pytest.raises(LookupError, match="no branch 'trail' in this session; it has main, trial"):
        BY_BRANCH[what](branched, branch="trail")


def test_steps_are_those_of_the_branch_at_its_revisions(branched: Store) -> None:
    trial = queries.steps(branched, branch="trial")
    assert {one.name: one.revision for one in queries.steps(branched)} == {
        "src": 1, "a": 1, "sel": 1, "b": 1, "total": 1,
    }  # fmt: skip
    assert {one.name: one.revision for one in trial} == {
        "src": 1, "a": 1, "sel": 2, "b": 2, "total": 2, "after": 1,
    }  # fmt: skip
    b = queries.step(branched, "b", branch="trial")
    assert (b.changed, b.counts.done, b.counts.skipped) == ({"add": 2}, 4, 2)
    assert queries.step(branched, "b").changed == {"fail": "item"}
    with pytest.raises(LookupError, match="no step 'after' in this session; it has src, a"):
        queries.step(branched, "after")
    assert [one.changed for one in queries.revisions(branched, "sel")] == [
        {"below": 6}, {"below": 5},
    ]  # fmt: skip


def test_a_workflow_is_the_branchs(branched: Store) -> None:
    trial = queries.workflow(branched, branch="trial")
    assert (queries.workflow(branched).name, trial.name) == ("toy", "other")
    main = {(one.source, one.step) for one in queries.workflow(branched).links}
    assert {(one.source, one.step) for one in trial.links} == main | {("b", "after")}


def values(records: tuple[Any, ...], port: str = "number") -> dict[str, float]:
    return {one.subject: one.outputs[port]["value"] for one in records}


def test_results_are_of_the_revisions_of_the_branch(branched: Store) -> None:
    trial = queries.results(branched, "b", branch="trial")
    assert values(trial) == {"e000000": 3, "e000001": 4, "e000002": 5, "e000003": 6}
    assert {one.revision for one in trial} == {2}
    assert values(queries.results(branched, "b")) == {
        "e000000": 2, "e000001": 3, "e000002": 4, "e000004": 6,
    }  # fmt: skip
    assert queries.latest_results(branched, "b", limit=1, branch="trial") == trial[-1:]
    assert queries.results(branched, "after") == ()
    ours = queries.results_of(branched, "e000003", branch="trial")
    assert list(ours) == ["src", "a", "sel", "b", "after"]
    assert list(queries.results_of(branched, "e000003")) == ["src", "a", "sel"]
    assert ours["a"] == queries.results_of(branched, "e000003")["a"]  # they have it in common


def test_batches_of_branches_have_the_same_names_and_other_results(branched: Store) -> None:
    main = queries.results(branched, "total")
    trial = queries.results(branched, "total", branch="trial")
    assert values(main, "total") == {"batch_00001": 6, "batch_00002": 15}
    assert values(trial[:2], "total") == {"batch_00001": 3, "batch_00002": 10}
    assert {(one.about, one.exposure) for one in main + trial} == {("batch", "")}
    assert [one.batch for one in main] == [1, 2]
    assert not {one.id for one in main} & {one.id for one in trial}


def test_exposures_say_how_far_they_are_in_the_branch(branched: Store) -> None:
    """Their numbers are in order of arrival whatever else was numbered; so is their state."""
    main, trial = queries.exposures(branched), queries.exposures(branched, branch="trial")
    assert [one.number for one in main] == list(range(1, 9))
    assert [(one.number, one.state) for one in main] == [(one.number, one.state) for one in trial]
    assert main[3].steps == {"src": "done", "a": "done", "sel": "done", "b": "failed"}
    assert trial[3].steps == {
        "src": "done", "a": "done", "sel": "done", "b": "done", "after": "done",
    }  # fmt: skip
    assert trial[SAMPLE].steps == {"src": "done", "a": "done"}  # the trial is not for it
    assert queries.exposure(branched, "e000003", branch="trial") == trial[3]


def test_qualities_and_failures_are_of_the_branch(branched: Store) -> None:
    found = queries.qualities(branched, exposure="e000003", branch="trial")
    assert [(one.step, one.value) for one in found] == [("a", 4), ("b", 6), ("after", 7)]
    assert [one.step for one in queries.qualities(branched, exposure="e000003")] == ["a"]
    failed = {(one.exposure, one.state) for one in queries.failures(branched, step="b")}
    assert ("e000003", "failed") in failed
    trial = queries.failures(branched, step="b", branch="trial")
    assert {(one.exposure, one.subject, one.state) for one in trial} == {
        ("e000004", "e000004", "skipped"), ("e000005", "e000005", "skipped"),
    }  # fmt: skip


def test_particles_are_those_of_the_branch(branched: Store) -> None:
    assert count_particles(branched) == 40
    assert count_particles(branched, branch="trial") == 400
    assert count_particles(branched, "a", branch="trial") == 0
