"""Blind estimates against the gain that the counts were made with."""

import numpy as np
import pytest

from camera import count_movies
from icestream.processing.gain.bad_pixels import find_bad_pixels
from icestream.processing.gain.estimate import GainEstimate, estimate_gain
from icestream.processing.gain.sums import GainSums
from icestream.processing.simulate.camera import Camera, make_camera

SHAPE = (256, 320)


def correlation(found: GainEstimate, camera: Camera) -> float:
    good = (found.gain > 0) & (camera.gain > 0)
    return float(np.corrcoef(found.gain[good], camera.gain[good])[0, 1])


@pytest.fixture(scope="module", params=[31, 32])
def history(request: pytest.FixtureRequest) -> dict[int, tuple[Camera, GainEstimate]]:
    """The estimate after 1, 10 and 100 movies of 40 frames with 1 electron in a pixel."""
    rng = np.random.default_rng(request.param)
    camera = make_camera(rng, SHAPE)
    found = {}
    for sums in count_movies(camera, rng, 100):
        if sums.movies in (1, 10, 100):
            found[sums.movies] = camera, estimate_gain(sums, find_bad_pixels(sums))
    return found


def test_it_approaches_the_true_gain(history: dict[int, tuple[Camera, GainEstimate]]) -> None:
    values = [correlation(found, camera) for camera, found in history.values()]
    assert values == sorted(values)
    assert values[-1] > 0.95


def test_the_stated_error_is_the_true_one(history: dict[int, tuple[Camera, GainEstimate]]) -> None:
    for movies in (10, 100):
        camera, found = history[movies]
        good = (found.gain > 0) & (camera.gain > 0)
        ratio = found.gain[good] / camera.gain[good]
        true = float((ratio / ratio.mean()).std())
        assert found.error == pytest.approx(true, rel=0.15)
        assert found.correlation == pytest.approx(correlation(found, camera), abs=0.03)


def test_stripes_are_found_before_single_pixels_are() -> None:
    """Columns of 3 % after two movies, in which the noise of a pixel is 11 %."""
    rng = np.random.default_rng(6)
    stripes = (1 + 0.03 * rng.normal(size=(1, SHAPE[1]))) * np.ones((SHAPE[0], 1))
    camera = Camera(gain=stripes.astype(np.float32), hot=np.zeros((0, 3), np.float32))
    *_, sums = count_movies(camera, rng, 2)
    found = estimate_gain(sums, np.zeros(SHAPE, bool))
    profile = found.gain.mean(axis=0)
    assert np.corrcoef(profile, stripes[0])[0, 1] > 0.9
    assert (found.gain - profile).std() < 0.04


def test_a_strong_pixel_is_not_drawn_to_the_others() -> None:
    rng = np.random.default_rng(7)
    gain = np.ones(SHAPE, np.float32)
    gain[100, 100] = 1.6
    camera = Camera(gain=gain, hot=np.zeros((0, 3), np.float32))
    *_, sums = count_movies(camera, rng, 20)
    found = estimate_gain(sums, np.zeros(SHAPE, bool)).gain
    assert found[100, 100] == pytest.approx(1.6, rel=0.15)
    assert found.mean() == pytest.approx(1.0, abs=1e-4)


def test_an_even_camera_has_a_gain_of_one() -> None:
    """Nothing but noise: the halves share nothing, and all of it is taken out."""
    rng = np.random.default_rng(8)
    sums = GainSums(SHAPE)
    for _ in range(4):
        sums.add(rng.poisson(20.0, SHAPE).astype(np.uint32), 20)
    found = estimate_gain(sums, np.zeros(SHAPE, bool))
    assert found.pattern < 0.02
    assert found.gain.std() < 0.02


def test_the_dose_does_not_matter_beyond_its_noise() -> None:
    rng = np.random.default_rng(9)
    counts = rng.poisson(1000.0, SHAPE).astype(np.uint32)
    one, ten = GainSums(SHAPE), GainSums(SHAPE)
    for total in (counts, counts[::-1]):
        one.add(total, 10)
        ten.add(total, 1)
    bad = np.zeros(SHAPE, bool)
    np.testing.assert_allclose(
        estimate_gain(one, bad).gain, estimate_gain(ten, bad).gain, rtol=1e-4
    )


def test_bad_pixels_are_zero_and_spoil_nothing() -> None:
    rng = np.random.default_rng(10)
    sums = GainSums(SHAPE)
    bad = np.zeros(SHAPE, bool)
    bad[:, 40] = bad[7, 9] = True
    for _ in range(2):
        total = rng.poisson(400.0, SHAPE).astype(np.uint32)
        total[bad] = 10**6
        sums.add(total, 10)
    found = estimate_gain(sums, bad).gain
    assert not found[bad].any()
    assert abs(found[~bad] - 1).max() < 0.4


def test_nothing_counted_is_refused() -> None:
    with pytest.raises(ValueError, match="no pixel has counted"):
        estimate_gain(GainSums((8, 8)), np.zeros((8, 8), bool))
