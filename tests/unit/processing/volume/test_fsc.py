import numpy as np
import pytest

from balls import Balls
from icestream.processing.volume.fsc import (
    at_limit,
    cube_correlation,
    fourier_shell_correlation,
    resolution_at,
    shell_numbers,
)
from icestream.processing.volume.slices import cube_of


def test_a_volume_correlates_with_itself_and_its_negative(lopsided: Balls) -> None:
    volume = lopsided.volume()
    assert np.allclose(fourier_shell_correlation(volume, 3.0 * volume)[:12], 1.0, atol=1e-4)
    assert np.allclose(fourier_shell_correlation(volume, -volume)[:12], -1.0, atol=1e-4)


def test_noise_lowers_it_as_theory_says() -> None:
    """Of two volumes with as much noise as signal, the correlation is one half."""
    rng = np.random.default_rng(1)
    signal, first, second = rng.standard_normal((3, 32, 32, 32)).astype(np.float32)
    found = fourier_shell_correlation(signal + first, signal + second)
    assert found[6:].mean() == pytest.approx(0.5, abs=0.02)
    assert abs(fourier_shell_correlation(first, second)[6:].mean()) < 0.02
    reach = 9
    cubes = [cube_of(each, reach, 32) for each in (signal + first, signal + second)]
    assert np.allclose(cube_correlation(*cubes), found[: reach + 1], atol=1e-4)


def test_shells_are_numbered_from_the_origin() -> None:
    shells = shell_numbers(4)
    assert shells.shape == (9, 9, 5)
    assert (shells[4, 4, 0], shells[4, 4, 4], shells[8, 4, 0], shells[7, 8, 0]) == (0, 4, 4, 5)


def test_resolution_is_read_between_shells() -> None:
    curve = np.array([1, 1, 1, 0.8, 0.2, 0.1], dtype=np.float32)
    assert resolution_at(curve, 0.5, 100.0) == pytest.approx(100.0 / 3.5)
    assert resolution_at(curve, 0.05, 100.0) == 20.0
    assert resolution_at(np.array([1.0, 0.3, 0.2], np.float32), 0.5, 100.0) == 0.0


def test_a_curve_that_stays_above_gives_but_a_limit() -> None:
    curve = np.array([1, 1, 0.9, 0.8, 0.68], dtype=np.float32)
    assert at_limit(curve, 0.143)
    assert not at_limit(curve, 0.7)
    assert not at_limit(np.array([1, 0.1, 0.5], np.float32), 0.143)
    assert not at_limit(curve[:1], 0.143)


def test_volumes_of_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"two cubic volumes of one size .* \(4, 4, 4\)"):
        fourier_shell_correlation(np.zeros((4, 4, 4), np.float32), np.zeros((4, 4, 6), np.float32))
