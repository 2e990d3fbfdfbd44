from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import fft

from icestream.processing.dose import Dose, dose_weights
from icestream.processing.fourier import fourier_crop, frequency_grid
from icestream.processing.motion import warp
from icestream.processing.motion.local_motion import LocalMotion
from icestream.processing.motion.magnification import Distortion, undo_distortion
from icestream.processing.motion.spectra import Frames
from icestream.processing.motion.warp import Recipe, sum_frames
from rings import ring_correlation

PIXEL = 1.5
SIZE = 256


def noise_movie(count=12, seed=7, kind=np.uint8):
    rng = np.random.default_rng(seed)
    counts = rng.poisson(4.0, (count, SIZE, SIZE)).astype(kind)
    gain = np.exp(0.1 * rng.standard_normal((SIZE, SIZE))).astype(np.float32)
    return Frames(counts, gain, PIXEL), rng.normal(0, 4.0, (count, 2))


def exact_sums(frames, shifts, dose):
    """Each frame shifted and weighted in Fourier space."""
    ky, kx = np.fft.fftfreq(SIZE, PIXEL)[:, None], np.fft.rfftfreq(SIZE, PIXEL)
    weights = dose_weights(frequency_grid((SIZE, SIZE), PIXEL), len(frames), dose)
    plain = weighted = 0
    for f, (dy, dx) in enumerate(shifts):
        spectrum = fft.rfft2(frames.counts[f] * frames.gain)
        spectrum = spectrum * np.exp(-2j * np.pi * (ky * dy + kx * dx))
        plain = plain + spectrum
        weighted = weighted + weights[f] * spectrum
    weighted = weighted / np.sqrt((weights**2).mean(axis=0))
    return fft.irfft2(plain), fft.irfft2(weighted)


def inner(image):
    """Without the border, which the exact shift wraps around."""
    cut = image[16:-16, 16:-16]
    window = np.hanning(len(cut))
    return ((cut - cut.mean()) * window[:, None] * window).astype(np.float32)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_sums_agree_with_exact_shifts_up_to_seven_tenths_of_nyquist(kind):
    frames, shifts = noise_movie(kind=kind)
    dose = Dose(per_frame=1.3, pre=0.5)
    found = sum_frames(frames, shifts, Recipe(dose=dose), cores=2)
    reach = round(0.7 * (SIZE - 32) / 2)
    for ours, exact in zip(
        (found.plain, found.weighted), exact_sums(frames, shifts, dose), strict=True
    ):
        assert ring_correlation(inner(ours), inner(exact))[2:reach].min() > 0.999
        np.testing.assert_allclose(ours.mean(), exact.mean(), rtol=2e-3)
        smooth = fourier_crop(inner(ours), (144, 144)), fourier_crop(inner(exact), (144, 144))
        assert smooth[0].std() == pytest.approx(smooth[1].std(), rel=0.005)


def test_without_motion_the_plain_sum_is_the_sum():
    frames, shifts = noise_movie()
    found = sum_frames(frames, 0 * shifts)
    wanted = (frames.counts * frames.gain).sum(axis=0)
    assert found.weighted is None
    assert ring_correlation(inner(found.plain), inner(wanted))[1:].min() > 0.9999
    np.testing.assert_allclose(found.plain[8:-8, 8:-8], wanted[8:-8, 8:-8], atol=0.05)


def test_a_local_model_that_only_shifts_equals_the_shift():
    frames, shifts = noise_movie()
    local = LocalMotion(shifts, np.zeros((2, 18)), 1.0)
    np.testing.assert_allclose(
        sum_frames(frames, local).plain, sum_frames(frames, shifts).plain, atol=1e-3
    )


def test_a_local_model_brings_a_moved_spot_back():
    coefficients = np.zeros((2, 6, 3))
    coefficients[:, :, 0] = np.random.default_rng(3).normal(0, 2.0, (2, 6))
    motion = LocalMotion(np.zeros((3, 2)), coefficients.reshape(2, 18), 1.0)
    y, x = np.indices((SIZE, SIZE))
    spot_y, spot_x = 180.0, 60.0
    place = np.array([[(spot_y + 0.5) / SIZE - 0.5, (spot_x + 0.5) / SIZE - 0.5]])
    shifts = motion.at(place)[:, 0] / PIXEL
    counts = np.stack(
        [100 * np.exp(-((y - spot_y + dy) ** 2 + (x - spot_x + dx) ** 2) / 18) for dy, dx in shifts]
    ).astype(np.float32)
    image = sum_frames(Frames(counts, np.ones((SIZE, SIZE), np.float32), PIXEL), motion).plain
    assert np.abs(shifts[2]).max() > 1
    total = image.sum()
    assert (image * y).sum() / total == pytest.approx(spot_y, abs=0.05)
    assert (image * x).sum() / total == pytest.approx(spot_x, abs=0.05)


