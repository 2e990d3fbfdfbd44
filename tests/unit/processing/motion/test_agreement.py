import numpy as np
import pytest

from icestream.processing.motion.agreement import measure_agreement
from icestream.processing.motion.patches import cut_patches
from icestream.processing.motion.spectra import Binned

RNG = np.random.default_rng(1)
SHAPE = (40, 60)


@pytest.fixture(scope="module")
def patches():
    images = RNG.normal(size=(4, *SHAPE)).astype(np.float32)
    return cut_patches(Binned(images, 2.0), 2, 6.0, None, np.zeros((4, 2)))


@pytest.fixture(scope="module")
def weight(patches):
    weight = RNG.uniform(0.5, 1, patches.band.k.shape).astype(np.float32)
    weight[~patches.band.mask(6.0)] = 0
    return weight


def moved_patch(patches, which, shifts):
    band = patches.band
    spectra = (patches.real[which] + 1j * patches.imaginary[which]).transpose(1, 0, 2)
    turn = band.ky[:, None] * shifts[:, 0, None, None] + band.kx * shifts[:, 1, None, None]
    return spectra * np.exp(-2j * np.pi * turn)


def test_the_agreement_is_that_with_the_sum_of_the_others(patches, weight):
    shifts = RNG.normal(0, 2, (len(patches), 4, 2))
    found = measure_agreement(patches, weight, shifts)
    power = 0
    for i in range(len(patches)):
        moved = moved_patch(patches, i, shifts[i])
        total = moved.sum(axis=0)
        wanted = 2 * (weight * (moved * (total - moved).conj()).real).sum(axis=(1, 2))
        np.testing.assert_allclose(found.value[i], wanted, rtol=1e-3, atol=2.0)
        power = power + np.abs(total) ** 2
    used = weight > 0
    np.testing.assert_allclose(found.power[used], power[used], rtol=1e-3)


def test_derivatives_match_finite_differences(patches, weight):
    shifts = RNG.normal(0, 1, (len(patches), 4, 2))
    found = measure_agreement(patches, weight, shifts)
    h = 0.02
    for f in range(4):
        # A frame against the others: what is theirs does not change.
        curvature = np.zeros(len(patches))
        for axis in range(2):
            step = np.zeros(shifts.shape)
            step[:, f, axis] = h
            up, here, down = (
                measure_agreement(patches, weight, shifts + s * step).value[:, f]
                for s in (1, 0, -1)
            )
            slope = (up - down) / (2 * h)
            np.testing.assert_allclose(found.slope[:, f, axis], slope, rtol=5e-3, atol=8.0)
            curvature -= 0.5 * (up - 2 * here + down) / h**2
        scale = np.abs(found.bend).max()
        np.testing.assert_allclose(found.bend[:, f], curvature, atol=0.03 * scale)


def test_the_slopes_of_all_frames_cancel(patches, weight):
    found = measure_agreement(patches, weight, RNG.normal(0, 2, (len(patches), 4, 2)))
    np.testing.assert_allclose(found.slope.sum(axis=1), 0, atol=1e-4 * np.abs(found.slope).max())


def test_what_the_cutting_has_undone_is_not_undone_again():
    images = RNG.normal(size=(2, 60, 60)).astype(np.float32)
    images[1] = np.roll(images[0], (-3, 0), axis=(0, 1))
    shifts = np.array([[0.0, 0.0], [6.0, 0.0]])
    patches = cut_patches(Binned(images, 2.0), 3, 6.0, None, shifts)
    weight = patches.band.mask(6.0).astype(np.float32)
    everywhere = np.broadcast_to(shifts, (len(patches), 2, 2))
    found = measure_agreement(patches, weight, everywhere)
    inner = 4
    assert np.abs(found.slope[inner]).max() < 1e-3 * found.bend[inner].max()


def test_threads_change_nothing(patches, weight):
    shifts = RNG.normal(0, 2, (len(patches), 4, 2))
    one = measure_agreement(patches, weight, shifts)
    two = measure_agreement(patches, weight, shifts, cores=2)
    np.testing.assert_array_equal(one.slope, two.slope)
    np.testing.assert_array_equal(one.power, two.power)


def test_nothing_is_read_where_nothing_weighs(patches):
    nothing = np.zeros(patches.band.k.shape, np.float32)
    found = measure_agreement(patches, nothing, np.zeros((len(patches), 4, 2)))
    assert not found.value.any()
    assert not found.power.any()
