"""A session that an earlier icestream made goes on under this one, with all that it had."""

import contextlib
from pathlib import Path

import pytest
from sqlalchemy import select

import old_session
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.files import Contents, damaged_results
from icestream.store.lineage import lineages
from icestream.store.migrate import OlderStore
from icestream.store.open import open_store
from toy_session import Session


@pytest.fixture
def old(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """The old session, with the exposures that it found then to be found again."""
    old_session.restore(session.folder, session.url)
    old_session.put(tmp_path, 1, 2, 3, 4, 5, 8)
    monkeypatch.chdir(tmp_path)
    return session


def test_what_was_done_is_there_and_is_not_done_again(old: Session) -> None:
    outcome = old.run(*old_session.STEPS)
    assert outcome.state == "done"
    assert dict(outcome.exposures) == {"going": 0, "done": 3, "rejected": 2, "failed": 1}
    results = lineages(old.store())
    assert len(results) == 49  # all that there were, and none twice
    assert {one.epoch for one in results} == {1}
    assert len({one.key for one in results}) == 49
    events = queries.events(old.store())
    assert [one.seq for one in events] == list(range(1, len(events) + 1))
    assert len(events) > 129


def test_it_goes_on_with_more_exposures(old: Session, tmp_path: Path) -> None:
    old_session.put(tmp_path, 6, 7, 13)
    outcome = old.run(*old_session.STEPS)
    assert dict(outcome.exposures) == {"going": 0, "done": 4, "rejected": 3, "failed": 2}
    assert old.values("c") == {
        "e1": 3, "e2": 4, "e4": 6, "e5": 7, "e8": 10, "e6": 8, "e7": 9,
    }  # fmt: skip
    assert old.values("share") == {"e4": 36, "e5": 37, "e8": 40, "e6": 38}
    (total,) = queries.latest_results(old.store(), "total", limit=1)
    assert (total.outputs["total"]["value"], total.outputs["total"]["count"]) == (38, 6)
    (twice,) = queries.latest_results(old.store(), "twice", limit=1)
    assert twice.outputs["total"]["value"] == 76
    assert queries.exposure(old.store(), "e3").reasons == ("c: 5.0 is no good: take another",)
    assert queries.exposure(old.store(), "e7").reasons[0] == "sel: 9 is not below 9"


def test_what_people_and_monitors_said_is_there(old: Session) -> None:
    old.run(*old_session.STEPS)
    store = old.store()
    words = [(one.exposure, one.accepted, one.who, one.why) for one in queries.decisions(store)]
    assert words == [
        ("e8", True, "ada", "it is large, and good"),
        ("e1", False, "ada", "ice"),
        ("e2", False, "ada", "a crack"),  # was asked for when nobody ran the session any more
    ]
    assert queries.exposure(store, "e1").state == "rejected"
    assert queries.exposure(store, "e2").state == "rejected"
    assert [(one.number, one.who) for one in queries.revisions(store, "share")] == [
        (1, ""), (2, "tune"), (3, "ada"),
    ]  # fmt: skip
    alerts = {(one.step, one.key): one for one in queries.alerts(store)}
    assert alerts["watch", "toy.large"].acknowledged_by == "ada"
    offer = alerts["teach", "toy.better"].offer
    assert offer is not None
    assert (offer["step"], offer["changes"]) == ("b", {"add": 5.0})
    assert alerts["tune", "toy.better"].adopted_by == "tune"
    assert [one.value for one in queries.samples(store)][:3] == [3.0, 9.0, 9.0]
    assert queries.figures(store)["watch"][0]["title"] == "Values"
    first, second = queries.epochs(store)
    assert first.holder.endswith("@microscope")
    assert second.number == 2


def test_who_only_reads_it_in_a_database_is_told_to_run_it_once(old: Session) -> None:
    """A file is read in a private copy; a schema of a server cannot be."""
    if old.url is None:
        with contextlib.closing(open_store(old.folder, readonly=True)) as store:
            assert queries.steps(store)
        return
    with pytest.raises(OlderStore, match=r"running it again .* brings it up to date"):
        open_store(old.folder, readonly=True)
    old.run(*old_session.STEPS)
    assert queries.steps(old.store())


def test_what_it_made_has_no_hash_and_what_it_makes_has(old: Session, tmp_path: Path) -> None:
    old_session.put(tmp_path, 6)
    old.run(*old_session.STEPS)
    contents = Contents()
    assert not list(damaged_results(old.store(), contents))
    with old.store().read() as connection:
        rows = connection.execute(select(t.file.c.path, t.file.c.hash)).all()
    made = [row.path for row in rows if row.hash and row.path.startswith("c/")]
    assert made == ["c/e6_number.txt"]
    assert contents.unknown
