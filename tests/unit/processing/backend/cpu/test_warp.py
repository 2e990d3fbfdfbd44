import numpy as np

from icestream.processing.backend import Warp, cpu


def accumulate(frames, shifts, factors, tile=16):
    rows, columns = (-(-size // tile) for size in frames.shape[1:])
    full = np.broadcast_to(
        np.asarray(shifts, np.float32)[:, None, None, :], (len(frames), rows, columns, 2)
    )
    sums = np.zeros((len(factors), *frames.shape[1:]), np.float32)
    gain = np.ones(frames.shape[1:], np.float32)
    cpu.warp_accumulate(sums, frames, gain, Warp(full, np.asarray(factors, np.float32), tile))
    return sums


def test_a_flat_frame_stays_flat_however_it_is_moved():
    frames = np.full((2, 40, 37), 3, np.uint8)
    sums = accumulate(frames, [(3.3, -7.9), (-50.2, 60.1)], [(1, 1), (0.5, -1)])
    np.testing.assert_allclose(sums[0], 6, rtol=1e-6)
    np.testing.assert_allclose(sums[1], -1.5, rtol=1e-6)


def test_a_whole_pixel_moves_content_by_that():
    frames = np.zeros((1, 48, 48), np.float32)
    frames[0, 20, 20] = 1
    still = accumulate(frames, [(0, 0)], [(1,)])[0]
    moved = accumulate(frames, [(3, -5)], [(1,)])[0]
    np.testing.assert_allclose(moved, np.roll(still, (3, -5), (0, 1)), atol=1e-7)


def test_a_slow_wave_is_moved_between_pixels():
    y, x = np.indices((64, 64))
    wave = np.cos(2 * np.pi * (y + 2 * x) / 32).astype(np.float32)
    moved = accumulate(wave[None], [(0.4, 0.7)], [(1,)])[0]
    true = np.cos(2 * np.pi * (y - 0.4 + 2 * (x - 0.7)) / 32)
    response = np.sinc(1 / 32) ** 6 * np.sinc(2 / 32) ** 6
    inside = (slice(8, -8),) * 2
    np.testing.assert_allclose(moved[inside], response * true[inside], atol=2e-4)


def test_tiles_move_on_their_own_and_threads_agree():
    frames = np.random.default_rng(2).poisson(2.0, (3, 50, 70)).astype(np.uint16)
    gain = np.random.default_rng(3).uniform(0.8, 1.2, (50, 70)).astype(np.float32)
    shifts = np.random.default_rng(4).normal(0, 3, (3, 4, 5, 2)).astype(np.float32)
    warp = Warp(shifts, np.ones((1, 3), np.float32), 16)
    one, four = np.zeros((2, 1, 50, 70), np.float32)
    cpu.warp_accumulate(one, frames, gain, warp)
    cpu.warp_accumulate(four, frames, gain, warp, threads=4)
    np.testing.assert_array_equal(one, four)
    corner = Warp(np.broadcast_to(shifts[:, :1, :1], shifts.shape), warp.factors, 16)
    like_corner = np.zeros_like(one)
    cpu.warp_accumulate(like_corner, frames, gain, corner)
    np.testing.assert_array_equal(one[0, :16, :16], like_corner[0, :16, :16])
    assert not np.array_equal(one[0, 16:32], like_corner[0, 16:32])
