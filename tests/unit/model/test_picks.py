"""Picks as a value."""

import numpy as np

from icestream.model import (
    BY_HAND,
    QUALITIES,
    Picks,
    PicksByHand,
    column,
    from_document,
    rank_scores,
    to_document,
)


def test_length_and_qualities() -> None:
    picks = Picks(
        exposure="a",
        x=column([1, 2, 3]),
        y=column([4, 5, 6]),
        score=column([1, 1, 1]),
        diameter=130.0,
        pixel_size=1.5,
    )
    assert len(picks) == 3
    assert picks.qualities() == {"picks.count": 3.0}
    assert set(picks.qualities()) <= set(QUALITIES)


def test_what_a_person_added_is_told_from_a_score_that_is_not_known() -> None:
    document = to_document(
        Picks(
            exposure="a",
            x=column([1, 2, 3]),
            y=column([4, 5, 6]),
            score=column([0.5, np.nan, np.nan]),
            diameter=130.0,
            pixel_size=1.5,
        )
    )
    np.testing.assert_array_equal(from_document(Picks, document).score, [0.5, np.nan, np.nan])
    # As earlier versions wrote it.
    document["by_hand"] = to_document(PicksByHand(added=1, removed=column(np.zeros((0, 2)))))
    np.testing.assert_array_equal(from_document(Picks, document).score, [0.5, np.nan, BY_HAND])


def test_a_score_that_is_not_known_ranks_in_the_middle() -> None:
    assert rank_scores([9.0, np.nan, 3.0, BY_HAND]).tolist() == [0.75, 0.5, 0.25, BY_HAND]
    assert rank_scores([np.nan, np.nan]).tolist() == [0.5, 0.5]
    assert rank_scores([]).tolist() == []
