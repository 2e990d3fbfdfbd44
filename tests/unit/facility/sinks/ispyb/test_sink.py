"""The sink for ISPyB, against MariaDB with its tables."""

import json
import multiprocessing
import os
import random
import signal
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from icestream.facility.sinks.ispyb.sink import IspybSink
from icestream.facility.sinks.ledger import SinkLedger
from icestream.facility.sinks.sink import Held, SinkDown
from icestream.model import Ctf
from icestream.store import queries
from icestream.store.items import item_of
from sink_sessions import DeliveredSession, delivery

VISIT = "cm31111-5"


@pytest.fixture
def session(tmp_path: Path) -> DeliveredSession:
    made = DeliveredSession(tmp_path / "s")
    made.grow(6)
    made.classify()
    made.reconstruct()
    return made


def sink_of(ispyb: Any) -> IspybSink:
    return IspybSink(make_url(ispyb.url), UTC, "em-spa-preprocess")


def whole(ispyb: Any) -> dict[str, int]:
    """Rows of each table that a session fills."""
    tables = (
        "DataCollectionGroup", "DataCollection", "ProcessingJob", "AutoProcProgram", "Movie",
        "MotionCorrection", "CTF", "ParticlePicker", "ParticleClassificationGroup",
        "ParticleClassification", "CryoemInitialModel",
        "ParticleClassification_has_CryoemInitialModel",
    )  # fmt: skip
    return {table: ispyb.count(table) for table in tables}


WHOLE = {
    "DataCollectionGroup": 1, "DataCollection": 1, "ProcessingJob": 1, "AutoProcProgram": 1,
    "Movie": 6, "MotionCorrection": 6, "CTF": 6, "ParticlePicker": 5,
    "ParticleClassificationGroup": 1, "ParticleClassification": 24, "CryoemInitialModel": 1,
    "ParticleClassification_has_CryoemInitialModel": 24,
}  # fmt: skip


def test_results_become_rows_in_the_units_of_ispyb(session: DeliveredSession, ispyb: Any) -> None:
    with delivery(session, sink_of(ispyb), booked=VISIT, seen_as={"/data": "/dls/m12"}) as one:
        one.run()
        assert not one.ledger.asides()
    assert whole(ispyb) == WHOLE
    (group,) = ispyb.rows("DataCollectionGroup")
    assert group["sessionId"] == 7 and group["experimentTypeId"] == 37
    (collection,) = ispyb.rows("DataCollection")
    assert collection["pixelSizeOnImage"] == pytest.approx(0.15)  # nm
    assert collection["imageDirectory"] == "/dls/m12/" and collection["voltage"] == 300
    movie = ispyb.rows("Movie", movieNumber=3)[0]
    assert movie["movieFullPath"].startswith("/dls/m12/FoilHole_")
    assert (movie["positionX"], movie["nominalDefocus"], movie["numberOfFrames"]) == (10, 12000, 40)
    motion = ispyb.rows("MotionCorrection", movieId=movie["movieId"])[0]
    assert motion["averageMotionPerFrame"] == pytest.approx(motion["totalMotion"] / 40, rel=1e-4)
    assert (motion["imageNumber"], motion["firstFrame"], motion["lastFrame"]) == (3, 1, 40)
    assert motion["comments"] == "accepted"
    plot = json.loads(Path(motion["driftPlotFullPath"]).read_text())
    assert len(plot["data"][0]["x"]) == 40 and plot["data"][0]["x"][0] == 0.0
    ctf = ispyb.rows("CTF", motionCorrectionId=motion["motionCorrectionId"])[0]
    record = queries.results(session.store, "ctf")[2]
    known = item_of(session.store, record, "ctf", Ctf)
    assert ctf["estimatedDefocus"] == pytest.approx(known.defocus, rel=1e-5)
    assert ctf["astigmatism"] == pytest.approx(known.astigmatism, rel=1e-5)
    assert ctf["amplitudeContrast"] == pytest.approx(0.1)
    picks = ispyb.rows("ParticlePicker", firstMotionCorrectionId=motion["motionCorrectionId"])[0]
    assert picks["particleDiameter"] == pytest.approx(13.0)  # nm
    rejected = ispyb.rows("MotionCorrection", imageNumber=1)[0]
    assert rejected["comments"].startswith("rejected: select: ice ring")
    (classes,) = ispyb.rows("ParticleClassificationGroup")
    assert classes["particlePickerId"] and classes["type"] == "2D"
    average = ispyb.rows("ParticleClassification", classNumber=1)[0]
    assert Path(average["classImageFullPath"]).read_bytes().startswith(b"\x89PNG")
    (program,) = ispyb.rows("AutoProcProgram")
    assert program["processingStatus"] is None and "6 exposures" in program["processingMessage"]


