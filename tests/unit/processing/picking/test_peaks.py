import numpy as np
import pytest

from icestream.processing.picking import Peaks, agree_on_peaks, match_peaks
from icestream.processing.picking.peaks import highest_peaks


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


def test_consensus_counts_pickers_and_averages_places() -> None:
    a = peaks((10, 10), (50, 50), (90, 10))
    b = peaks((12, 10), (50, 53))
    c = peaks((11, 13), (200, 200))
    everyone = agree_on_peaks([a, b, c], radius=5.0, votes=3)
    assert everyone.x.tolist() == [11.0]
    assert everyone.y.tolist() == [11.0]
    most = agree_on_peaks([a, b, c], radius=5.0, votes=2)
    assert most.x.tolist() == [11.0, 50.0]
    assert most.score.tolist() == pytest.approx([1.0, 2 / 3])
    assert len(agree_on_peaks([a, b, c], radius=5.0, votes=1).x) == 4


def test_consensus_does_not_depend_on_the_order_of_pickers() -> None:
    rng = np.random.default_rng(8)
    true = 40.0 * np.stack(np.meshgrid(np.arange(6), np.arange(6)), -1).reshape(-1, 2)
    pickers = []
    for _ in range(4):
        seen = true[rng.random(len(true)) < 0.7] + rng.uniform(-2, 2, (1, 2))
        pickers.append(peaks(*[tuple(point) for point in seen]))
    results = [agree_on_peaks(order, 8.0, 3) for order in (pickers, pickers[::-1])]
    first, second = (sorted(zip(r.x.tolist(), r.y.tolist(), strict=True)) for r in results)
    assert np.allclose(first, second, atol=1e-4)


def test_one_picker_has_one_vote() -> None:
    crowded = peaks((10, 10), (12, 10), (11, 12))
    assert len(agree_on_peaks([crowded, peaks()], radius=5.0, votes=2).x) == 0
