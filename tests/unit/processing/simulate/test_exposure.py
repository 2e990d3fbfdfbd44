"""Whole movies: dose, damage, motion, particles and chance are as the truth says."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import fft, ndimage

from icestream.model import Optics
from icestream.processing.dose import critical_exposure
from icestream.processing.simulate.assembly import make_cage
from icestream.processing.simulate.camera import Camera, make_camera
from icestream.processing.simulate.exposure import Conditions, simulate_movie
from icestream.processing.simulate.tracks import MotionTraits
from icestream.processing.simulate.transfer import Aberrations

STILL = MotionTraits(early=(0, 0), walk=(0, 0), doming=(0, 0))
CONDITIONS = Conditions(
    optics=Optics(pixel_size=2.0, voltage=300.0, amplitude_contrast=0.07),
    aberrations=Aberrations(defocus_u=15200.0, defocus_v=15000.0, angle=40.0),
    frames=16,
    dose_per_frame=2.0,
    particles=8,
)


def _perfect(shape):
    return Camera(gain=np.ones(shape, np.float32), hot=np.zeros((0, 3), np.float32))


def _movie(conditions, camera, seed=1):
    truth, frames = simulate_movie(conditions, make_cage(), camera, np.random.default_rng(seed))
    return truth, np.stack(list(frames))


def test_mean_counts_are_the_dose_that_passes_the_ice():
    conditions = replace(CONDITIONS, frames=4)
    _, frames = _movie(conditions, _perfect((192, 192)))
    expected = 2.0 * 2.0**2 * np.exp(-300.0 / 3950.0)
    assert frames.mean() == pytest.approx(expected, rel=0.01)


def test_the_gain_reference_makes_frames_even():
    camera = make_camera(np.random.default_rng(2), (192, 192))
    conditions = replace(CONDITIONS, frames=60, particles=0, gradient=0.0, motion=STILL)
    _, frames = _movie(conditions, camera)
    mean = frames.mean(axis=0)
    good = camera.gain > 0
    good[camera.hot[:, 0].astype(int), camera.hot[:, 1].astype(int)] = False
    uneven = np.corrcoef(mean[good], 1 / camera.gain[good])[0, 1]
    even = np.corrcoef((mean * camera.gain)[good], 1 / camera.gain[good])[0, 1]
    assert uneven > 0.3
    assert abs(even) < 0.03
    assert mean[~(camera.gain > 0)].max() == 0


def test_the_same_chance_makes_the_same_movie():
    camera = make_camera(np.random.default_rng(2), (128, 128))
    conditions = replace(CONDITIONS, frames=3)
    first, again, other = (_movie(conditions, camera, seed)[1] for seed in (7, 7, 8))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.3


def test_damage_takes_fine_detail_by_grant_and_grigorieff():
    bright = replace(CONDITIONS, motion=STILL, particles=12, dose_per_frame=4.0, thickness=0.0)
    k = np.hypot(np.fft.fftfreq(256, 2.0)[:, None], np.fft.rfftfreq(256, 2.0)[None])
    halves = []
    for seed in range(6):
        _, frames = _movie(bright, _perfect((256, 256)), seed)
        images = fft.rfft2(frames.astype(float))
        early, late = images[:8].sum(axis=0), images[8:].sum(axis=0)
        # The halves' noise is their own, so their product is the signal's; a half's own power
        # has the counts' on top.
        power = np.abs(early) ** 2 - frames[:8].sum(dtype=float)
        halves.append(((early * late.conj()).real, power))
    cross, own = np.mean(halves, axis=0)
    dose = (np.arange(16) + 0.5) * 4.0
    for low, high, within in ((0.01, 0.03, 0.02), (0.03, 0.04, 0.05), (0.065, 0.078, 0.12)):
        band = (k > low) & (k < high)
        left = np.exp(-dose[:, None] / (2 * critical_exposure(k[band], 300.0)))
        expected = np.mean(left[8:].sum(axis=0) / left[:8].sum(axis=0))
        assert cross[band].mean() / own[band].mean() == pytest.approx(expected, abs=within)
    assert expected < 0.55


def test_frames_moved_by_the_true_shifts_agree():
    traits = MotionTraits(early=(8.0, 8.0), doming=(0.0, 0.0))
    conditions = replace(CONDITIONS, motion=traits, dose_per_frame=4.0, particles=12)
    truth, frames = _movie(conditions, _perfect((256, 256)), seed=3)
    first = frames[0].astype(float)
    last = ndimage.gaussian_filter(frames[8:].sum(axis=0).astype(float), 2.0)
    shift = truth.tracks.shifts[8:].mean(axis=0)

    def agreement(dy, dx):
        moved = ndimage.shift(last, (dy, dx), order=3, mode="nearest")
        return np.corrcoef(moved[30:-30, 30:-30].ravel(), first[30:-30, 30:-30].ravel())[0, 1]

    # frame_i(p) = frame_0(p + shift): content at q of the first frame is at q - shift.
    right = agreement(*shift)
    assert right > 1.5 * max(agreement(0, 0), agreement(*-shift))


def test_particles_are_where_the_truth_says():
    conditions = replace(CONDITIONS, motion=STILL, particles=6)
    truth, frames = _movie(conditions, _perfect((256, 256)), seed=4)
    image = ndimage.gaussian_filter(frames.sum(axis=0).astype(float), 2.0)
    y, x = np.mgrid[:256, :256]
    inside, outside = [], []
    nearest = np.full((256, 256), np.inf)
    for row, column in zip(truth.particles.y, truth.particles.x, strict=True):
        nearest = np.minimum(nearest, np.hypot(y - row, x - column))
    # Protein is dark: the shell of the cage against what is far from every particle.
    inside, outside = image[(nearest > 20) & (nearest < 28)], image[nearest > 45]
    assert len(truth.particles) >= 3
    assert outside.mean() - inside.mean() > 0.4 * outside.std()
    assert (truth.particles.y < 256).all()
    assert np.abs(truth.particles.defocus - 15100.0).max() <= 150.0


def test_no_ice_and_no_particles_leave_only_counting_noise():
    conditions = replace(CONDITIONS, thickness=0.0, particles=0, gradient=0.0, frames=20)
    truth, frames = _movie(conditions, _perfect((128, 128)))
    assert len(truth.particles) == 0
    total = frames.sum(axis=0).astype(float)
    assert total.var() / total.mean() == pytest.approx(1.0, abs=0.05)


def test_crystalline_ice_has_a_ring_where_vitreous_ice_has_none():
    optics = Optics(pixel_size=1.5, voltage=300.0, amplitude_contrast=0.07)
    base = replace(CONDITIONS, optics=optics, particles=0, motion=STILL, frames=12)
    k = np.hypot(np.fft.fftfreq(256, 1.5)[:, None], np.fft.rfftfreq(256, 1.5)[None])
    ring, beside = (k > 0.25) & (k < 0.295), (k > 0.2) & (k < 0.24)
    ratio = []
    for amount in (0.0, 1.0):
        _, frames = _movie(replace(base, crystalline=amount), _perfect((256, 256)))
        power = np.abs(fft.rfft2(frames.sum(axis=0).astype(float))) ** 2
        ratio.append(power[ring].max() / power[beside].mean())
    assert ratio[1] > 3 * ratio[0]


def test_particles_lie_end_on_where_they_are_told_to():
    conditions = replace(CONDITIONS, frames=1, particles=200, spacing=0.3)
    anyhow, _ = _movie(conditions, _perfect((256, 256)))
    lain, _ = _movie(replace(conditions, end_on=1.0), _perfect((256, 256)))
    np.testing.assert_array_equal(lain.particles.y, anyhow.particles.y)
    assert np.abs(lain.particles.rotations[:, 2, 2]).min() > 0.99
    assert np.abs(anyhow.particles.rotations[:, 2, 2]).mean() < 0.7
