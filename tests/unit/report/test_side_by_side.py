"""The members of a consensus side by side: which they are, and what is counted of them."""

from dataclasses import replace
from pathlib import Path

import pytest

from icestream.report.agreement import Agreements
from icestream.report.follow import Follower
from icestream.report.side_by_side import side_by_side
from icestream.store.writing import Writes
from report_session import SampleSession


@pytest.fixture
def session(tmp_path: Path) -> SampleSession:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    session.grow(10)
    return session


def follower_of(session: SampleSession) -> Follower:
    follower = Follower(session.store)
    follower.read()
    return follower


def count(session: SampleSession, step: str, **changes: float) -> None:
    with session.store.write() as connection:
        writes = Writes(session.numbers, session.now)
        writes.count(session.step_ids[step], **changes)
        writes.flush(connection)


def test_each_member_has_its_counts_and_costs(session: SampleSession) -> None:
    session.agree(6)
    follower = follower_of(session)
    (consensus,) = (step for step in follower.workflow.steps if step.name == "ctf_agree")
    found = side_by_side(follower, consensus, (), {"ctf": "CTF estimation"})
    ctf, other = found.members
    assert (ctf.step, ctf.title, ctf.protocol) == ("ctf", "CTF estimation", "ctf.estimate")
    assert (ctf.done, ctf.failed, other.done) == (10, 0, 6)
    assert (ctf.seconds, ctf.cpu, ctf.memory) == (0.8, 0.72, 3e8)
    assert (other.seconds, other.cpu) == (1.6, 1.44)
    assert (found.itself.step, found.itself.done) == ("ctf_agree", 6)
    assert (found.looked_at, found.exposures, ctf.errors) == (0, 0, ())
    assert found.begun


def test_what_is_not_known_is_not_told_as_nothing(session: SampleSession) -> None:
    """No task of the third picker ran; those of a session of before were not measured."""
    session.agree(6)
    count(session, "ctf_other", metered=-6, cpu=-6 * 1.44)
    follower = follower_of(session)
    told = {one.step: one.beside.members for one in Agreements().update(follower, {}) or ()}
    third = told["pick_agree"][2]
    assert (third.step, third.done) == ("pick_third", 0)
    assert (third.cpu, third.seconds, third.memory) == (None, None, None)
    other = told["ctf_agree"][1]
    assert (other.cpu, other.seconds) == (None, 1.6)


def test_members_of_one_protocol_are_told_apart_by_what_is_set(session: SampleSession) -> None:
    session.agree(2)
    follower = follower_of(session)
    given = {
        "ctf": {"tile_size": 512, "fast": True},
        "ctf_other": {"tile_size": 1024, "fast": True},
    }
    follower.workflow = replace(
        follower.workflow,
        steps=tuple(
            replace(step, parameters=given.get(step.name, {})) for step in follower.workflow.steps
        ),
    )
    (consensus,) = (step for step in follower.workflow.steps if step.name == "ctf_agree")
    found = side_by_side(follower, consensus, (), {})
    assert [one.set for one in found.members] == [("tile_size = 512",), ("tile_size = 1024",)]


def test_a_step_that_failed_everywhere_is_there_all_the_same(session: SampleSession) -> None:
    """Then a consensus has nothing to compare, and says nothing."""
    session.agree(0)
    count(session, "ctf_other", failed=10)
    count(session, "ctf_agree", failed=10)
    told = Agreements().update(follower_of(session), {})
    assert told is not None
    (one, _) = told
    assert (one.quality, one.exposures, one.members) == ("", 0, ())
    ctf, other = one.beside.members
    assert (ctf.done, ctf.failed, other.done, other.failed) == (10, 0, 0, 10)
    assert one.beside.itself.failed == 10


def test_nothing_is_compared_with_itself_or_before_anything_was_done(tmp_path: Path) -> None:
    fresh = SampleSession(tmp_path / "fresh", start=1.79e9)
    fresh.agree(0)
    assert Agreements().update(follower_of(fresh), {}) is None
    fresh.grow(4)
    follower = follower_of(fresh)
    links = [link for link in follower.workflow.links if "other" not in link.source]
    follower.workflow = replace(follower.workflow, links=tuple(links))
    told = Agreements().update(follower, {})
    assert [one.step for one in told or ()] == ["pick_agree"]
