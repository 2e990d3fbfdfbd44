"""The truth is read as it was written."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from icestream.processing.simulate.exposure import ParticleTruth, Truth
from icestream.processing.simulate.tracks import random_tracks
from icestream.simulator.plan import SessionPlan
from icestream.simulator.schedule import schedule
from icestream.simulator.truth import read_truth, truth_folder, write_truth


def test_truth_survives_its_file(tmp_path):
    plan = SessionPlan(faults=frozenset({"dose"}), movies=1)
    shot = next(schedule(plan, datetime(2026, 3, 4, tzinfo=UTC)))
    rng = np.random.default_rng(1)
    tracks = random_tracks(rng, 24, 1.3, 1.5, shot.conditions.motion)
    particles = ParticleTruth(
        y=rng.uniform(0, 1024, 5),
        x=rng.uniform(0, 1024, 5),
        defocus=np.full(5, 12345.6),
        rotations=rng.normal(size=(5, 3, 3)).astype(np.float32),
    )
    truth = Truth(conditions=shot.conditions, tracks=tracks, particles=particles)
    path = tmp_path / "folder" / "one.json"
    write_truth(path, shot, truth, movie="a/b.tiff", specimen="cage", diameter=125.0)
    found = read_truth(path)
    assert found.exposure == shot.exposure.name
    assert found.movie == "a/b.tiff"
    assert found.pixel_size == shot.conditions.optics.pixel_size
    assert found.faults == ("dose",)
    assert found.defocus == shot.conditions.aberrations.defocus
    assert found.dose_per_frame == shot.conditions.dose_per_frame < 1.3
    np.testing.assert_allclose(found.tracks.shifts, tracks.shifts, atol=1e-5)
    np.testing.assert_allclose(found.tracks.local, tracks.local, atol=1e-6)
    np.testing.assert_allclose(found.y, particles.y, atol=1e-3)
    np.testing.assert_allclose(found.rotations, particles.rotations, atol=1e-5)


def test_truth_lies_beside_the_session():
    assert truth_folder(Path("/data/session7")) == Path("/data/session7_truth")
