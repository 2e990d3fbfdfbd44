"""Parcels of a session as it is now."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from icestream.facility.sinks.pack import Packer, Packing, class_numbers
from icestream.facility.sinks.parcels import (
    CtfContent,
    ModelContent,
    MotionContent,
    MovieContent,
    PicksContent,
    SessionContent,
    StatusContent,
)
from icestream.model import Classes, Ctf, Micrograph, Motion, Movie, Picks, column
from icestream.protocol import Registry
from icestream.store import queries
from icestream.store.items import item_of
from icestream.store.touched import every_id
from sink_sessions import DeliveredSession


@pytest.fixture
def session(tmp_path: Path) -> DeliveredSession:
    made = DeliveredSession(tmp_path / "s")
    made.grow(3)
    return made


def packed(session: DeliveredSession, packing: Packing | None = None) -> dict[str, object]:
    packer = Packer(session.store, Registry(), packing or Packing())
    return {one.id: one.content for one in packer.exposures(every_id(session.store))}


def test_what_is_told_is_what_the_session_holds(session: DeliveredSession) -> None:
    found = packed(session)
    for step, port, kind in (
        ("import", "movie", Movie), ("align", "micrograph", Micrograph), ("ctf", "ctf", Ctf),
        ("pick", "picks", Picks),
    ):  # fmt: skip
        for record in queries.results(session.store, step):
            item = item_of(session.store, record, port, kind)
            number = {one.name: one.number for one in queries.exposures(session.store)}[
                record.exposure
            ]
            if isinstance(item, Movie):
                movie = found[f"movie:{number}"]
                assert isinstance(movie, MovieContent)
                assert (movie.path, movie.frames) == (str(item.path), 40)
                assert movie.dose == pytest.approx(item.dose)
                assert movie.stage is not None and movie.grid_square == "8999138"
                assert movie.acquired is not None
            elif isinstance(item, Micrograph):
                motion = found[f"motion:{number}"]
                assert isinstance(motion, MotionContent) and item.motion is not None
                assert motion.total == pytest.approx(item.motion.total)
                assert motion.per_frame == pytest.approx(item.motion.total / 40)
                x, y = motion.track[7]
                assert (y, x) == pytest.approx(
                    tuple(1.5 * np.asarray(item.motion.shifts)[7]), abs=1e-3
                )
                assert motion.plot is None
            elif isinstance(item, Ctf):
                ctf = found[f"ctf:{number}"]
                assert isinstance(ctf, CtfContent)
                assert (ctf.defocus_u, ctf.resolution) == (item.defocus_u, item.resolution)
            else:
                picks = found[f"picks:{number}"]
                assert isinstance(picks, PicksContent)
                assert (picks.particles, picks.diameter) == (len(item), 130.0)


def test_what_is_not_known_is_none(session: DeliveredSession) -> None:
    record = queries.results(session.store, "align")[1]
    known = item_of(session.store, record, "micrograph", Micrograph)
    still = Motion(shifts=column(np.zeros((40, 2))), frame_agreement=column(np.zeros(40)))
    session.remake("align", 2, micrograph=replace(known, motion=still, dose_per_frame=0.0))
    ctf = item_of(session.store, queries.results(session.store, "ctf")[1], "ctf", Ctf)
    session.remake(
        "ctf", 2, ctf=replace(ctf, resolution=float("inf"), angle_error=40.0, spectrum=None)
    )
    picks = item_of(session.store, queries.results(session.store, "pick")[0], "picks", Picks)
    session.remake("pick", 2, picks=replace(picks, diameter_known=False))
    found = packed(session)
    motion = found["motion:2"]
    assert isinstance(motion, MotionContent)
    assert motion.total is None and motion.track == () and motion.dose_per_frame is None
    fit = found["ctf:2"]
    assert isinstance(fit, CtfContent)
    assert fit.resolution is None and fit.angle is None and fit.spectrum is None
    picked = found["picks:2"]
    assert isinstance(picked, PicksContent) and picked.diameter is None


def test_a_track_is_a_file_where_pictures_are_wanted(session: DeliveredSession) -> None:
    folder = session.folder / "made"
    packer = Packer(session.store, Registry(), Packing(pictures=folder))
    motion = next(one for one in packer.exposures(every_id(session.store)) if one.kind == "motion")
    (file,) = motion.files
    assert file.path.parent == folder / "drift" and b"scatter" in file.make()
    assert isinstance(motion.content, MotionContent) and motion.content.plot == str(file.path)


def test_the_session_and_how_far_it_is(session: DeliveredSession) -> None:
    packing = Packing(microscope="krios1", project="p7", seen_as=lambda path: f"/net{path}")
    packer = Packer(session.store, Registry(), packing)
    parcel = packer.session()
    assert parcel is not None and isinstance(parcel.content, SessionContent)
    content = parcel.content
    assert (content.uid, content.microscope, content.project) == ("u1", "krios1", "p7")
    assert (content.images, content.suffix, content.voltage) == ("/net/data", "tiff", 300.0)
    assert content.dose == pytest.approx(40.8) and ("ctf", "ctf.estimate") in content.steps
    status = packer.status().content
    assert isinstance(status, StatusContent) and status.exposures == 3 and status.rejected == 1
    assert status.ended is None and "ctf.resolution" in status.medians
    session.finish()
    status = packer.status().content
    assert isinstance(status, StatusContent) and (status.state, status.ended) == (
        "done", session.now,
    )  # fmt: skip


def test_a_model_names_the_classes_it_is_of(session: DeliveredSession) -> None:
    session.classify()
    session.add_choice([number < 3 for number in range(24)])
    session.reconstruct()
    packer = Packer(session.store, Registry(), Packing())
    found = {one.id: one for one in packer.snapshots()}
    model = found["model"]
    assert isinstance(model.content, ModelContent) and model.content.classes == (1, 2, 3)
    assert model.content.resolution == 11.4 and "class:2" in model.after
    assert found["class:4"].document["selected"] is False
    session.reconstruct(efficiency=0.1)  # no one number holds in all directions
    found = {one.id: one for one in Packer(session.store, Registry(), Packing()).snapshots()}
    assert found["model"].document["resolution"] is None


def test_classes_keep_their_numbers(session: DeliveredSession) -> None:
    session.classify()
    assert isinstance(session.classes, Classes)
    assert class_numbers(session.classes) == list(range(1, 25))
    assert class_numbers(replace(session.classes, numbers=column([2, 5]))) == [2, 5]
