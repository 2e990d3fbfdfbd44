import numpy as np
import pytest

from icestream.processing.picking import Peaks, match_peaks
from icestream.processing.picking.peaks import _apart, highest_peaks


def test_maxima_lie_between_pixels_and_keep_their_distance() -> None:
    y, x = np.indices((60, 80))
    response = sum(
        height * np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 18.0)
        for cy, cx, height in ((20.3, 30.4, 2.0), (31.0, 30.0, 1.0), (45.0, 60.0, 1.5))
    ).astype(np.float32)
    everywhere = np.ones(response.shape, dtype=bool)
    rows, columns, height = highest_peaks(response, everywhere, 12.0)
    assert rows == pytest.approx([20.3, 45.0], abs=0.1)
    assert columns == pytest.approx([30.4, 60.0], abs=0.1)
    assert height[0] > height[1]
    everywhere[:, 50:] = False
    assert len(highest_peaks(response, everywhere, 5.0)[0]) == 2


def test_clear_of_contamination() -> None:
    peaks = Peaks(np.array([0.0, 5.0, 30.0]), np.zeros(3), np.ones(3))
    others = np.array([True, False, False])
    assert peaks.clear_of(others, 10.0).tolist() == [False, False, True]
    assert peaks.clear_of(np.zeros(3, bool), 10.0).all()
    assert peaks.take(np.array([False, True, True])).x.tolist() == [5.0, 30.0]


def test_match_peaks_is_one_to_one() -> None:
    found = (np.array([0.0, 1.0, 50.0]), np.array([0.0, 0.0, 50.0]))
    true = (np.array([0.9, 20.0]), np.array([0.0, 20.0]))
    matches = match_peaks(found, true, 5.0)
    assert matches.pairs.tolist() == [[1, 0]]
    assert matches.recall == 0.5
    assert matches.precision == pytest.approx(1 / 3)
    nothing = (np.zeros(0), np.zeros(0))
    assert match_peaks(nothing, nothing, 5.0)[:2] == (1.0, 1.0)
    assert match_peaks(found, nothing, 5.0)[:2] == (1.0, 0.0)


def peaks(*points: tuple[float, float]) -> Peaks:
    x, y = np.array(points, dtype=np.float32).reshape(-1, 2).T
    return Peaks(x, y, np.ones(len(x), dtype=np.float32))


def test_the_best_are_kept_as_by_going_through_them_one_by_one() -> None:
    points = np.random.default_rng(3).uniform(0, 60, (400, 2))
    kept: list[int] = []
    for place, point in enumerate(points):
        if all(np.hypot(*(point - points[other])) > 5.0 for other in kept):
            kept.append(place)
    assert np.flatnonzero(_apart(points, 5.0)).tolist() == kept