def test_what_changes_is_brought_up_to_date(session: DeliveredSession, ispyb: Any) -> None:
    with delivery(session, sink_of(ispyb), booked=VISIT) as one:
        one.run()
        record = queries.results(session.store, "ctf")[1]
        known = item_of(session.store, record, "ctf", Ctf)
        before = ispyb.rows("CTF")
        session.remake("ctf", 2, ctf=replace(known, defocus_u=31000.0, defocus_v=30000.0))
        session.classify()
        session.finish()
        assert one.run() > 0
        after = ispyb.rows("CTF")
        assert [row["ctfId"] for row in after] == [row["ctfId"] for row in before]
        assert after[1]["estimatedDefocus"] == 30500.0
    assert whole(ispyb) == WHOLE


def test_rows_that_somebody_removed_are_made_anew(session: DeliveredSession, ispyb: Any) -> None:
    with delivery(session, sink_of(ispyb), booked=VISIT) as one:
        one.run()
        ispyb.run(
            "DELETE FROM CTF WHERE ctfId > (SELECT * FROM (SELECT min(ctfId) + 2 FROM CTF) AS c)",
            "DELETE FROM ParticlePicker",
        )
        one.ledger.forget_versions()
        one.run()
    assert whole(ispyb) == WHOLE


def test_a_visit_is_never_guessed(session: DeliveredSession, ispyb: Any) -> None:
    for booked, why in (
        ("", "neither its booking nor a person says which visit"),
        ("cm31111-6", "ISPyB has no session 'cm31111-6'"),
        ("tuesday", "'tuesday' is no visit of ISPyB"),
    ):
        with (
            delivery(session, sink_of(ispyb), booked=booked) as one,
            pytest.raises(Held, match=why),
        ):
            one.run()
    assert whole(ispyb) == dict.fromkeys(WHOLE, 0)
    with delivery(session, sink_of(ispyb), booked="cm31111-6") as one:
        one.ledger.keep(chosen=VISIT)  # a person's word
        one.run()
    assert whole(ispyb) == WHOLE


def test_a_row_that_does_not_fit_is_set_aside_and_the_rest_goes_on(
    session: DeliveredSession, ispyb: Any
) -> None:
    with delivery(session, sink_of(ispyb), booked=VISIT) as one:
        one.run()
    session.movies = Path("/" + "deep/" * 60)
    session.grow(1)
    session.movies = Path("/data")
    session.grow(1)
    with delivery(session, sink_of(ispyb), booked=VISIT) as one:
        one.run()
        aside = {each.id: each for each in one.ledger.asides()}
        assert set(aside) == {"movie:7", "motion:7", "ctf:7", "picks:7", "verdict:7"}
        assert "characters, where 255 is the most" in aside["movie:7"].reason
        assert ispyb.count("Movie") == 7 and ispyb.rows("Movie", movieNumber=8)
        one.ledger.retry()
        assert one.run() == 0
    with delivery(session, sink_of(ispyb), booked=VISIT, seen_as={"/" + "deep/" * 60: "/d"}) as one:
        one.run()
        assert not one.ledger.asides() and ispyb.count("Movie") == 8


def test_a_site_that_is_behind_gets_what_it_has_columns_for(
    session: DeliveredSession, other_ispyb: Any
) -> None:
    ispyb = other_ispyb
    ispyb.run(
        "ALTER TABLE CTF DROP COLUMN iceRingDensity",
        "ALTER TABLE Movie DROP COLUMN fluence",
        "ALTER TABLE ParticleClassification DROP COLUMN selected",
        "DELETE FROM ExperimentType",
        "ALTER TABLE MotionCorrection MODIFY imageNumber SMALLINT UNSIGNED",
    )
    with delivery(session, sink_of(ispyb), booked=VISIT) as one:
        one.run()
        said = one.ledger.fact("said")
        assert sum("CTF has no column iceRingDensity here" in each for each in said) == 1
        assert sum("'Single Particle'" in each for each in said) == 1
    assert whole(ispyb) == WHOLE


def test_without_a_column_that_rows_need_nothing_is_written(
    session: DeliveredSession, other_ispyb: Any
) -> None:
    ispyb = other_ispyb
    ispyb.run("ALTER TABLE Movie DROP COLUMN movieFullPath", "DROP TABLE CTF")
    with delivery(session, sink_of(ispyb), booked=VISIT) as one:
        with pytest.raises(SinkDown, match=r"lacks CTF, Movie\.movieFullPath, without which"):
            one.run()
        with pytest.raises(SinkDown, match="lacks CTF"):
            sink_of(ispyb).reach()
    assert ispyb.count("DataCollectionGroup") == 0


def test_with_an_empty_sql_mode_nothing_is_cut_off_by_the_server(
    session: DeliveredSession, ispyb: Any
) -> None:
    session.movies = Path("/" + "deep/" * 60)
    session.grow(1)
    ispyb.run("SET GLOBAL sql_mode = ''")
    try:
        with delivery(session, sink_of(ispyb), booked=VISIT) as one:
            one.run()
            assert "movie:7" in {each.id for each in one.ledger.asides()}
    finally:
        ispyb.run("SET GLOBAL sql_mode = DEFAULT")
    assert whole(ispyb) == WHOLE


