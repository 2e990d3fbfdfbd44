"""Following a session bit by bit ends where reading it at once ends."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from icestream.report.clock import AcquisitionClock
from icestream.report.follow import Follower, rank
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.events import RequestAnswered
from icestream.store.writing import Writes
from report_session import SampleSession
from toy_record import Step, desks


def known(follower: Follower) -> dict[str, object]:
    table = follower.table
    return {
        "names": table.names,
        "states": bytes(table.state),
        "reasons": table.reasons,
        "counts": table.counts,
        "values": {
            name: [table.value(name, order) for order in range(len(table))]
            for name in sorted(table.qualities)
        },
    }


def test_following_and_reading_at_once_agree(tmp_path: Path) -> None:
    session = SampleSession(tmp_path, start=1.79e9)
    follower = Follower(session.store)
    for count in (1, 0, 7, 60, 2):
        session.grow(count, settle=count == 7)
        session.classify()  # batches are numbered among the exposures
        assert follower.read()
    once = Follower(session.store)
    once.read()
    np.testing.assert_equal(known(follower), known(once))
    counts = queries.count_exposures(session.store)
    assert follower.table.counts == {
        "p": counts["going"], "a": counts["done"], "r": counts["rejected"], "f": counts["failed"],
    }  # fmt: skip
    assert follower.table.counts["f"] == 1


def test_an_exposure_that_a_person_accepts_changes_sides(grown: SampleSession) -> None:
    follower = Follower(grown.store)
    follower.read()
    rejected = follower.table.state.index(b"r") if b"r" in follower.table.state else None
    if rejected is None:
        pytest.fail("the sample session must have a rejected exposure")
    assert follower.table.reasons[rejected].startswith("select: ")
    follower.touched.clear()
    grown.accept(follower.table.names[rejected])
    follower.read()
    assert chr(follower.table.state[rejected]) == "a"
    assert list(follower.touched) == [rejected]


def test_a_changed_parameter_asks_for_a_new_start(grown: SampleSession) -> None:
    follower = Follower(grown.store)
    assert follower.read()
    with grown.store.write() as connection:
        writes = Writes(grown.numbers, grown.now)
        revision = writes.insert(
            t.revision, step_id=grown.step_ids["ctf"], number=2, protocol="ctf.estimate",
            kind="item", version=1, depth=2, parameters="{}", changed="{}", created=grown.now,
            fingerprint="other",
        )  # fmt: skip
        writes.insert(t.counter, revision_id=revision)
        writes.flush(connection)
        ours = t.member.c.step_id == grown.step_ids["ctf"]
        connection.execute(t.member.update().where(ours).values(revision_id=revision))
    assert not follower.read()
    fresh = Follower(grown.store)
    assert fresh.read()
    assert "ctf.defocus" not in fresh.table.qualities
    assert "motion.total" in fresh.table.qualities


def test_times_are_those_of_the_microscope(grown: SampleSession) -> None:
    follower = Follower(grown.store)
    follower.read()
    assert follower.table.time[0] == pytest.approx(follower.table.found[0] - 8.0)
    assert follower.table.places[0] == "square 8999138 · hole 9015883"


def test_samples_keep_an_hour_and_snapshots_the_newest(grown: SampleSession) -> None:
    follower = Follower(grown.store)
    follower.read()
    grown.now += 7200
    grown.measure(30)
    follower.read()
    series = follower.samples["machine.cpu"]
    assert len(series) == 180
    assert series[-1].time - series[0].time <= 3600
    first = follower.snapshots["classify"]
    grown.classify()
    follower.read()
    assert follower.snapshots["classify"].id > first.id


def test_alerts_are_the_newest_first_with_the_past_ones(grown: SampleSession) -> None:
    alerts = Follower(grown.store).alerts()
    assert [alert.cleared is None for alert in alerts] == [False, True]


def test_the_deepest_step_ranks_highest_and_the_first_among_equals(grown: SampleSession) -> None:
    steps = {step.name: step for step in queries.steps(grown.store)}
    assert rank(steps["ctf"]) > rank(steps["align"])
    assert rank(steps["select"]) > rank(steps["ctf_monitor"])


def test_results_stand_until_they_are_made_again(grown: SampleSession) -> None:
    follower = Follower(grown.store)
    follower.read()
    before = known(follower)
    grown.change("ctf", "select", "pick", "extract", "classify")
    assert not follower.read()
    after = Follower(grown.store)
    assert after.read()
    np.testing.assert_equal(known(after), before)
    assert after.snapshots["classify"].revision == 1
    assert after.again.exposures > 0
    with grown.store.write() as connection:
        for step in ("ctf", "select", "pick", "extract", "classify"):
            connection.execute(
                t.member.update()
                .where(t.member.c.step_id == grown.step_ids[step])
                .values(revision_id=grown.step_ids[step])
            )
    assert not after.read()  # there is nothing left to stand


def test_a_session_with_work_left_is_not_done(grown: SampleSession) -> None:
    grown.settle()
    grown.finish()
    follower = Follower(grown.store)
    assert follower.state == ("done", "")
    grown.change("pick")
    assert Follower(grown.store).state == ("stopped", "pick waits to be run again")


def test_what_was_chosen_of_a_snapshot_is_known_by_its_step(grown: SampleSession) -> None:
    grown.add_choice([True, False] * 12)
    follower = Follower(grown.store)
    follower.read()
    assert follower.chosen.keys() == {"classify"}
    assert follower.chosen["classify"].step == "keep"
    assert follower.snapshots.keys() == {"classify"}


def test_beginning_at_once_is_reading_from_the_start(tmp_path: Path) -> None:
    """Whether a session is taken in as a whole, or while it grows, makes no difference."""
    session = SampleSession(tmp_path / "s", start=1.79e9, documents=False)
    with closing(session.store) as store:
        along = Follower(store)
        for _ in range(6):
            session.grow(20, settle=False)
            assert along.read()
        session.settle()
        assert along.read()
        whole = Follower(store)
        assert whole.read()
    assert whole.table.names == along.table.names
    assert whole.table.state == along.table.state
    assert whole.table.counts == along.table.counts
    assert whole.table.chunk_counts == along.table.chunk_counts
    assert whole.table.qualities.keys() == along.table.qualities.keys()
    for name, histogram in whole.table.qualities.items():
        other = along.table.qualities[name]
        assert np.array_equal(histogram.values, other.values, equal_nan=True)
        assert histogram.filled == other.filled
        assert histogram.kept_sum == pytest.approx(other.kept_sum)
    document = whole.tempo.document(whole.table.time, AcquisitionClock.of(whole.table))
    assert document == along.tempo.document(along.table.time, AcquisitionClock.of(along.table))
    assert whole.minutes.last == along.minutes.last


def test_what_is_decided_before_the_first_look_is_known(grown: SampleSession) -> None:
    follower = Follower(grown.store)
    with grown.store.write() as connection:
        writes = Writes(grown.numbers, grown.now)
        writes.insert(
            t.request, token="late", verb="pause", document="{}", who="ann", time=grown.now,
            state="done", answer="paused",
        )  # fmt: skip
        writes.event(RequestAnswered(verb="pause", verdict="done", answer="paused"))
        writes.flush(connection)
    assert follower.read()
    assert [(one.who, one.verb) for one in follower.history][-1] == ("ann", "pause")


def test_a_branch_is_followed_as_it_is_read_at_once(tmp_path: Path) -> None:
    source: Step = ("src", "toy.count", {}, {})
    desk = next(desks(tmp_path))(source, ("a", "toy.add", {}, {"number": "src"}))
    desk.find(*range(1, 5))
    desk.work()
    fails: Step = ("a", "toy.add", {"add": 5, "fail": "item"}, {"number": "src"})
    desk.branch("five", source, fails)
    along = Follower(desk.store, "five")
    assert along.read()
    assert along.table.counts == {"p": 4, "a": 0, "r": 0, "f": 0}
    desk.backfill()
    desk.work()
    desk.find(*range(5, 9))
    assert along.read()
    assert along.table.counts["p"] == 4
    desk.work()
    assert along.read()
    whole = Follower(desk.store, "five")
    whole.read()
    np.testing.assert_equal(known(along), known(whole))
    assert whole.table.counts == {"p": 0, "a": 7, "r": 0, "f": 1}
    assert Follower(desk.store).branch == "main"


def test_a_branch_has_the_exposures_of_its_sample_with_their_numbers(tmp_path: Path) -> None:
    source: Step = ("src", "toy.count", {}, {})
    desk = next(desks(tmp_path))(source, ("a", "toy.add", {}, {"number": "src"}))
    desk.find(*range(1, 9))
    desk.work()
    other: Step = ("a", "toy.add", {"add": 5}, {"number": "src"})
    desk.branch("five", source, other, sample=["e3", "e7"])
    desk.backfill()
    desk.work()
    follower = Follower(desk.store, "five")
    assert follower.read()
    assert follower.table.names == ["e3", "e7"]
    assert list(follower.table.numbers) == [3, 7]
    assert follower.found == 8
    desk.drop("five")
    assert not follower.read()  # what did not come to an end is not of it any more
