"""What groups of the site mean."""

import pytest
from pydantic import ValidationError

from icestream.facility.people.kinds import People


def test_a_pattern_has_one_name_in_it() -> None:
    assert People(projects="proj-(.+)").teams is None
    for pattern, says in (("proj-.+", "found 0"), ("(a)(b)", "found 2"), ("(", "no regular"),
                          ("(.*)", "no group at all")):  # fmt: skip
        with pytest.raises(ValidationError, match=says):
            People(projects=pattern)