def test_a_ledger_that_is_lost_or_restored_doubles_nothing(
    session: DeliveredSession, ispyb: Any
) -> None:
    with delivery(session, sink_of(ispyb), booked=VISIT) as one:
        one.run()
    ledger = SinkLedger(session.folder, "lims").path
    kept = ledger.read_bytes()
    session.grow(5)
    with delivery(session, sink_of(ispyb), booked=VISIT) as one:
        one.run()
    more = whole(ispyb)
    for content in (kept, b""):
        for file in ledger.parent.glob("sink-lims.db*"):
            file.unlink()
        if content:
            ledger.write_bytes(content)
        with delivery(session, sink_of(ispyb), booked=VISIT) as one:
            assert one.run() > 0
        assert whole(ispyb) == more


def test_a_server_that_is_killed_is_caught_up_with(session: DeliveredSession, ispyb: Any) -> None:
    with delivery(session, sink_of(ispyb), booked=VISIT) as one:
        one.run()
        ispyb.server.kill()
        session.grow(3)
        with pytest.raises(SinkDown, match="Can't connect|gone away|Lost connection"):
            one.run()
        ispyb.server.start()
        ispyb.engine.dispose()
        one.run()
        assert not one.ledger.asides()
    assert ispyb.count("Movie") == 9


def _deliver(folder: Path, ispyb: Any, where: str) -> None:
    """In a process that kills itself, at a place or by the clock of its parent."""
    session = DeliveredSession.__new__(DeliveredSession)
    session.folder = folder
    sink = sink_of(ispyb)
    sink.at_once = 7  # type: ignore[misc]
    with delivery(session, sink, booked=VISIT) as one:
        record, count = one.ledger.record, 0

        def killing(*args: Any) -> None:
            nonlocal count
            count += 1
            if where == "before the ledger" and count == 1:
                os.kill(os.getpid(), signal.SIGKILL)
            record(*args)
            if where == "after the ledger" and count == 1:
                os.kill(os.getpid(), signal.SIGKILL)

        if where:
            one.ledger.record = killing  # type: ignore[method-assign]
        one.run()


def _apart(what: Callable[..., None], *args: Any) -> Any:
    """Begin something in another process, which has all that this one has loaded."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = multiprocessing.get_context("fork").Process(target=what, args=args)
        made.start()
    return made


def test_killed_at_any_instant_it_loses_and_doubles_nothing(
    session: DeliveredSession, ispyb: Any
) -> None:
    ispyb.engine.dispose()
    draw = random.Random(5)
    deaths = 0
    for turn in range(12):
        where = ("before the ledger", "after the ledger", "", "")[turn % 4]
        process = _apart(_deliver, session.folder, ispyb, where)
        if not where:
            time.sleep(draw.uniform(0.0, 0.15))
            process.kill()
        process.join(60)
        deaths += process.exitcode == -signal.SIGKILL
        session.grow(1)
    assert deaths >= 6
    with delivery(session, sink_of(ispyb), booked=VISIT) as one:
        one.run()
        assert not one.ledger.asides() and one.run() == 0
    assert ispyb.count("DataCollection") == 1 and ispyb.count("AutoProcProgram") == 1
    movies = [row["movieFullPath"] for row in ispyb.rows("Movie")]
    assert len(movies) == len(set(movies)) == 18
    for table, parent in (
        ("MotionCorrection", "movieId"), ("CTF", "motionCorrectionId"),
        ("ParticlePicker", "firstMotionCorrectionId"), ("ParticleClassification", "classNumber"),
    ):  # fmt: skip
        parents = [row[parent] for row in ispyb.rows(table)]
        assert len(parents) == len(set(parents)), table
    assert ispyb.count("CTF") == 18 and ispyb.count("ParticleClassification") == 24


def test_numbers_that_were_given_to_others_are_not_written_to(
    session: DeliveredSession, ispyb: Any
) -> None:
    """ISPyB was restored from a backup, and gave the numbers of our rows out again."""
    tables = ("DataCollectionGroup", "AutoProcProgram", "Movie", "MotionCorrection", "CTF")
    with delivery(session, sink_of(ispyb), booked=VISIT) as one:
        one.run()
    ispyb.run("UPDATE DataCollectionGroup SET comments = 'of others'")
    others = {table: ispyb.rows(table) for table in tables}
    session.grow(1)
    with delivery(session, sink_of(ispyb), booked=VISIT) as one:
        with pytest.raises(Held, match="restored from a backup.* facility sinks s --again"):
            one.run()
        one.ledger.forget_versions()
        one.run()
        assert not one.ledger.asides()
    for table in tables:
        assert ispyb.rows(table)[: len(others[table])] == others[table], table
    assert ispyb.count("Movie") == 6 + 7
    assert ispyb.count("ParticleClassification") == 24 + 24


def test_a_session_is_not_moved_to_another_visit(session: DeliveredSession, ispyb: Any) -> None:
    with delivery(session, sink_of(ispyb), booked=VISIT) as one:
        one.run()
    with delivery(session, sink_of(ispyb), booked="cm99999-9") as one:
        one.ledger.forget_versions()
        assert one.run() > 0
    (group,) = ispyb.rows("DataCollectionGroup")
    assert group["sessionId"] == 7
