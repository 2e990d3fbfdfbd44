"""Boxes of two branches: matched within one radius, and counted."""

import numpy as np
import pytest

from icestream.model import Picks, column
from icestream.report.boxes import Boxes, boxes_of


def picks(x: list[float], diameter: float = 100.0, pixel_size: float = 1.0) -> Picks:
    return Picks(
        exposure="e",
        x=column(np.array(x)),
        y=column(np.zeros(len(x))),
        score=column(np.ones(len(x))),
        diameter=diameter,
        pixel_size=pixel_size,
    )


def test_boxes_near_each_other_are_of_the_same_particle() -> None:
    found = boxes_of([(picks([0, 200, 400]), picks([29, 231, 700, 900]))])
    assert found == Boxes(exposures=1, both=1, only_old=2, only_new=3, radius=30.0)


def test_one_radius_holds_for_all_exposures_whatever_the_pixels() -> None:
    """The larger diameter of the first; binned micrographs have larger pixels."""
    pairs = [
        (picks([0], 100.0), picks([20], 80.0)),
        (picks([500], 300.0), picks([270], 300.0, pixel_size=2.0)),
        (picks([500]), picks([260], pixel_size=2.0)),
    ]
    found = boxes_of(pairs)
    assert found is not None
    assert (found.exposures, found.both, found.only_old, found.only_new) == (3, 2, 1, 1)
    assert found.radius == pytest.approx(30.0)


def test_where_nothing_was_picked_there_is_nothing_to_say() -> None:
    assert boxes_of([]) is None
    empty = boxes_of([(picks([]), picks([1.0]))])
    assert empty is not None
    assert (empty.both, empty.only_old, empty.only_new) == (0, 0, 1)
