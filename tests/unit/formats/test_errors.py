"""The error that reading ends with."""

import pickle
from pathlib import Path

from icestream.formats.errors import FormatError


def test_the_message_says_all_four_things() -> None:
    error = FormatError(Path("a.mrc"), expected="10 bytes", found="3", advice="copy it again")
    assert str(error) == "a.mrc: expected 10 bytes, found 3; copy it again"
    assert isinstance(error, ValueError)


def test_it_survives_the_way_from_a_worker() -> None:
    error = FormatError("a.mrc", expected="10 bytes", found="3", advice="copy it again")
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert again.expected == "10 bytes"
