import numpy as np
import pytest

from icestream.processing.classify2d.expectation import ClassExpectation
from icestream.processing.classify2d.poses import Poses

from .conftest import BOX, draw

NONE = np.zeros(0, np.float32)


def looked(angle: float, shift: tuple[float, float]) -> ClassExpectation:
    return ClassExpectation(
        numerator=NONE.astype(np.complex64),
        denominator=NONE,
        weight=NONE,
        best_class=np.array([1], np.int32),
        angle=np.array([angle], np.float32),
        shift=np.array([shift], np.float32),
        likelihood=np.array([0.75], np.float32),
    )


def test_a_look_is_recorded() -> None:
    poses = Poses()
    poses.grow(3)
    poses.record(np.array([2]), looked(30.0, (1.0, -2.0)), np.array([4, 9]))
    assert poses.number.tolist() == [0, 0, 9]
    assert poses.angle[2] == 30.0
    assert poses.shift[2].tolist() == [1.0, -2.0]
    assert poses.likelihood[2] == 0.75
    assert poses.visits.tolist() == [0, 0, 1]
    assert len(poses) == 3


def content(angle: float, shift: tuple[float, float]) -> np.ndarray:
    return draw(0, angle, np.array(shift))


def test_a_particle_of_a_class_that_joined_another_lies_where_it_did() -> None:
    """Class 9 is class 4 turned by 50 degrees and moved; the image of a particle is one thing."""
    poses = Poses()
    poses.grow(2)
    poses.record(np.array([0]), looked(70.0, (1.5, -1.0)), np.array([4, 9]))
    poses.move(9, 4, 50.0, np.array([2.0, 1.0], np.float32))
    assert poses.number.tolist() == [4, 0]
    assert poses.angle[0] == pytest.approx(120.0)
    # As an image: the class's blobs turned by 50, moved, turned by 70 about the center, moved.
    turn = np.radians(70.0)
    moved = (
        2.0 * np.cos(turn) + 1.0 * np.sin(turn) + 1.5,
        1.0 * np.cos(turn) - 2.0 * np.sin(turn) - 1.0,
    )
    found = content(float(poses.angle[0]), (poses.shift[0, 0], poses.shift[0, 1]))
    assert np.allclose(found, content(120.0, moved), atol=1e-3)
    y, x = np.mgrid[:BOX, :BOX] - BOX // 2
    inner = content(50.0, (2.0, 1.0))
    where = np.array([(inner * axis).sum() / inner.sum() for axis in (x, y)])
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    expected = rotation @ where + [-1.0, 1.5]
    assert [(found * axis).sum() / found.sum() for axis in (x, y)] == pytest.approx(
        expected.tolist(), abs=0.02
    )
