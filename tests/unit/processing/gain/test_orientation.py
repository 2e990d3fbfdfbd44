"""The true orientation is found whatever it is, and not claimed where it cannot be known."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from camera import count_movies
from icestream.model import ORIENTATIONS, Orientation
from icestream.processing.gain.orientation import find_orientation
from icestream.processing.simulate.camera import Camera, make_camera

RNG = np.random.default_rng(21)
CAMERA = make_camera(RNG, (256, 256))
MEANS = {sums.movies: sums.mean() for sums in count_movies(CAMERA, RNG, 3)}


def file_of(gain: NDArray[np.float32], orientation: Orientation) -> NDArray[np.float32]:
    """The reference that is right when it is laid as `orientation` says."""
    good = gain > 0
    stored = (
        np.divide(1, gain, out=np.zeros_like(gain), where=good) if orientation.inverse else gain
    )
    for candidate in ORIENTATIONS:
        turned = candidate.turn(stored)
        if np.array_equal(orientation.turn(turned), stored):
            return np.ascontiguousarray(turned)
    raise AssertionError


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("orientation", ORIENTATIONS, ids=str)
def test_every_orientation_is_found_in_one_movie(orientation: Orientation, inverse: bool) -> None:
    wanted = replace(orientation, inverse=inverse)
    found = find_orientation(MEANS[1], file_of(CAMERA.gain, wanted))
    assert found.decided
    assert found.orientation.is_same_as(wanted)
    best = int(np.argmax(np.abs(found.scores)))
    assert replace(found.orientation, inverse=False) == ORIENTATIONS[best]
    assert (found.scores[best] < 0) == inverse


def test_a_reference_is_judged_as_it_is_laid() -> None:
    stored = file_of(CAMERA.gain, Orientation(rotation=180))
    fit = find_orientation(MEANS[1], stored)
    assert fit.judge(Orientation(rotation=180)) == "right"
    assert fit.judge(Orientation(rotation=180, inverse=True)) == "wrong"
    assert fit.judge(Orientation()) == "wrong"
    assert replace(fit, certainty=1.0).judge(Orientation(rotation=180)) == "undecided"


def test_more_movies_make_it_surer_and_the_correlation_higher() -> None:
    one, three = (find_orientation(MEANS[n], CAMERA.gain) for n in (1, 3))
    assert three.certainty > one.certainty
    assert three.scores[0] > one.scores[0]


@pytest.mark.parametrize("shape", [(120, 160), (160, 120)])
def test_a_reference_of_half_or_twice_the_size(shape: tuple[int, int]) -> None:
    """Also turned, so that only four orientations have the frame's shape."""
    rng = np.random.default_rng(22)
    camera = make_camera(rng, shape)
    wanted = Orientation(rotation=90, flip="up-down")
    reference = file_of(camera.gain, wanted)
    *_, sums = count_movies(camera, rng, 2)
    mean = sums.mean()
    twice = reference.repeat(2, axis=0).repeat(2, axis=1)
    for frames, factors in ((mean, twice), (mean.repeat(2, axis=0).repeat(2, axis=1), reference)):
        found = find_orientation(frames, factors)
        assert found.decided
        assert found.orientation.is_same_as(wanted)
        assert np.count_nonzero(found.scores == 0) == 4


def test_a_reference_of_another_camera_is_undecided() -> None:
    for seed in range(5):
        other = make_camera(np.random.default_rng(100 + seed), (256, 256))
        other = replace(other, gain=other.gain / local_stripes(other.gain))
        assert not find_orientation(MEANS[3], other.gain).decided


def local_stripes(gain: NDArray[np.float32]) -> NDArray[np.float32]:
    """Stripes of converters lie at the same columns in every simulated camera."""
    return np.where(gain > 0, np.median(gain, axis=0, keepdims=True), 1) + np.float32(1e-3)


def test_stripes_alone_leave_the_flip_along_them_undecided() -> None:
    rng = np.random.default_rng(23)
    stripes = np.ones((256, 1)) * (1 + 0.05 * rng.normal(size=(1, 256)))
    camera = Camera(gain=stripes.astype(np.float32), hot=np.zeros((0, 3), np.float32))
    *_, sums = count_movies(camera, rng, 3)
    found = find_orientation(sums.mean(), camera.gain)
    assert not found.decided
    assert found.scores[0] == pytest.approx(found.scores[4], rel=1e-3)


def test_an_even_reference_says_nothing() -> None:
    found = find_orientation(MEANS[1], np.ones((256, 256), np.float32))
    assert not found.decided
    assert not found.scores.any()


def test_a_reference_that_fits_in_no_way_is_refused() -> None:
    with pytest.raises(ValueError, match=r"256 x 200 .* 256 x 256"):
        find_orientation(MEANS[1], np.ones((256, 200), np.float32))
