from pathlib import Path

import pytest

from icestream.exports.sheet.facts import gather
from icestream.protocol import Registry
from icestream.store import queries
from icestream.store import tables as t
from report_session import SampleSession


@pytest.fixture
def session(tmp_path: Path) -> SampleSession:
    return SampleSession(tmp_path / "session", start=1.7e9)


def test_everything_is_gathered(session: SampleSession) -> None:
    session.grow(30)
    session.classify()
    sheet = gather(session.store, Registry())
    counts = queries.count_exposures(session.store)
    results = dict(sheet.results)
    assert sheet.title == "apoferritin-grid-2"
    assert results["Exposures found"] == "30"
    assert results["Accepted"] == str(counts["done"])
    assert results["Rejected"].startswith(str(counts["rejected"]))
    assert dict(sheet.acquisition)["Voltage"] == "300 kV"
    assert [one.title for one in sheet.distributions][:2] == ["CTF fit resolution", "Defocus"]
    assert sheet.distributions[0].total <= 30
    assert sheet.classes is not None
    assert any("were kept" in sentence for sentence in sheet.methods)
    assert sheet.references


def test_the_typical_exposure_is_the_one_in_the_middle(session: SampleSession) -> None:
    session.grow(15)
    sheet = gather(session.store, Registry())
    assert sheet.typical is not None
    assert sheet.typical.ctf is not None
    kept = sorted(
        one.value
        for one in queries.qualities(session.store, names=["ctf.resolution"])
        if queries.exposure(session.store, one.exposure).state == "done"
    )
    assert sheet.typical.ctf.resolution == pytest.approx(kept[len(kept) // 2])


def test_a_session_without_anything_has_a_sheet(session: SampleSession) -> None:
    sheet = gather(session.store, Registry())
    assert sheet.acquisition == ()
    assert dict(sheet.results)["Exposures found"] == "0"
    assert (sheet.typical, sheet.classes, sheet.map, sheet.distributions) == (None, None, None, ())
    assert sheet.when.startswith("processed from ")


def test_what_failed_was_not_kept(session: SampleSession) -> None:
    session.grow(30)
    done = queries.exposures(session.store, state="done", limit=100)
    with session.store.write() as connection:
        ours = t.exposure.c.id == done[0].id
        connection.execute(t.exposure.update().where(ours).values(state="failed"))
    sheet = gather(session.store, Registry())
    assert f"{len(done) - 1} of 30 micrographs were kept" in " ".join(sheet.methods)


def test_the_branch_is_named_where_it_is_not_the_first(session: SampleSession) -> None:
    session.grow(3)
    assert "branch" not in gather(session.store, Registry()).when
    with session.store.write() as connection:
        connection.execute(t.branch.update().values(name="fine"))
    assert gather(session.store, Registry()).when.endswith(" · branch fine")
