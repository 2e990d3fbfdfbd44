"""What one exposure shows: its best items, the edge of its spectrum, the motion over its field."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from icestream.formats import write_picture
from icestream.model import ITEM_TYPES, Ctf, Micrograph, Movie, Optics, column
from icestream.model.micrograph import Motion
from icestream.processing.simulate.assembly import make_cage
from icestream.processing.simulate.camera import Camera
from icestream.processing.simulate.exposure import Conditions, simulate_movie
from icestream.processing.simulate.tracks import MotionTraits
from icestream.processing.simulate.transfer import Aberrations
from icestream.report.shots import (
    errors_of,
    first_item,
    motion_field,
    picks_of,
    ring_edge,
    shot,
    specimen_track,
    taken_of,
)
from icestream.store import queries
from report_session import SampleSession


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleSession:
    session = SampleSession(tmp_path_factory.mktemp("shots") / "s", start=1.79e9)
    session.grow(3)
    return session


def test_the_deepest_step_gives_the_best_of_each_kind(sample: SampleSession) -> None:
    name = queries.exposures(sample.store, state="done")[0].name
    results, items = shot(sample.store, name, ITEM_TYPES)
    assert list(results) == ["import", "align", "ctf", "select", "pick", "extract"]
    ctf = first_item(items, Ctf)
    assert ctf is not None
    assert ctf[0].record.step == "ctf"
    assert isinstance(taken_of(items), Movie)
    assert [made.record.step for made, _ in picks_of(items)] == ["pick"]
    expected: set[str] = set() if ctf[1].defocus_error is None else {"ctf.defocus"}
    assert expected <= errors_of(items).keys()


def test_what_stands_is_shown_until_it_is_made_again(tmp_path: Path) -> None:
    session = SampleSession(tmp_path / "s", start=1.79e9)
    session.grow(3)
    name = queries.exposures(session.store, state="done")[0].name
    before, _ = shot(session.store, name, ITEM_TYPES)
    session.change("ctf")
    with closing(session.store):
        after, _ = shot(session.store, name, ITEM_TYPES)
        of_branch, _ = shot(session.store, name, ITEM_TYPES, "main")
    assert after["ctf"].id == before["ctf"].id
    assert "ctf" not in of_branch


def test_the_edge_of_the_spectrum(sample: SampleSession) -> None:
    name = queries.exposures(sample.store, state="done")[0].name
    found = first_item(shot(sample.store, name, ITEM_TYPES)[1], Ctf)
    assert found is not None
    frequency = np.linspace(0.01, 0.6, 50)
    ctf = replace(found[1], curve=column(np.stack([frequency] * 3)))
    assert ring_edge(replace(ctf, resolution=5.0)) == pytest.approx(1 / 3)
    assert ring_edge(replace(ctf, resolution=2.2)) == pytest.approx(0.5)
    assert ring_edge(replace(ctf, resolution=1.1)) == pytest.approx(0.6, rel=1e-6)


def test_the_motion_over_the_field_is_that_of_the_model(sample: SampleSession) -> None:
    name = queries.exposures(sample.store, state="done")[0].name
    found = first_item(shot(sample.store, name, ITEM_TYPES)[1], Micrograph)
    assert found is not None
    micrograph, motion = found[1], found[1].motion
    assert motion is not None
    assert motion_field(micrograph, replace(motion, local=None)) is None
    local = np.zeros((2, 18))
    local[1, 3] = 0.01  # along x, by the frame, as much as the place along x
    field = motion_field(micrograph, replace(motion, local=column(local)))
    assert field is not None
    x, dx, dy = field.T[[0, 2, 3]]
    width = micrograph.shape[1]
    assert (x > 0).all()
    assert (x < width).all()
    frames = len(motion.shifts) - 1
    way = (np.asarray(motion.shifts)[0] - np.asarray(motion.shifts)[-1]) * motion.pixel_size
    place = (x + 0.5) / width - 0.5
    assert np.allclose(dx, way[1] - 0.01 * frames * place * motion.pixel_size, atol=1e-4)
    assert np.allclose(dy, way[0], atol=1e-4)


def test_a_track_goes_the_way_that_things_go_in_the_picture(tmp_path: Path) -> None:
    """Down and to the left, from the first frame to the last."""
    conditions = Conditions(
        optics=Optics(pixel_size=2.0, voltage=300.0, amplitude_contrast=0.07),
        aberrations=Aberrations(defocus_u=15200.0, defocus_v=15000.0, angle=40.0),
        frames=6, dose_per_frame=12.0, particles=30,
        motion=MotionTraits(early=(0, 0), walk=(0, 0), doming=(0, 0), drift=8.0),
    )  # fmt: skip
    camera = Camera(gain=np.ones((192, 192), np.float32), hot=np.zeros((0, 3), np.float32))
    truth, movie = simulate_movie(conditions, make_cage(), camera, np.random.default_rng(19))
    frames = list(movie)
    motion = Motion(shifts=column(truth.tracks.shifts), pixel_size=2.0)
    track = specimen_track(motion)[-1] / 2.0
    assert track[0] > 5
    assert track[1] < -5
    pictures = []
    for name, frame in (("first", frames[0]), ("last", frames[-1])):
        smooth = gaussian_filter(frame.astype(np.float64), 2.0)
        low, high = np.percentile(smooth, [1, 99])
        grey = (255 * np.clip((smooth - low) / (high - low), 0, 1)).astype(np.uint8)
        with Image.open(write_picture(tmp_path / f"{name}.png", grey)) as shown:
            pictures.append(np.asarray(shown, dtype=np.float64))
    first, last = (np.fft.rfft2(picture - picture.mean()) for picture in pictures)
    likeness = np.fft.irfft2(last * first.conj(), s=(192, 192))
    found = np.unravel_index(np.argmax(likeness), likeness.shape)
    down, right = ((int(place) + 96) % 192 - 96 for place in found)
    assert (down, right) == pytest.approx(tuple(track), abs=1.5)
