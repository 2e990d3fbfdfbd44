"""Grid squares of the newest exposures."""

from pathlib import Path

from icestream.store.squares import newest_squares
from report_session import SampleSession


def test_the_squares_are_those_that_the_metadata_tell(tmp_path: Path) -> None:
    session = SampleSession(tmp_path, start=1.79e9, documents=False)
    assert newest_squares(session.store) == ()
    session.grow(120)
    squares = newest_squares(session.store)
    assert sum(square.count for square in squares) == 120
    assert len({square.name for square in squares}) == len(squares) > 1
    assert [square.last for square in squares] == sorted(square.last for square in squares)


def test_of_the_oldest_of_many_there_may_be_more(tmp_path: Path) -> None:
    session = SampleSession(tmp_path, start=1.79e9, documents=False)
    session.grow(120)
    whole = newest_squares(session.store)
    some = newest_squares(session.store, 100)
    assert {square.name: square.count for square in some}.items() <= {
        square.name: square.count for square in whole
    }.items()
    assert len(some) < len(whole)
