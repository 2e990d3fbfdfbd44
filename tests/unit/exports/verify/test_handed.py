"""Samples of what files hand over."""

from icestream.exports.verify.handed import spread


def test_a_sample_goes_from_the_first_to_the_last() -> None:
    assert spread(4, 50) == [0, 1, 2, 3]
    assert spread(1000, 5) == [0, 250, 500, 749, 999]
    assert spread(0, 5) == []
