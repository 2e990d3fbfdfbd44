"""Extents in words."""

from icestream.store.extents import extent_words


def test_an_extent_says_how_many_which_and_where() -> None:
    said = {"first": "a_1", "last": "a_9", "count": 9, "grid_square": "12"}
    assert extent_words(said) == "9 exposures, a_1 to a_9, of grid square 12 alone"
    assert extent_words({"first": "a_1", "last": "a_1", "count": 1}) == "1 exposure, a_1"
    assert extent_words({**said, "grid_square": None, "group": 3}).endswith(
        "of exposure group 3 alone"
    )
    assert extent_words(None) == ""
