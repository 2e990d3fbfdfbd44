"""The GPU gives what the CPU gives."""

import numpy as np
import pytest

from icestream.processing.backend import Warp, cpu, operations, to_host

KINDS = [np.uint8, np.int8, np.uint16, np.int16, np.int32, np.float32]


def movie(kind, shape=(3, 37, 50)):
    rng = np.random.default_rng(7)
    frames = rng.poisson(3.0, shape).astype(kind)
    return frames, rng.uniform(0.8, 1.2, shape[1:]).astype(np.float32)


@pytest.mark.parametrize("kind", KINDS)
def test_binned_frames(device, kind):
    frames, gain = movie(kind)
    moved = device(frames)
    binned = operations(moved).bin_frames(moved, device(gain), 3, threads=2)
    np.testing.assert_allclose(to_host(binned), cpu.bin_frames(frames, gain, 3), rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_warped_sums(device, kind):
    frames, gain = movie(kind)
    rng = np.random.default_rng(8)
    # Far enough beyond the borders to be mirrored twice.
    shifts = rng.normal(0, 20, (3, 3, 4, 2)).astype(np.float32)
    factors = rng.normal(size=(4, 3)).astype(np.float32)
    sums = rng.normal(size=(4, 37, 50)).astype(np.float32)
    moved = device(sums)
    warp = Warp(device(shifts), device(factors), 16)
    operations(moved).warp_accumulate(moved, device(frames), device(gain), warp, threads=2)
    cpu.warp_accumulate(sums, frames, gain, Warp(shifts, factors, 16))
    np.testing.assert_allclose(to_host(moved), sums, rtol=1e-5, atol=2e-5)


def test_shifts_may_stay_on_the_host(device):
    frames, gain = movie(np.uint8)
    warp = Warp(np.ones((3, 3, 4, 2), np.float32), np.ones((1, 3), np.float32), 16)
    sums = np.zeros((1, 37, 50), np.float32)
    moved = device(sums)
    operations(moved).warp_accumulate(moved, device(frames), device(gain), warp)
    cpu.warp_accumulate(sums, frames, gain, warp)
    np.testing.assert_allclose(to_host(moved), sums, rtol=1e-5)


def test_counts_that_no_camera_writes_are_refused(device):
    frames, gain = device(np.zeros((1, 8, 8), np.float64)), device(np.ones((8, 8), np.float32))
    with pytest.raises(TypeError, match="float64 cannot be summed on a GPU; known: uint8"):
        operations(frames).bin_frames(frames, gain, 2)


def test_sums_that_would_be_copied_are_refused(device):
    frames, gain = movie(np.uint8)
    sums = device(np.zeros((1, 37, 50), np.float64))
    warp = Warp(np.zeros((3, 3, 4, 2), np.float32), np.ones((1, 3), np.float32), 16)
    with pytest.raises(ValueError, match="contiguous float32"):
        operations(sums).warp_accumulate(sums, device(frames), device(gain), warp)
