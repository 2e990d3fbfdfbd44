"""A model of local motion gives shifts anywhere, and forgets its first frames."""

import numpy as np
import pytest

from icestream.processing.motion.local_motion import LocalMotion

PLACES = np.array([[0.0, 0.0], [0.25, -0.5]])


@pytest.fixture
def model() -> LocalMotion:
    draw = np.random.default_rng(5)
    shifts = draw.normal(0, 2, (6, 2))
    return LocalMotion(shifts - shifts[0], draw.normal(0, 0.1, (2, 18)), gain=1.0)


def test_terms_are_of_time_and_place() -> None:
    coefficients = np.zeros((2, 18))
    coefficients[0, 0] = 1.0  # y: t
    coefficients[1, 3 * 1 + 1] = 2.0  # x: t² times x
    moved = LocalMotion(np.zeros((3, 2)), coefficients, gain=0.0).at(PLACES)
    assert moved.shape == (3, 2, 2)
    assert moved[:, 0].tolist() == [[0, 0], [1, 0], [2, 0]]
    assert moved[:, 1].tolist() == [[0, 0], [1, -1], [2, -4]]


def test_later_frames_move_as_before_against_another_first(model: LocalMotion) -> None:
    whole, later = model.at(PLACES), model.without_first(2).at(PLACES)
    assert later == pytest.approx(whole[2:] - whole[2], abs=1e-9)
