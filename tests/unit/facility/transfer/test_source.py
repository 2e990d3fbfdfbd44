"""What all sources have."""

import pytest

from icestream.facility.transfer.source import is_movie


@pytest.mark.parametrize("name", ["a.TIFF", "b.eer", "c.mrcs"])
def test_movies_are_known_by_their_names(name: str) -> None:
    assert is_movie(name)
    assert not is_movie(f"{name}.mdoc")
