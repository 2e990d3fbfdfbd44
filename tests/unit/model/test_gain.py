import itertools
from dataclasses import replace

import numpy as np
import pytest

from icestream.model import ORIENTATIONS, Orientation, from_document, to_document

PICTURE = np.arange(6).reshape(2, 3)
EVERY = [
    Orientation(rotation=rotation, flip=flip)
    for rotation, flip in itertools.product((0, 90, 180, 270), ("none", "up-down", "left-right"))
]


def test_a_quarter_turn_is_clockwise_with_row_0_at_the_top() -> None:
    np.testing.assert_array_equal(Orientation(rotation=90).turn(PICTURE), [[3, 0], [4, 1], [5, 2]])


def test_the_flip_comes_after_the_turn() -> None:
    orientation = Orientation(rotation=90, flip="up-down")
    np.testing.assert_array_equal(orientation.turn(PICTURE), [[5, 2], [4, 1], [3, 0]])


def test_the_eight_differ_and_every_combination_is_one_of_them() -> None:
    for one in EVERY:
        assert sum(one.is_same_as(other) for other in ORIENTATIONS) == 1
    assert sum(Orientation(inverse=True).is_same_as(other) for other in ORIENTATIONS) == 0


@pytest.mark.parametrize("orientation", EVERY, ids=str)
def test_it_survives_json(orientation: Orientation) -> None:
    inverse = replace(orientation, inverse=True)
    assert from_document(Orientation, to_document(inverse)) == inverse


def test_it_reads_as_a_sentence() -> None:
    assert str(Orientation()) == "as it is"
    told = str(Orientation(rotation=90, flip="left-right", inverse=True))
    assert told == "turned by 90° and flipped left-right and inverted"
