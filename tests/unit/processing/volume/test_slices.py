import numpy as np
import pytest

from balls import BOX, Array, Balls
from icestream.processing.classify2d.polar import PolarGrid
from icestream.processing.volume.fsc import shell_numbers
from icestream.processing.volume.slices import (
    Sums,
    central_slices,
    cube_of,
    footprint,
    soft_sphere,
    volume_of,
)
from icestream.processing.volume.symmetry import point_group

RINGS, ANGLES = 10, 64


def test_a_central_slice_is_the_transform_of_the_projection(lopsided: Balls, views: Array) -> None:
    grid = PolarGrid(BOX, RINGS, ANGLES)
    images = lopsided.images(views[:40], np.zeros((40, 2)))
    found = central_slices(lopsided.volume(), views[:40], RINGS, ANGLES, BOX)
    wanted = grid.spectra(images)
    assert np.linalg.norm(found - wanted) < 0.03 * np.linalg.norm(wanted)


def test_voxels_may_be_larger_than_pixels(lopsided: Balls, views: Array) -> None:
    volume = lopsided.volume()
    small = volume_of(cube_of(volume, 11, BOX), 24, BOX)
    fine = central_slices(volume, views[:5], 8, ANGLES, BOX)
    coarse = central_slices(small, views[:5], 8, ANGLES, BOX)
    assert np.abs(fine - coarse).max() < 0.02 * np.abs(fine).max()


def test_a_cube_holds_a_band_limited_volume(lopsided: Balls) -> None:
    cube = cube_of(lopsided.volume(), 10, BOX)
    again = cube_of(volume_of(cube, BOX, BOX), 10, BOX)
    assert np.allclose(again, cube, atol=1e-4 * np.abs(cube).max())
    # The plane kx = 0 of a real volume is its own mirror image.
    assert np.allclose(cube[:, :, 0], cube[::-1, ::-1, 0].conj(), atol=1e-3)
    assert cube[10, 10, 0].real == pytest.approx(lopsided.volume().sum() / BOX, rel=1e-4)


@pytest.mark.parametrize("name", ["C1", "D2"])
def test_slices_put_back_give_the_volume(dihedral: Balls, views: Array, name: str) -> None:
    volume, group = dihedral.volume(), point_group(name)
    slices = central_slices(volume, views, RINGS, ANGLES, BOX)
    sums = Sums.empty(RINGS)
    for half in (0, 1):
        part = slices[half::2]
        power = np.full((len(part), RINGS), 2.0, dtype=np.float32)
        sums.add(half, 2.0 * part, power, views[half::2], group)
    whole = sums.hermitian()
    numerator, denominator = whole.numerator.sum(axis=0), whole.denominator.sum(axis=0)
    found = volume_of(numerator / np.maximum(denominator, 1e-3), BOX, BOX) / footprint(BOX, 1)
    inside = soft_sphere(BOX, 12.0, 2.0)
    limited = cube_of(volume, RINGS + 1, BOX)
    limited[shell_numbers(RINGS + 1) > RINGS] = 0.0
    wanted = volume_of(limited, BOX, BOX)
    difference = (found - wanted) * inside
    assert difference.std() < 0.1 * (wanted * inside).std()


def test_sums_fade_and_keep_the_halves_apart(views: Array) -> None:
    sums = Sums.empty(4)
    one = np.ones((1, 4, 8), dtype=np.complex64)
    sums.add(1, one, np.ones((1, 4), np.float32), views[:1], point_group("C1"))
    assert not sums.denominator[0].any()
    before = float(sums.denominator[1].sum())
    # Each ring stands for its area: half of 2 pi r.
    assert before == pytest.approx(np.pi * (1 + 2 + 3 + 4), rel=1e-4)
    sums.fade(0.25)
    assert float(sums.denominator.sum()) == pytest.approx(0.25 * before, rel=1e-5)


def test_the_sphere_is_soft() -> None:
    sphere = soft_sphere(16, 4.0, 2.0)
    assert sphere[8, 8, 8] == sphere[8, 8, 12] == 1.0
    assert sphere[8, 8, 13] == pytest.approx(0.5)
    assert sphere[8, 8, 14] == pytest.approx(0.0, abs=1e-6)
