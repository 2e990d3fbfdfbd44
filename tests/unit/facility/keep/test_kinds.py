"""What the facility file says of what is kept."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from icestream.facility.file import FacilityFileError, load_facility
from icestream.facility.keep.kinds import Keep


def test_rules_and_exceptions_are_read(write_facility: Callable[[str], Path]) -> None:
    path = write_facility(
        '[keep]\nundo = "2 w"\n[keep.raw]\nafter = "21 d"\nwarn = ["7 d", "1 d"]\n'
        '[keep.report]\nafter = "never"\n'
        '[[keep.except]]\nproject = "x"\nhold = true\n'
        '[[keep.except]]\nteam = ["lab"]\nafter = "1 d"\nclasses = ["raw"]\n'
    )
    keep = load_facility(path).file.keep
    assert keep is not None
    assert (keep.undo, keep.act) == (14.0, False)
    assert list(keep.rules) == ["raw", "report"]
    assert keep.raw is not None
    assert (keep.raw.after, keep.raw.needs, keep.raw.warn) == (21.0, "verified-copy", (7.0, 1.0))
    assert math.isinf(keep.rules["report"].after)
    assert [one.hold for one in keep.exceptions] == [True, False]


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ('[keep.raw]\nafter = "soon"', "keep.raw.after", "write a time such as"),
        ("[keep.raw]\n", "keep.raw.after", "Field required"),
        ('[keep.movies]\nafter = "1 d"', "keep.movies", "there is no 'movies'"),
        ("[[keep.except]]\nhold = true", "keep.except.0", "say of which project or team"),
        ('[[keep.except]]\nproject = "x"', "keep.except.0", "hold = true, or after"),
    ],
)
def test_what_is_wrong_is_said(
    write_facility: Callable[[str], Path], text: str, where: str, says: str
) -> None:
    path = write_facility(text)
    with pytest.raises(FacilityFileError) as error:
        load_facility(path)
    said = {one.where: one.what for one in error.value.flaws}
    assert says in said[where]


def test_nothing_is_kept_for_a_time_by_default() -> None:
    assert Keep().rules == {}
