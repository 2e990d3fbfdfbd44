"""One session and one sink."""

from dataclasses import replace
from pathlib import Path

import pytest

from icestream.facility.sinks.ledger_file import LedgerBusy
from icestream.facility.sinks.parcels import ClassContent, CtfContent, MovieContent, VerdictContent
from icestream.facility.sinks.sink import SinkDown
from icestream.model import Ctf, column, to_document
from icestream.store import queries
from icestream.store import tables as t
from icestream.store.items import item_of
from icestream.store.open import open_store
from icestream.store.writing import Numbers, Writes
from sink_sessions import Collecting, DeliveredSession, delivery, kinds


@pytest.fixture
def session(tmp_path: Path) -> DeliveredSession:
    made = DeliveredSession(tmp_path / "s")
    made.grow(4)
    return made


def test_everything_is_delivered_once_parents_first(session: DeliveredSession) -> None:
    sink = Collecting()
    session.classify()
    session.reconstruct()
    with delivery(session, sink) as one:
        assert one.news()
        count = one.run()
        assert count == len(sink.there)
        assert kinds(sink.there) == {
            "session": 1, "movie": 4, "motion": 4, "ctf": 4, "picks": 3, "verdict": 4,
            "classes": 1, "class": 24, "model": 1, "status": 1,
        }  # fmt: skip
        seen: set[str] = set()
        for ids in sink.shipments:
            for parcel in ids:
                assert set(sink.there[parcel].after) <= seen
                seen.add(parcel)
        assert one.run() == 0 and not one.news()
        assert one.ledger.key("ctf:3") == "CTF:3" and one.ledger.fact("said") == ["it was said"]
        session.grow(1)
        assert one.news()
        assert one.run() == 5
        assert sink.there["movie:5"].content.number == 5  # type: ignore[attr-defined]


def test_what_is_another_than_before_is_told_again_under_its_key(session: DeliveredSession) -> None:
    sink = Collecting()
    with delivery(session, sink) as one:
        one.run()
        record = queries.results(session.store, "ctf")[1]
        ctf = item_of(session.store, record, "ctf", Ctf)
        session.remake("ctf", 2, ctf=replace(ctf, defocus_u=31000.0, spectrum=None))
        assert one.run() == 1
        content = sink.there["ctf:2"].content
        assert isinstance(content, CtfContent) and content.defocus_u == 31000.0
        session.accept(record.exposure)  # says again what it is
        assert one.run() == 0
        with session.store.write() as connection:
            writes = Writes(session.numbers, session.now)
            chosen = t.subject.select().where(
                t.subject.c.number == 2, t.subject.c.kind == "exposure"
            )
            session._end(writes, connection.execute(chosen).one().id, "rejected", ["ann: ice"])
            writes.flush(connection)
        assert one.run() == 1
        verdict = sink.there["verdict:2"].content
        assert isinstance(verdict, VerdictContent)
        assert (verdict.state, verdict.reasons) == ("rejected", ("ann: ice",))


def test_nothing_is_told_of_a_verdict_before_there_is_one(tmp_path: Path) -> None:
    session = DeliveredSession(tmp_path / "s")
    session.grow(3, settle=False)
    sink = Collecting()
    with delivery(session, sink) as one:
        one.run()
        assert kinds(sink.there) == {"session": 1, "movie": 3, "status": 1}
        session.settle()
        one.run()
        assert kinds(sink.there)["verdict"] == 3


def test_before_anything_is_taken_in_there_is_nothing_to_tell(tmp_path: Path) -> None:
    session = DeliveredSession(tmp_path / "s")
    sink = Collecting()
    with delivery(session, sink) as one:
        assert one.run() == 0 and not sink.shipments and not one.news()
        session.grow(1)
        assert one.run() == 6 and kinds(sink.there)["status"] == 1


def test_a_class_that_is_gone_has_no_particles(session: DeliveredSession) -> None:
    sink = Collecting()
    session.classify()
    with delivery(session, sink) as one:
        one.run()
        some = [number for number in range(1, 25) if number != 7]
        classes = session.classes
        chosen = [number - 1 for number in some]
        later = replace(
            classes, counts=column(classes.counts[chosen]), numbers=column(some), iteration=2,
            resolution=column(classes.resolution[chosen]), score=column(classes.score[chosen]),
        )  # fmt: skip
        session._commit("classify", {"classes": to_document(later)})
        one.run()
        gone = sink.there["class:7"].content
        assert isinstance(gone, ClassContent)
        assert gone.particles == 0 and gone.selected is False and gone.picture is None


