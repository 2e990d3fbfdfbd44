import numpy as np
import pytest

from balls import Balls
from icestream.processing.volume.align import (
    Comparison,
    align,
    mirrored,
    move,
    symmetrized,
    turn,
    varied,
)
from icestream.processing.volume.fsc import fourier_shell_correlation
from icestream.processing.volume.rotations import axis_rotations, euler_rotations
from icestream.processing.volume.symmetry import point_group


@pytest.mark.parametrize("hand", [False, True])
def test_a_turned_moved_and_mirrored_volume_is_laid_back(lopsided: Balls, hand: bool) -> None:
    volume = lopsided.volume()
    other = mirrored(volume) if hand else volume
    other = move(turn(other, euler_rotations(50.0, 70.0, 200.0), 13), np.array([1.3, -0.7, 0.4]))
    found = align(volume, other, 9)
    assert found.hand == hand
    assert found.correlation > 0.98
    assert fourier_shell_correlation(volume, found.volume)[1:9].min() > 0.98
    assert align(volume, mirrored(volume), 9, hands=False).correlation < 0.8


def test_the_rotation_and_the_shift_are_told(lopsided: Balls) -> None:
    volume, rotation = lopsided.volume(), euler_rotations(20.0, 40.0, -10.0)
    found = align(volume, turn(volume, rotation, 13), 9)
    assert np.abs(found.rotation @ rotation - np.eye(3)).max() < 0.03
    assert np.abs(found.shift).max() < 0.1
    again = move(turn(turn(volume, rotation, 13), found.rotation, 13), found.shift)
    assert np.abs(again - found.volume).max() < 0.05 * volume.max()


def test_turning_moves_the_density_as_the_matrix_says(lopsided: Balls) -> None:
    rotation = euler_rotations(35.0, 60.0, 110.0)
    wanted = lopsided.volume(rotation)
    assert np.abs(turn(lopsided.volume(), rotation, 14) - wanted).max() < 0.05 * wanted.max()


def test_moving_is_exact_for_whole_voxels(lopsided: Balls) -> None:
    volume = lopsided.volume()
    rolled = np.roll(volume, (1, -2, 3), axis=(0, 1, 2))
    assert np.allclose(move(volume, np.array([1.0, -2.0, 3.0])), rolled, atol=1e-4)


@pytest.mark.parametrize("box", [8, 9])
def test_the_other_hand_keeps_the_center(box: int) -> None:
    volume = np.random.default_rng(1).random((box, box, box)).astype(np.float32)
    other = mirrored(volume)
    assert np.array_equal(other[box // 2], volume[box // 2])
    assert np.array_equal(other[box // 2 + 1], volume[box // 2 - 1])
    assert np.array_equal(mirrored(other), volume)


def test_symmetrizing_keeps_what_is_symmetric(dihedral: Balls, lopsided: Balls) -> None:
    group, volume = point_group("D2"), dihedral.volume()
    assert np.abs(symmetrized(volume, group, 14) - volume).max() < 0.05 * volume.max()
    made = symmetrized(lopsided.volume(), group, 12)
    for element in group:
        assert np.abs(turn(made, element, 12) - made).max() < 0.05 * made.max()


def test_shells_count_alike_and_without_their_isotropic_part(lopsided: Balls) -> None:
    """A ball around the particle changes nothing, though it is most of the density."""
    volume = lopsided.volume()
    axis = np.arange(32) - 16
    r2 = axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2
    ball = volume + 5.0 * np.exp(-r2 / 18.0).astype(np.float32)
    rotations, shells = axis_rotations(np.eye(3), 40.0), np.arange(2, 9)
    plain = Comparison(volume, volume, shells).correlations(rotations)
    assert np.abs(plain).max() < 0.7
    assert np.allclose(Comparison(ball, ball, shells).correlations(rotations), plain, atol=0.01)
    assert np.abs(varied(ball) - varied(volume)).max() < 0.02 * ball.max()
    assert np.abs(varied(ball - volume)).max() < 0.02 * ball.max()


def test_only_the_shells_asked_for_are_compared(lopsided: Balls) -> None:
    """Fine noise in the one volume does not matter where fine shells are left out."""
    volume = lopsided.volume()
    spectrum = np.fft.fftn(np.random.default_rng(1).standard_normal(volume.shape))
    k = np.fft.fftfreq(len(volume)) * len(volume)
    spectrum[k[:, None, None] ** 2 + k[:, None] ** 2 + k**2 < 9.0**2] = 0.0
    noisy = volume + (volume.std() * np.fft.ifftn(spectrum).real).astype(np.float32)
    itself = np.eye(3, dtype=np.float32)[None]
    told = [
        float(Comparison(volume, noisy, np.arange(2, last)).correlations(itself)[0])
        for last in (8, 13)
    ]
    assert told[0] > 0.98
    assert told[1] < 0.8
