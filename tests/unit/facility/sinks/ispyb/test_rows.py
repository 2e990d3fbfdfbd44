"""Contents as rows, in the units of ISPyB."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from icestream.facility.sinks.ispyb import rows
from icestream.facility.sinks.ispyb.rows import SessionRows
from icestream.facility.sinks.parcels import (
    ClassContent,
    ClassesContent,
    CtfContent,
    ModelContent,
    MotionContent,
    MovieContent,
    PicksContent,
    SessionContent,
    StatusContent,
    VerdictContent,
)

AT = 1764517200.0  # 2025-11-30 15:40 UTC
MADRID = ZoneInfo("Europe/Madrid")
OURS = SessionRows(group=1, collection=2, job=3, program=4)


def test_a_session_is_a_collection_with_its_pixel_in_nanometres() -> None:
    content = SessionContent(
        uid="u1", name="s", workflow="default", folder="/p/s", microscope="k", project="p",
        began=AT, steps=(("ctf", "ctf.estimate"), ("other", "ctf.estimate")), software="icestream",
        images="/d/raw", suffix="tiff", shape=(4092, 5760), pixel_size=0.832, voltage=300.0,
        dose=50.5, phase_plate=False,
    )  # fmt: skip
    assert rows.group_row(content, 7, 37)["comments"] == "icestream u1 s"
    row = rows.collection_row(content, 7, 1, MADRID)
    assert row["pixelSizeOnImage"] == pytest.approx(0.0832)
    assert (row["imageSizeX"], row["imageSizeY"]) == (5760, 4092)
    assert row["imageDirectory"] == "/d/raw/" and row["totalExposedDose"] == 50.5
    assert row["startTime"] == datetime(2025, 11, 30, 16, 40)  # of the facility's clock
    assert rows.job_row(content, 2, "em-spa-preprocess")["recipe"] == "em-spa-preprocess"
    program = rows.program_row(content, 3, MADRID)
    assert program["processingPrograms"] == "icestream: ctf.estimate"
    empty = SessionContent(
        uid="u", name="s", workflow="", folder="", microscope="", project="", began=AT, steps=(),
        software="",
    )  # fmt: skip
    assert rows.collection_row(empty, 7, 1, UTC)["pixelSizeOnImage"] is None


def test_movies_have_times_of_utc_and_places() -> None:
    movie = MovieContent(
        number=3, exposure="e", path="/d/e.tiff", taken_in=AT, acquired=AT - 60.0, frames=40,
        dose=50.0, nominal_defocus=12000.0, tilt=30.0, stage=(1.5, -2.0, 3.0),
    )  # fmt: skip
    row = rows.movie_row(movie, 2)
    assert row["createdTimeStamp"] == datetime(2025, 11, 30, 15, 39)
    assert (row["positionX"], row["positionY"], row["angle"], row["fluence"]) == (1.5, -2.0, 30, 50)
    bare = MovieContent(number=3, exposure="e", path="/d/e.tiff", taken_in=AT)
    assert rows.movie_row(bare, 2)["positionX"] is None


def test_motion_ctf_and_picks() -> None:
    motion = MotionContent(
        number=3, exposure="e", micrograph="/m", total=12.0, per_frame=0.3, dose_weighted=True
    )
    row = rows.motion_row(motion, OURS, 9)
    assert (row["movieId"], row["autoProcProgramId"], row["doseWeight"]) == (9, 4, 1.0)
    ctf = CtfContent(
        number=3, exposure="e", defocus_u=12000.0, defocus_v=11000.0, defocus=11500.0,
        astigmatism=1000.0, angle=None, phase_shift=90.0, resolution=None, score=0.2, ice_ring=0.1,
        amplitude_contrast=0.07, searched=(3000.0, 50000.0), fitted=(30.0, 4.0), box=512,
        thickness=412.0, doubt="few rings",
    )  # fmt: skip
    row = rows.ctf_row(ctf, 4, 5)
    assert (row["estimatedDefocus"], row["astigmatism"]) == (11500.0, 1000.0)
    assert (row["minDefocus"], row["maxResolution"], row["boxSizeX"]) == (3000.0, 4.0, 512)
    assert row["amplitudeContrast"] == 0.07 and row["estimatedResolution"] is None
    assert row["comments"] == "phase shift 90.0 degrees; ice 41 nm; doubtful few rings"
    picks = PicksContent(number=3, exposure="e", particles=80, picker="picks.log", diameter=130.0)
    assert rows.picks_row(picks, 4, 5)["particleDiameter"] == 13.0


def test_classes_models_and_verdicts() -> None:
    classes = ClassesContent(
        snapshot=4, particles=900, classes=12, pixel_size=3.0, diameter=None, step="classify"
    )
    row = rows.classes_row(classes, 4, None)
    assert (row["type"], row["numberOfParticlesPerBatch"], row["binnedPixelSize"]) == ("2D", 900, 3)
    one = ClassContent(
        number=2, particles=90, share=0.1, resolution=None, score=None, selected=None, picture=None
    )
    assert rows.class_row(one, 6)["estimatedResolution"] == 0.0
    assert rows.class_row(one, 6)["selected"] is False
    model = ModelContent(
        snapshot=1, particles=900, resolution=None, symmetry="C1", pixel_size=3.0, map="/m",
        picture=None,
    )  # fmt: skip
    assert rows.model_row(model) == {"resolution": None, "numberOfParticles": 900}
    for state, reasons, words in (
        ("done", (), "accepted"), ("going", (), None), ("failed", (), "failed"),
        ("rejected", ("select: ice", "ann: no"), "rejected: select: ice; ann: no"),
    ):  # fmt: skip
        verdict = VerdictContent(number=1, exposure="e", state=state, reasons=reasons)
        assert rows.verdict_words(verdict) == words


def test_a_program_is_done_or_goes_on() -> None:
    status = StatusContent(
        state="running", reason="", began=AT, ended=None, exposures=5, accepted=3, rejected=1,
        failed=1, medians={},
    )  # fmt: skip
    row = rows.status_row(status, UTC)
    assert row["processingStatus"] is None and row["processingEndTime"] is None
    assert row["processingMessage"] == "running (5 exposures, 3 accepted, 1 rejected, 1 failed)"
    for changed, told in (
        ({"state": "done", "final": True}, 1), ({"state": "done"}, 1), ({"state": "stopped"}, None),
        ({"state": "stopped", "final": True}, 1),
    ):  # fmt: skip
        over = replace(status, ended=AT, **changed)  # type: ignore[arg-type]
        assert rows.status_row(over, UTC)["processingStatus"] == told
    assert rows.mark_of("u") == "icestream u"
