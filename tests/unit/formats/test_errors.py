"""The error that reading ends with."""

import pickle
from pathlib import Path

from icestream.formats.errors import FormatError, NotRead


def test_the_message_says_all_four_things() -> None:
    error = FormatError(Path("a.mrc"), expected="10 bytes", found="3", advice="copy it again")
    assert str(error) == "a.mrc: expected 10 bytes, found 3; copy it again"
    assert isinstance(error, ValueError)


def test_it_survives_the_way_from_a_worker() -> None:
    error = FormatError("a.mrc", expected="10 bytes", found="3", advice="copy it again")
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert again.expected == "10 bytes"


def test_a_kind_that_is_not_read_stays_one_on_the_way() -> None:
    error = NotRead("a.gz", expected="a movie", found="gzip", advice="gunzip it")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is NotRead
    assert str(again) == "a.gz: expected a movie, found gzip; gunzip it"


def test_the_place_in_the_file_is_told() -> None:
    error = NotRead("/a.tif", expected="pixels", found="none", advice="copy it").at("frame 5 of 8")
    assert isinstance(error, NotRead)
    assert str(error) == "/a.tif: expected pixels in frame 5 of 8, found none; copy it"
