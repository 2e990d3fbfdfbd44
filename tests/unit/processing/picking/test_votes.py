"""One vote a picker, whatever the order, on points that were planted and on real boxes."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from icestream.model import BY_HAND, column
from icestream.processing.picking import Peaks, agree_on_peaks

PICKERS = ("crYOLO", "deepPicker", "topaz")


def peaks(*points: tuple[float, float], score: float = 1.0) -> Peaks:
    x, y = np.array(points, dtype=np.float32).reshape(-1, 2).T
    return Peaks(column(x), column(y), column(np.full(len(x), score)))


def test_pickers_are_counted_and_places_averaged() -> None:
    a = peaks((10, 10), (50, 50), (90, 10), score=7.0)
    b = peaks((12, 10), (50, 53), score=0.5)
    c = peaks((11, 13), (200, 200), score=100.0)
    everyone = agree_on_peaks([a, b, c], radius=5.0, votes=3)
    assert (everyone.x.tolist(), everyone.y.tolist()) == ([11.0], [11.0])
    assert everyone.scores.tolist() == [[7.0, 0.5, 100.0]]
    most = agree_on_peaks([a, b, c], radius=5.0, votes=2)
    assert most.x.tolist() == [11.0, 50.0]
    assert most.share.tolist() == pytest.approx([1.0, 2 / 3])
    assert np.isnan(most.scores[1]).tolist() == [False, False, True]
    assert len(agree_on_peaks([a, b, c], radius=5.0, votes=1).x) == 4
    # Whatever is kept, of 3 and 2 picks two pickers share two.
    assert most.shared.tolist() == everyone.shared.tolist() == [[3, 2, 1], [2, 2, 1], [1, 1, 2]]


def test_picks_of_one_particle_lie_within_the_radius_of_each_other() -> None:
    chain = [peaks((0, 0)), peaks((4, 0)), peaks((8.5, 0))]
    agreed = agree_on_peaks(chain, radius=5.0, votes=1)
    assert agreed.x.tolist() == [2.0, 8.5]


def test_one_picker_has_one_vote_however_many_picks_it_has_on_a_spot() -> None:
    """Elsewhere two picks of one picker vote for one particle twice."""
    crowded = peaks((10, 10), (12, 10), (11, 12))
    assert len(agree_on_peaks([crowded, peaks()], radius=5.0, votes=2).x) == 0
    agreed = agree_on_peaks([crowded, peaks((11, 10))], radius=5.0, votes=2)
    assert len(agreed.x) == 1
    assert agreed.shared.tolist() == [[3, 1], [1, 1]]


def test_one_picker_agrees_with_itself() -> None:
    alone = agree_on_peaks([peaks((1, 2), (1.5, 2))], radius=5.0, votes=1)
    assert alone.x.tolist() == [1.0, 1.5]


def test_nothing_picked() -> None:
    nothing = agree_on_peaks([peaks(), peaks()], radius=5.0, votes=1)
    assert (len(nothing.x), nothing.scores.shape) == (0, (0, 2))
    assert nothing.shared.tolist() == [[0, 0], [0, 0]]


def test_planted_particles_come_back() -> None:
    rng = np.random.default_rng(8)
    true = 40.0 * np.stack(np.meshgrid(np.arange(12), np.arange(12)), -1).reshape(-1, 2)
    seen = rng.random((4, len(true))) < 0.8
    pickers = []
    for mask in seen:
        found = true[mask] + rng.normal(0.0, 1.0, (int(mask.sum()), 2))
        false = rng.uniform(500, 2000, (20, 2))
        pickers.append(peaks(*map(tuple, rng.permutation(np.concatenate([found, false])))))
    agreed = agree_on_peaks(pickers, radius=8.0, votes=3)
    places = np.stack([agreed.x, agreed.y], axis=1)
    expected = true[seen.sum(axis=0) >= 3]
    apart = np.linalg.norm(places[:, None] - expected[None], axis=-1)
    assert len(places) == len(expected)
    assert apart.min(axis=1).max() < 3.0
    assert len(set(apart.argmin(axis=1))) == len(expected)


@pytest.fixture
def boxes(shared_data: Path) -> Path:
    """Boxes of three pickers on six micrographs of beta-galactosidase (EMPIAR-10017)."""
    return shared_data / "coordinates" / "betagal_empiar10017"


def real(boxes: Path, micrograph: str) -> dict[str, Peaks]:
    found = {}
    for picker in PICKERS:
        table: NDArray[np.float64] = np.loadtxt(boxes / picker / micrograph)
        middle = table[:, :2] + 0.5 * table[:, 2:4]
        found[picker] = Peaks(column(middle[:, 0]), column(middle[:, 1]), column(table[:, 4]))
    return found


def test_real_boxes_in_any_order_of_pickers_and_picks(boxes: Path) -> None:
    """Joining pickers one by one, as others do, gives another result for another order."""
    rng = np.random.default_rng(3)
    names = sorted(path.name for path in (boxes / "topaz").glob("*.box"))
    assert len(names) == 6
    for name in names:
        pickers = real(boxes, name)
        first = agree_on_peaks([pickers[p] for p in PICKERS], radius=54.0, votes=2)
        assert 0 < len(first.x) <= max(len(p.x) for p in pickers.values()) * 2
        for order in itertools.permutations(range(3)):
            shuffled = []
            for place in order:
                picks = pickers[PICKERS[place]]
                turn = rng.permutation(len(picks.x))
                shuffled.append(Peaks(*(column(part[turn]) for part in picks)))
            again = agree_on_peaks(shuffled, radius=54.0, votes=2)
            assert np.array_equal(again.x, first.x)
            assert np.array_equal(again.y, first.y)
            assert np.array_equal(again.scores, first.scores[:, order], equal_nan=True)
            assert np.array_equal(again.shared, first.shared[np.ix_(order, order)])


def test_each_real_pick_is_of_one_particle(boxes: Path) -> None:
    pickers = list(real(boxes, "Falcon_2012_06_12-14_33_35_0.box").values())
    anyone = agree_on_peaks(pickers, radius=54.0, votes=1)
    each = [len(picks.x) for picks in pickers]
    assert np.diag(anyone.shared).tolist() == each
    assert (~np.isnan(anyone.scores)).sum(axis=0).tolist() == each


def test_what_a_person_picked_has_a_vote_and_no_score() -> None:
    by_hand, picker = peaks((10, 10), (90, 10), score=BY_HAND), peaks((12, 10), score=0.5)
    agreed = agree_on_peaks([by_hand, picker], radius=5.0, votes=1)
    assert agreed.x.tolist() == [11.0, 90.0]
    assert agreed.share.tolist() == [1.0, 0.5]
    assert agreed.shared.tolist() == [[2, 1], [1, 1]]
    np.testing.assert_array_equal(agreed.scores, [[BY_HAND, 0.5], [BY_HAND, np.nan]])


def test_a_picker_that_tells_no_score_comes_neither_first_nor_last() -> None:
    """Two picks are as near to one of another picker: the better one is joined to it."""
    other = peaks((20, 10), score=1.0)
    for first, second, elsewhere in [
        (np.nan, 0.9, 0.1),
        (0.1, np.nan, 0.9),
        (np.nan, BY_HAND, 0.9),
    ]:
        picks = Peaks(column([16, 24, 300]), column([10] * 3), column([first, second, elsewhere]))
        agreed = agree_on_peaks([picks, other], radius=5.0, votes=2)
        assert agreed.x.tolist() == [22.0]
