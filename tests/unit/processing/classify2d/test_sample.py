import numpy as np
import pytest

from icestream.processing.classify2d.online import Classification, ClassificationPlan
from icestream.processing.classify2d.sample import spread_sample

from .conftest import BOX, DIAMETER, PIXEL


@pytest.fixture
def done() -> Classification:
    """70 particles of class 1, 20 of class 2 and 10 of class 3, of which 90 are kept."""
    plan = ClassificationPlan(
        box=BOX, pixel_size=PIXEL, diameter=DIAMETER, classes_min=3, classes_max=3
    )
    made = Classification(plan)
    images = np.zeros((90, BOX, BOX), np.float32)
    made.kept.store(images, np.ones((90, plan.grid.rings), np.float32), 10)
    made.poses.grow(100)
    made.poses.number[:] = np.repeat([1, 2, 3], [70, 20, 10])
    return made


def classes_of(done: Classification, most: int) -> list[int]:
    places = spread_sample(done, most)
    rows = done.kept.rows[places]
    assert (np.diff(rows) > 0).all()
    return np.bincount(done.group[rows], minlength=3).tolist()


def test_small_classes_give_all_and_the_others_the_same(done: Classification) -> None:
    assert classes_of(done, 50) == [20, 20, 10]
    assert classes_of(done, 30) == [10, 10, 10]
    assert classes_of(done, 6) == [2, 2, 2]


def test_all_are_taken_where_there_are_few(done: Classification) -> None:
    assert classes_of(done, 5000) == [60, 20, 10]


def test_is_the_same_each_time(done: Classification) -> None:
    assert np.array_equal(spread_sample(done, 30), spread_sample(done, 30))
