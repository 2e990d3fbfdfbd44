import numpy as np
import pytest

from icestream.processing.gain.detail import (
    detail,
    local_mean,
    pattern_in_sums,
    repeated_pattern,
)
from icestream.processing.gain.sums import GainSums

SHAPE = (200, 240)
ALL = np.ones(SHAPE, bool)


def test_an_even_image_has_no_detail_whatever_its_level() -> None:
    np.testing.assert_allclose(detail(np.full(SHAPE, 7.0, np.float32), ALL), 0, atol=1e-6)


def test_the_local_mean_follows_a_slope_and_leaves_bad_pixels_out() -> None:
    slope = np.linspace(1, 2, SHAPE[1], dtype=np.float32) * np.ones((SHAPE[0], 1), np.float32)
    valid = ALL.copy()
    valid[::7, ::5] = False
    spoilt = np.where(valid, slope, np.float32(1e6))
    found = local_mean(spoilt, valid)[20:-20, 20:-20]
    np.testing.assert_allclose(found, slope[20:-20, 20:-20], rtol=2e-3)


def test_detail_does_not_depend_on_the_illumination() -> None:
    rng = np.random.default_rng(2)
    image = 1 + 0.05 * rng.normal(size=SHAPE).astype(np.float32)
    beam = 1 + 0.3 * np.linspace(-1, 1, SHAPE[0], dtype=np.float32)[:, None]
    inner = np.s_[30:-30, 30:-30]
    np.testing.assert_allclose(
        detail(image * beam, ALL)[inner], detail(image, ALL)[inner], atol=4e-3
    )


def test_one_hot_pixel_is_cut() -> None:
    rng = np.random.default_rng(3)
    image = 1 + 0.05 * rng.normal(size=SHAPE).astype(np.float32)
    image[50, 60] = 1000.0
    assert detail(image, ALL).max() < 7 * 0.05


@pytest.mark.parametrize("pattern", [0.0, 0.01, 0.03])
def test_a_pattern_is_measured_below_the_noise(pattern: float) -> None:
    """1 % is seen although the noise of either image is 15 %."""
    rng = np.random.default_rng(4)
    shape = (600, 600)
    common = pattern * rng.normal(size=shape)
    first, second = (1 + common + 0.15 * rng.normal(size=shape) for _ in range(2))
    found = repeated_pattern(
        first.astype(np.float32), second.astype(np.float32), np.ones(shape, bool)
    )
    assert abs(found.pixels**2 - pattern**2) < 4 * found.error**2 + 0.01 * pattern**2
    assert found.error < 0.0085


def test_rows_and_columns_are_told_apart() -> None:
    rng = np.random.default_rng(5)
    columns = 0.02 * rng.normal(size=(1, SHAPE[1]))
    first, second = (
        (1 + columns + 0.05 * rng.normal(size=SHAPE)).astype(np.float32) for _ in range(2)
    )
    found = repeated_pattern(first, second, ALL)
    assert found.columns == pytest.approx(0.02, rel=0.2)
    assert found.rows < 0.002


def test_the_right_factors_leave_nothing_of_the_pattern_in_sums() -> None:
    rng = np.random.default_rng(6)
    gain = (1 + 0.05 * rng.normal(size=SHAPE)).astype(np.float32)
    gain[7, 9] = 0.0
    counted = np.divide(400.0, gain, out=np.full(SHAPE, 800.0), where=gain > 0)
    sums = GainSums(SHAPE)
    sums.add(rng.poisson(counted).astype(np.uint32), 10)
    assert pattern_in_sums(sums, None).pixels == 0.0
    sums.add(rng.poisson(counted).astype(np.uint32), 10)
    assert pattern_in_sums(sums, None).pixels == pytest.approx(0.05, rel=0.1)
    left = pattern_in_sums(sums, gain)
    assert left.pixels < 1.8 * left.error < 0.02
