"""How long data stay."""

import math

import pytest

from icestream.facility.keep.kinds import Keep
from icestream.planning.keeping import days_by_rules, days_said


def test_days_are_said_by_class() -> None:
    said = days_said(["raw=21", "particles = 60 d", "micrographs=never"])
    assert said == {"raw": 21.0, "particles": 60.0, "micrographs": math.inf}


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("movies=3", "no class of data 'movies'; there are raw, "),
        ("raw", "write how many days"),
        ("raw=-1", "write how many days"),
        ("raw=soon", "such as raw=21, or raw=never"),
        ("raw=nan", "write how many days"),
    ],
)
def test_what_says_no_days_is_refused(word: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        days_said([word])


def test_rules_count_from_the_end_of_a_session_and_what_lies_aside_is_there_still() -> None:
    keep = Keep.model_validate(
        {"act": True, "undo": "14 d", "raw": {"after": "21 d"}, "particles": {"after": "never"}}
    )
    assert days_by_rules(keep) == {"raw": 36.0, "particles": math.inf}


def test_rules_that_are_only_said_remove_nothing() -> None:
    assert days_by_rules(Keep.model_validate({"raw": {"after": "21 d"}})) == {}
    assert days_by_rules(None) == {}