def test_binning_crops_in_fourier_space():
    frames, shifts = noise_movie()
    dose = Dose(per_frame=1.3)
    full = sum_frames(frames, shifts, Recipe(dose=dose))
    half = sum_frames(frames, shifts, Recipe(dose=dose, binning=2.0))
    assert half.plain.shape == (SIZE // 2, SIZE // 2)
    for small, large in ((half.plain, full.plain), (half.weighted, full.weighted)):
        np.testing.assert_allclose(small, fourier_crop(large, small.shape), atol=0.02)


def test_odd_sizes_and_shifts_beyond_the_frame():
    counts = np.ones((2, 45, 71), np.uint8)
    frames = Frames(counts, np.ones((45, 71), np.float32), 1.0)
    found = sum_frames(frames, np.array([[0.0, 0.0], [100.3, -200.7]]))
    np.testing.assert_allclose(found.plain, 2.0, atol=1e-3)


def bent_motion(count=12):
    coefficients = np.zeros((2, 6, 3))
    coefficients[:, 1:, 0] = np.random.default_rng(3).normal(0, 0.02, (2, 5))
    shifts = np.random.default_rng(4).normal(0, 4.0, (count, 2))
    return LocalMotion(shifts, coefficients.reshape(2, 18), 1.0)


@pytest.mark.parametrize("binning", [1.0, 2.0])
@pytest.mark.parametrize("local", [False, True])
def test_exact_sums_are_what_the_quick_ones_approach(binning, local):
    frames, shifts = noise_movie()
    motion = bent_motion() if local else shifts
    dose = Dose(per_frame=1.3, pre=0.5)
    recipe = Recipe(dose=dose, binning=binning, halves=True, exact=True)
    exact = sum_frames(frames, motion, recipe)
    quick = sum_frames(frames, motion, Recipe(dose=dose, binning=binning, halves=True))
    reach = round(0.7 * len(inner(exact.plain)) / 2)
    pairs = [(exact.plain, quick.plain), (exact.weighted, quick.weighted)]
    for one, two in [*pairs, *zip(exact.halves, quick.halves, strict=True)]:
        assert ring_correlation(inner(one), inner(two))[2:reach].min() > 0.999
    if not local:
        wanted = exact_sums(frames, motion, dose)
        if binning == 1:
            np.testing.assert_allclose(exact.plain, wanted[0], atol=2e-3)
            np.testing.assert_allclose(exact.weighted, wanted[1], atol=2e-3)


def test_halves_add_up_and_hold_every_other_frame():
    frames, shifts = noise_movie(count=7)
    found = sum_frames(frames, shifts, Recipe(dose=Dose(per_frame=1.0), halves=True))
    np.testing.assert_allclose(sum(found.halves), found.plain, atol=1e-3)
    for start in (0, 1):
        part = Frames(frames.counts[start::2], frames.gain, PIXEL)
        alone = sum_frames(part, shifts[start::2]).plain
        # Only the mean response of the interpolation differs.
        assert ring_correlation(inner(found.halves[start]), inner(alone))[2:70].min() > 0.9995


def test_a_distortion_is_undone_in_every_sum():
    frames, shifts = noise_movie()
    stretch = Distortion(angle=20.0, major=1.02, minor=0.99)
    recipe = Recipe(dose=Dose(per_frame=1.0), halves=True)
    bent = sum_frames(frames, shifts, recipe)
    straight = sum_frames(frames, shifts, replace(recipe, distortion=stretch))
    for found, seen in zip(
        (straight.plain, straight.weighted, *straight.halves),
        (bent.plain, bent.weighted, *bent.halves),
        strict=True,
    ):
        np.testing.assert_allclose(found, undo_distortion(seen, stretch), rtol=1e-6)


def test_halves_agree_as_far_as_they_show_the_same():
    frames, shifts = noise_movie()
    assert sum_frames(frames, shifts).agreement(PIXEL) is None
    scene = np.random.default_rng(1).poisson(20.0, (1, SIZE, SIZE)).astype(np.uint8)
    same = replace(frames, counts=np.repeat(scene, len(frames), axis=0))
    still = np.zeros_like(shifts)
    assert sum_frames(same, still, Recipe(halves=True)).agreement(PIXEL) == pytest.approx(1.0)
    noise = replace(frames, gain=np.ones_like(frames.gain))
    assert abs(sum_frames(noise, still, Recipe(halves=True)).agreement(PIXEL)) < 0.1
    # Nothing between 30 and 10 Å with pixels of 40 Å.
    assert sum_frames(same, still, Recipe(halves=True)).agreement(40.0) is None


def test_the_best_sum_is_the_weighted_one():
    frames, shifts = noise_movie()
    weighted = sum_frames(frames, shifts, Recipe(dose=Dose(per_frame=1.0)))
    assert weighted.best is weighted.weighted
    plain = sum_frames(frames, shifts)
    assert plain.best is plain.plain


def test_the_weighted_sum_has_the_noise_power_of_the_plain_one():
    counts = np.random.default_rng(8).poisson(4.0, (24, SIZE, SIZE)).astype(np.uint8)
    frames = Frames(counts, np.ones((SIZE, SIZE), np.float32), PIXEL)
    found = sum_frames(frames, np.zeros((24, 2)), Recipe(dose=Dose(per_frame=2.0)))
    assert found.weighted.std() == pytest.approx(found.plain.std(), rel=0.02)


def test_weights_on_another_library_are_those_of_the_kernel(monkeypatch):
    """The way for CuPy, walked with numpy."""
    rng = np.random.default_rng(5)
    spectrum = (rng.normal(size=(32, 17)) + 1j * rng.normal(size=(32, 17))).astype(np.complex64)
    undo = rng.random(32).astype(np.float32), rng.random(17).astype(np.float32)
    frequency = (
        30 * np.fft.fftfreq(32).astype(np.float32),
        30 * np.fft.rfftfreq(32).astype(np.float32),
    )
    table = rng.random(40)
    totals = []
    for library in (np, SimpleNamespace(**{name: getattr(np, name) for name in dir(np)})):
        monkeypatch.setattr(warp, "operations", lambda _, xp=library: SimpleNamespace(xp=xp))
        totals.append(np.ones_like(spectrum))
        warp._add_weighted(totals[-1], spectrum, undo, frequency, table)
    np.testing.assert_allclose(*totals, atol=1e-5)
