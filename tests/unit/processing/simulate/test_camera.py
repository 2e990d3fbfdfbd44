"""The camera: gain, counting statistics, and the warp of a moving specimen."""

import numpy as np
import pytest
from scipy import fft

from icestream.processing.simulate.camera import age_camera, expose, make_camera, spline_prefilter
from icestream.processing.simulate.tracks import Tracks

STILL = Tracks(shifts=np.zeros((1, 2)), local=np.zeros((1, 2, 6)))


def _spline(image):
    factors = spline_prefilter(image.shape[0], half=False)[:, None] * spline_prefilter(
        image.shape[1], half=True
    )
    return fft.irfft2(fft.rfft2(image.astype(np.float32)) * factors, s=image.shape)


def _wave(y, x):
    return 0.5 * np.cos(2 * np.pi * (y / 9.0 + x / 13.0)) + 0.3 * np.sin(2 * np.pi * x / 7.0)


def test_gain_has_mean_one_and_its_dead_pixels():
    camera = make_camera(np.random.default_rng(1), (200, 160))
    alive = camera.gain > 0
    assert camera.shape == (200, 160)
    assert camera.gain[alive].mean() == pytest.approx(1.0, abs=0.01)
    assert 0.03 < camera.gain[alive].std() < 0.12
    assert (~alive).all(axis=0).sum() == 1
    assert len(camera.hot) >= 2


@pytest.mark.parametrize("mean", [0.3, 2.9, 25.0])
def test_counts_are_poisson(mean):
    flat = np.zeros((280, 280), dtype=np.float32)
    flux = np.full((256, 256), mean, dtype=np.float32)
    counts = expose(flat, 12, STILL, 0, flux, seed=5).astype(float)
    assert counts.mean() == pytest.approx(mean, abs=5 * np.sqrt(mean / 65536))
    assert counts.var() == pytest.approx(mean, rel=0.04)
    # Neighbours know nothing of each other.
    assert abs(np.corrcoef(counts[:, 1:].ravel(), counts[:, :-1].ravel())[0, 1]) < 0.02
    assert abs(np.corrcoef(counts[1:].ravel(), counts[:-1].ravel())[0, 1]) < 0.02


def test_the_seed_makes_the_counts():
    flat, flux = np.zeros((80, 80), np.float32), np.full((64, 64), 3.0, np.float32)
    first, again, other = (expose(flat, 8, STILL, 0, flux, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.5


def test_a_shift_is_added_to_the_coordinates_of_the_frame():
    n, margin = 117, 12
    y, x = np.mgrid[:n, :n] - margin
    tracks = Tracks(shifts=np.array([[1.37, -2.61]]), local=np.zeros((1, 2, 6)))
    flux = np.full((91, 91), 40.0, dtype=np.float32)
    total = sum(
        expose(_spline(_wave(y, x)), margin, tracks, 0, flux, seed=s).astype(float)
        for s in range(40)
    )
    v, u = np.mgrid[:91, :91]
    expected = 1 + _wave(v + 1.37, u - 2.61)
    found = total / (40 * 40.0)
    assert np.sqrt(np.mean((found - expected) ** 2)) < 1.2 / np.sqrt(40 * 40.0)


def test_local_shifts_bend_the_frame_as_the_truth_says():
    n, margin = 176, 24
    y, x = np.mgrid[:n, :n] - margin
    local = np.zeros((1, 2, 6))
    local[0, 0] = [0.2, 1.0, -2.0, 3.0, 1.5, -1.0]
    local[0, 1] = [-0.3, 4.0, 1.0, -1.0, 0.5, 2.0]
    tracks = Tracks(shifts=np.array([[0.4, 0.9]]), local=local)
    flux = np.full((128, 128), 30.0, dtype=np.float32)
    total = sum(
        expose(_spline(_wave(y, x)), margin, tracks, 0, flux, seed=s).astype(float)
        for s in range(60)
    )
    v, u = np.mgrid[:128, :128]
    shift = tracks.at(v.ravel(), u.ravel(), (128, 128))[0].reshape(2, 128, 128)
    expected = 1 + _wave(v + shift[0], u + shift[1])
    error = total / (60 * 30.0) - expected
    noise = np.sqrt(1 / (60 * 30.0))
    # The shift is the same over 8 pixels of a row: up to 0.12 px off for this bend of 0.03 px/px.
    assert np.sqrt(np.mean(error**2)) < np.hypot(1.1 * noise, 0.03)


def test_a_camera_that_has_aged_differs_by_what_a_pixel_and_a_stripe_gain():
    camera = make_camera(np.random.default_rng(1), (256, 256))
    aged = age_camera(np.random.default_rng(2), camera)
    alive = camera.gain > 0
    change = aged.gain[alive] / camera.gain[alive]
    assert np.array_equal(aged.hot, camera.hot)
    assert np.array_equal(aged.gain > 0, alive)
    assert change.std() == pytest.approx(np.hypot(0.03, 0.015), rel=0.15)
    assert aged.gain.mean() == pytest.approx(1.0, abs=1e-5)
