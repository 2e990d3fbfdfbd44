"""What all sources have."""

import pytest

from icestream.facility.transfer.source import is_movie


@pytest.mark.parametrize("name", ["a.TIFF", "b.eer", "c.mrcs"])
def test_movies_are_known_by_their_names(name: str) -> None:
    assert is_movie(name)
    assert not is_movie(f"{name}.mdoc")


@pytest.mark.parametrize("name", ["Gain/a_GainReference.mrc", "CountRef_a.mrc", "b.gain"])
def test_a_gain_reference_comes_before_the_movies(name: str) -> None:
    """A session that finds movies first begins without it."""
    assert not is_movie(name)
    assert is_movie("gain/FoilHole_1_fractions.mrc"), "the folder says nothing"
