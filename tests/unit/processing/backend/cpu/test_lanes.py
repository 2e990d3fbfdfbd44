import numba
import numpy as np
import pytest

from icestream.processing.backend.cpu.lanes import LANES, add_filtered, filter_lanes, load_counts


@numba.njit
def load(counts, gain, out):
    load_counts(out.ctypes.data, counts.ctypes.data, gain.ctypes.data, counts)


@numba.njit
def filtered(source, out, step, taps):
    filter_lanes(out.ctypes.data, source.ctypes.data, np.uint64(4 * step), taps)


@numba.njit
def added(source, out, taps, factors):
    between = np.uint64(4 * out.shape[1])
    add_filtered(out.ctypes.data, source.ctypes.data, np.uint64(4), taps, factors, between)


@pytest.mark.parametrize("kind", ["u1", "u2", "i1", "i2", "f4"])
def test_counts_are_multiplied_by_the_gain_and_nothing_else_is_written(kind):
    largest = 100 if kind == "i1" else 200
    counts = np.random.default_rng(1).integers(0, largest, LANES).astype(kind)
    if kind.startswith("i"):
        counts[::2] *= -1
    gain = np.linspace(0.5, 1.5, LANES).astype(np.float32)
    out = np.full(LANES + 2, 7, np.float32)
    load(counts, gain, out[1:-1])
    np.testing.assert_allclose(out[1:-1], counts * gain, rtol=1e-6)
    assert out[0] == out[-1] == 7


@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize("count", [1, 4, 6])
def test_a_filter_is_a_sum_of_moved_lines(step, count):
    rng = np.random.default_rng(2)
    source = rng.normal(size=LANES + step * count).astype(np.float32)
    taps = tuple(rng.normal(size=count).astype(np.float32))
    out = np.zeros(LANES, np.float32)
    filtered(source, out, step, taps)
    wanted = sum(tap * source[step * k : step * k + LANES] for k, tap in enumerate(taps))
    np.testing.assert_allclose(out, wanted, rtol=1e-5, atol=1e-6)


def test_each_sum_gets_its_share():
    rng = np.random.default_rng(3)
    source = rng.normal(size=LANES + 2).astype(np.float32)
    taps = tuple(rng.normal(size=3).astype(np.float32))
    factors = tuple(rng.normal(size=4).astype(np.float32))
    out = np.ones((4, LANES + 5), np.float32)
    added(source, out, taps, factors)
    moved = sum(tap * source[k : k + LANES] for k, tap in enumerate(taps))
    np.testing.assert_allclose(out[:, :LANES], 1 + np.outer(factors, moved), rtol=1e-4, atol=1e-5)
    assert (out[:, LANES:] == 1).all()
