"""SerialEM's metadata, as our own reader of real mdoc files understands them."""

from datetime import UTC, datetime

import numpy as np
import pytest

from icestream.formats import read_defects, read_mdoc_frames
from icestream.processing.simulate.camera import make_camera
from icestream.simulator import serialem
from icestream.simulator.plan import SessionPlan
from icestream.simulator.schedule import schedule

STARTED = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(("container", "stored"), [("tiff", 24), ("eer", 240)])
def test_a_movie_reads_as_it_was_planned(tmp_path, container, stored):
    plan = SessionPlan(layout="serialem", container=container)
    shot = next(schedule(plan, STARTED))
    path = tmp_path / "m.mdoc"
    path.write_text(serialem.mdoc(plan, shot, STARTED), encoding="utf-8")
    (found,) = read_mdoc_frames(path)
    assert found.movie == serialem.movie_name(plan, shot)
    assert found.voltage == 300.0
    assert found.pixel_size == 1.5
    assert found.frames == stored
    assert found.dose == pytest.approx(31.2)
    assert found.dose_per_frame == pytest.approx(31.2 / stored)
    assert found.nominal_defocus == pytest.approx(shot.exposure.nominal_defocus)
    assert found.image_shift == pytest.approx(shot.image_shift)
    assert found.stage == pytest.approx(shot.exposure.stage, abs=1e-3)
    assert found.gain == serialem.gain_name(plan, STARTED)
    assert found.defects == serialem.defects_name(STARTED)
    assert found.acquired == shot.exposure.acquired.replace(tzinfo=None)


def test_defects_are_those_of_the_camera(tmp_path):
    camera = make_camera(np.random.default_rng(0), (96, 128))
    path = tmp_path / "defects_1.txt"
    path.write_text(serialem.defects_document(camera), encoding="utf-8")
    np.testing.assert_array_equal(read_defects(path, (96, 128)), camera.gain == 0)
