"""Picks as a value."""

from icestream.model import QUALITIES, Picks, column


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