def test_one_that_is_refused_is_set_aside_with_what_belongs_to_it(
    session: DeliveredSession,
) -> None:
    sink = Collecting()
    sink.refuses["movie:2"] = "its path has 300 characters"
    with delivery(session, sink) as one:
        one.run()
        aside = {each.id: each for each in one.ledger.asides()}
        assert aside["movie:2"].reason == "its path has 300 characters"
        assert {each for each in aside if each.endswith(":2")} == set(aside)
        assert aside["ctf:2"].waits_for == "motion:2"
        assert kinds(sink.there)["movie"] == 3 and kinds(sink.there)["picks"] == 2
        before = len(sink.shipments)
        session.grow(1)
        one.run()
        assert all("movie:2" not in ids for ids in sink.shipments[before:])
        sink.refuses.clear()
        assert one.ledger.retry() == 5
        assert one.run() == 5 and not one.ledger.asides()
        assert one.ledger.retry() == 0


def test_what_a_whole_shipment_is_refused_for_is_found_by_halves(session: DeliveredSession) -> None:
    sink = Collecting()
    sink.chokes = {"motion:3"}
    with delivery(session, sink) as one:
        one.run()
        aside = {each.id: each.waits_for for each in one.ledger.asides()}
        assert aside == {"motion:3": ""} | dict.fromkeys(
            ("ctf:3", "picks:3", "verdict:3"), "motion:3"
        )
        assert kinds(sink.there)["movie"] == 4 and kinds(sink.there)["verdict"] == 3


def test_a_sink_that_was_away_is_caught_up_with(session: DeliveredSession) -> None:
    sink = Collecting()
    sink.down = "the database is gone"
    with delivery(session, sink) as one:
        with pytest.raises(SinkDown, match="is gone"):
            one.run()
        session.grow(3)
        assert not one.ledger.count()
        sink.down = ""
        one.run()
        numbers = [int(each.partition(":")[2]) for ids in sink.shipments for each in ids
                   if each.startswith("movie")]  # fmt: skip
        assert numbers == [1, 2, 3, 4, 5, 6, 7]


def test_only_what_a_sink_takes_is_told_with_paths_as_it_sees_them(
    session: DeliveredSession,
) -> None:
    sink = Collecting(frozenset({"movie", "status"}))
    with delivery(session, sink, seen_as={"/data": "/net/em"}) as one:
        one.run()
        assert kinds(sink.there) == {"movie": 4, "status": 1}
        movie = sink.there["movie:1"].content
        assert isinstance(movie, MovieContent) and movie.path.startswith("/net/em/FoilHole")
    with delivery(session, sink, seen_as={"/data": "/other"}) as one:  # all is looked at again
        assert one.run() == 4
        movie = sink.there["movie:1"].content
        assert isinstance(movie, MovieContent) and movie.path.startswith("/other/FoilHole")


def test_all_is_told_again_when_somebody_asks(session: DeliveredSession) -> None:
    sink = Collecting()
    with delivery(session, sink) as one:
        count = one.run()
        one.ledger.forget_versions()
        assert one.run() == count
        assert one.run() == 0


def test_a_store_that_was_restored_is_looked_at_anew(session: DeliveredSession) -> None:
    sink = Collecting()
    kept = {one.name: one.read_bytes() for one in session.folder.glob("icestream.db*")}
    session.grow(2)
    with delivery(session, sink) as one:
        one.run()
        assert sink.there["movie:5"].content.taken_in == session.now - 12.0  # type: ignore[attr-defined]
    session.store.close()
    for name in [one.name for one in session.folder.glob("icestream.db*")]:
        (session.folder / name).unlink()
    for name, content in kept.items():
        (session.folder / name).write_bytes(content)
    restored = DeliveredSession.__new__(DeliveredSession)
    restored.__dict__ |= session.__dict__ | {"store": open_store(session.folder), "total": 4}
    with restored.store.read() as connection:
        restored.numbers = Numbers(connection)
    restored.now += 500.0
    restored.grow(3)  # the events of other exposures have the numbers that were known
    with delivery(restored, sink) as one:
        one.run()
        assert sink.there["movie:5"].content.taken_in > session.now + 400.0  # type: ignore[attr-defined]
        assert "movie:7" in sink.there and one.run() == 0


def test_one_process_at_a_time(session: DeliveredSession) -> None:
    with delivery(session, Collecting()) as one, delivery(session, Collecting()) as other:
        with one.ledger.alone(), pytest.raises(LedgerBusy, match="process [0-9]+ is delivering"):
            other.run()
        assert other.run()


def test_when_another_branch_is_adopted_everything_is_looked_at(session: DeliveredSession) -> None:
    sink = Collecting()
    with delivery(session, sink) as one:
        one.run()
        session.change("ctf")
        sink.shipments.clear()
        one.run()
        # The results of before stand until others replace them.
        assert {each for ids in sink.shipments for each in ids} <= {"session", "status"}
        assert kinds(sink.there)["ctf"] == 4


def test_what_is_said_of_many_is_kept_of_the_first(session: DeliveredSession) -> None:
    with delivery(session, Collecting()) as one:
        one._say(["a is left out: /d/1", "a is left out: /d/2", "b"])
        one._say(["c: 1", "a is left out: /d/3", "b"])
        assert one.ledger.fact("said") == ["a is left out: /d/1", "b", "c: 1"]
