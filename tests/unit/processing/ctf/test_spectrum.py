import numpy as np
import pytest
from numpy.typing import NDArray

from icestream.processing.ctf import UnusableImage, power_spectrum


def test_a_wave_is_found_where_it_is() -> None:
    """A wave along increasing rows and columns shows in that quadrant, and opposite."""
    y, x = np.indices((512, 512))
    image = np.cos(2 * np.pi * (0.125 * y + 0.25 * x)).astype(np.float32)
    image += np.random.default_rng(1).normal(0, 0.1, image.shape).astype(np.float32)
    found = power_spectrum(image, 2.0, tile_size=128)
    center = len(found.power) // 2
    row, column = np.unravel_index(int(found.power.argmax()), found.power.shape)
    assert {(row - center) // 16, (column - center) // 32} <= {1, -1}
    assert (row - center) * (column - center) > 0
    assert abs(row - center) * found.step == pytest.approx(0.125 / 2.0, abs=found.step)


def test_it_is_symmetric() -> None:
    image = np.random.default_rng(2).normal(size=(300, 400)).astype(np.float32)
    power = power_spectrum(image, 1.5, tile_size=128).power
    inner = power[1:, 1:]
    assert inner == pytest.approx(inner[::-1, ::-1], rel=1e-5)


def test_white_noise_is_flat(noise: NDArray[np.float32]) -> None:
    found = power_spectrum(noise, 1.5, tile_size=128)
    center = len(found.power) // 2
    quarter = found.power[8 : center - 8, 8 : center - 8]
    assert found.tiles == 121
    assert quarter.mean() == pytest.approx(1.0, abs=0.03)
    # The mean of n exponential variables scatters by 1/sqrt(n), somewhat more as tiles overlap.
    assert quarter.std() == pytest.approx(1.0 / np.sqrt(found.tiles), rel=0.35)


def test_fine_pixels_are_resampled_to_one_point_four() -> None:
    image = np.random.default_rng(3).normal(size=(700, 700)).astype(np.float32)
    found = power_spectrum(image, 0.7, tile_size=256)
    assert found.pixel_size == pytest.approx(1.4, rel=0.01)
    assert found.power.shape == (256, 256)


def test_coarse_pixels_stay() -> None:
    image = np.random.default_rng(3).normal(size=(700, 700)).astype(np.float32)
    found = power_spectrum(image, 2.1, tile_size=256)
    assert found.pixel_size == pytest.approx(2.1)


def test_a_carbon_edge_is_left_out(noise: NDArray[np.float32]) -> None:
    image = noise.copy()
    strong = np.random.default_rng(4).normal(0, 60, (48, 64))
    image[:192, :256] += np.kron(strong, np.ones((4, 4)))
    found = power_spectrum(image, 1.5, tile_size=128)
    assert 4 <= found.left_out <= 30
    assert found.power[60:70, 60:70].mean() < 3.0


def test_pixels_that_are_not_finite_are_bridged(noise: NDArray[np.float32]) -> None:
    image = noise.copy()
    image[10:14, 20:30] = np.nan
    image[300:] = np.inf
    found = power_spectrum(image, 1.5, tile_size=128)
    assert np.isfinite(found.power).all()
    assert found.left_out > found.tiles


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((256, 256), np.float32),
        np.full((256, 256), 1e6, np.float32),
        np.full((256, 256), np.nan, np.float32),
    ],
)
def test_an_image_without_content_is_refused(image: NDArray[np.float32]) -> None:
    with pytest.raises(UnusableImage, match=r"all 9 tiles .* beam was off"):
        power_spectrum(image, 1.5, tile_size=128)


def test_a_tiny_image_is_refused() -> None:
    with pytest.raises(UnusableImage, match=r"\(100, 4000\).*at least 128 x 128"):
        power_spectrum(np.ones((100, 4000), np.float32), 1.5)


def test_an_image_smaller_than_a_tile_is_one_tile() -> None:
    image = np.random.default_rng(5).normal(size=(201, 201)).astype(np.float32)
    found = power_spectrum(image, 1.5)
    assert found.power.shape == (200, 200)


def test_a_sum_of_groups_has_the_mean_of_their_spectra() -> None:
    groups = np.random.default_rng(6).normal(size=(3, 300, 300)).astype(np.float32)
    found = power_spectrum(groups, 1.5, tile_size=128).power
    alone = [power_spectrum(group, 1.5, tile_size=128).power for group in groups]
    assert found == pytest.approx(np.mean(alone, axis=0), rel=1e-5)
