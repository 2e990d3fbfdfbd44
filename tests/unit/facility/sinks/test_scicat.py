"""The sink for SciCat, against one that is played by what its interface asks for."""

from contextlib import closing
from pathlib import Path

import pytest

from icestream.facility.sinks.scicat import SciCatSink, SciCatUser, mark_words
from icestream.facility.sinks.sink import Held, SinkDown
from sink_servers import Catalogue, serving
from sink_sessions import DeliveredSession, delivery


def user(password: str = "pw") -> SciCatUser:
    return SciCatUser(
        name="ingestor", password=lambda: password, owner_group="{project}", contact="em@site.org",
        location="/SITE/{microscope}", access_groups=("staff",),
    )  # fmt: skip


@pytest.fixture
def session(tmp_path: Path) -> DeliveredSession:
    made = DeliveredSession(tmp_path / "s")
    made.grow(2)
    return made


def test_two_data_sets_that_are_brought_up_to_date(session: DeliveredSession) -> None:
    catalogue = Catalogue()
    with serving(catalogue) as url:
        sink = SciCatSink(url, user())
        sink.reach()
        about = {"project": "p7", "microscope": "krios1"}
        with delivery(session, sink, **about) as one:
            one.run()
            assert not one.ledger.asides()
            raw, derived = catalogue.sets.values()
            assert (raw["type"], derived["type"]) == ("raw", "derived")
            assert raw["ownerGroup"] == "p7" and raw["creationLocation"] == "/SITE/krios1"
            assert raw["scientificMetadata"]["pixel_size"] == {"value": 1.5, "unit": "angstrom"}
            assert derived["inputDatasets"] == [raw["pid"]]
            assert derived["scientificMetadata"]["exposures"] == {"value": 2, "unit": ""}
            session.grow(3)
            session.finish()
            catalogue.token = "t2"  # what we were let in by holds no longer
            one._looked = -1e9
            one.run()
        _, derived = catalogue.sets.values()
        assert derived["scientificMetadata"]["exposures"]["value"] == 5
        assert derived["comment"] == "done" and derived["endTime"].endswith("+00:00")
        for file in (session.folder / ".facility").glob("sink-lims.db*"):
            file.unlink()
        with delivery(session, sink, **about) as one:  # found by their keyword
            one.run()
        sink.close()
    assert len(catalogue.sets) == 2 and mark_words("u1") in derived["keywords"]


def test_what_keeps_it_from_being_told(session: DeliveredSession) -> None:
    catalogue = Catalogue()
    with serving(catalogue) as url:
        with (
            closing(SciCatSink(url, user("wrong"))) as sink,
            pytest.raises(SinkDown, match="does not let ingestor in: 401"),
        ):
            sink.reach()
        with closing(SciCatSink(url, user())) as sink, delivery(session, sink) as one:
            one.run()
            (aside, _) = one.ledger.asides()
            assert aside.id == "session" and "belongs to no project" in aside.reason
    assert not catalogue.sets


def test_a_group_that_we_may_not_write_for_keeps_no_other_up(tmp_path: Path) -> None:
    catalogue = Catalogue()
    catalogue.groups = {"p7"}
    sessions = {name: DeliveredSession(tmp_path / name, name) for name in ("p7", "p8")}
    for session in sessions.values():
        session.grow(1)
    with (
        serving(catalogue) as url,
        closing(SciCatSink(url, user())) as sink,
        delivery(sessions["p8"], sink, project="p8") as one,
        delivery(sessions["p7"], sink, project="p7") as other,
    ):
        with pytest.raises(Held, match="does not allow it: 403 .*Unauthorized to create"):
            one.run()
        assert other.run() == 2
        catalogue.groups.add("p8")
        assert one.news()
        assert one.run() == 2
        assert one.ledger.asides() == ()
    assert [one["ownerGroup"] for one in catalogue.sets.values()] == ["p7", "p7", "p8", "p8"]
