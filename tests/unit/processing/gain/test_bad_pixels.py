import numpy as np
import pytest

from camera import count_movies, sensitivity
from icestream.processing.gain.bad_pixels import find_bad_pixels
from icestream.processing.gain.sums import GainSums
from icestream.processing.simulate.camera import make_camera

SHAPE = (256, 256)


@pytest.fixture(scope="module")
def counted() -> tuple[np.ndarray, np.ndarray, GainSums]:
    """A camera's gain, its truly bad pixels, and the sums of 20 movies."""
    rng = np.random.default_rng(41)
    camera = make_camera(rng, SHAPE)
    truth = camera.gain == 0
    truth[camera.hot[:, 0].astype(int), camera.hot[:, 1].astype(int)] = True
    *_, sums = count_movies(camera, rng, 20)
    return camera.gain, truth, sums


def test_dead_and_hot_pixels_and_the_dead_column(
    counted: tuple[np.ndarray, np.ndarray, GainSums],
) -> None:
    _, truth, sums = counted
    found = find_bad_pixels(sums)
    assert found[truth].all()
    assert (found & ~truth).sum() <= 3


def test_a_pixel_that_the_gain_corrects_is_good() -> None:
    rng = np.random.default_rng(42)
    gain = np.ones(SHAPE, np.float32)
    gain[rng.integers(0, 256, 40), rng.integers(0, 256, 40)] = 2.0
    sums = GainSums(SHAPE)
    for _ in range(4):
        sums.add(rng.poisson(100 / gain).astype(np.uint32), 40)
    assert find_bad_pixels(sums)[gain == 2.0].all()
    assert not find_bad_pixels(sums, gain).any()


def test_a_noisy_pixel_is_found_although_its_mean_is_right() -> None:
    rng = np.random.default_rng(43)
    sums = GainSums(SHAPE)
    for number in range(20):
        total = rng.poisson(40.0, SHAPE).astype(np.uint32)
        total[100, 120] = 75 if number % 2 else 5
        sums.add(total, 40)
    assert np.argwhere(find_bad_pixels(sums)).tolist() == [[100, 120]]


def test_a_column_that_is_bad_in_a_quarter_is_bad() -> None:
    rng = np.random.default_rng(44)
    sums = GainSums(SHAPE)
    for _ in range(4):
        total = rng.poisson(40.0, SHAPE).astype(np.uint32)
        total[:100, 77] = 0
        total[12, :90] = 900
        sums.add(total, 40)
    found = find_bad_pixels(sums)
    assert found[:, 77].all()
    assert found[12].all()
    assert found.sum() <= 256 + 256 + 2


def test_a_specimen_is_no_defect() -> None:
    """A border between ice and thick carbon, the same in every movie."""
    rng = np.random.default_rng(45)
    scene = np.where(np.arange(256)[None, :] < 120, 40.0, 26.0) * np.ones((256, 1))
    sums = GainSums(SHAPE)
    for _ in range(6):
        sums.add(rng.poisson(scene).astype(np.uint32), 40)
    assert find_bad_pixels(sums).mean() < 1e-3


def test_noise_alone_leaves_no_bad_pixel_after_one_movie() -> None:
    camera = make_camera(np.random.default_rng(46), SHAPE)
    seen = np.where(camera.gain > 0, sensitivity(camera), 1.0)
    sums = GainSums(SHAPE)
    sums.add(np.random.default_rng(47).poisson(40 * seen).astype(np.uint32), 40)
    assert find_bad_pixels(sums).sum() <= 2
