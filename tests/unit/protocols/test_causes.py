"""Causes: each row of the table can be reached, and what fits none is unclear."""

import pytest

from icestream.protocols.causes import CAUSES, UNCLEAR, CauseRule, Evidence, find_cause
from icestream.protocols.streams import STREAMS


@pytest.mark.parametrize("rule", CAUSES, ids=lambda rule: rule.cause.name)
def test_what_a_row_asks_for_names_its_cause(rule: CauseRule) -> None:
    asked = [rule.any_of[0], *rule.all_of]
    changed = {one[:-1]: -1 if one[-1] == "-" else 1 for one in asked}
    names = {
        find_cause(Evidence(changed=changed, where=where, gradual=how == "gradual")).name
        for where in rule.where
        for how in rule.how
    }
    assert rule.cause.name in names


@pytest.mark.parametrize("rule", CAUSES, ids=lambda rule: rule.cause.name)
def test_what_a_row_names_is_watched(rule: CauseRule) -> None:
    for change in (*rule.any_of, *rule.all_of, *rule.none_of):
        assert change[:-1] in STREAMS
        assert change[-1] in "+-±"


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"astigmatism": 1}, "realigned"),
        ({"dose": -1}, "dose fell"),
        ({"dose": -1, "ice ring": 1, "resolution": 1}, "ice"),
        ({"dose": -1, "thickness": 1}, "ice"),
        ({"resolution": 1}, "coherence"),
        ({"resolution": 1, "motion": 1}, "stage drifts"),
        ({"stripes": 1}, "gain"),
        ({"particles": -1}, "fewer particles"),
        ({"particles": 1}, "unclear"),
        ({}, "unclear"),
    ],
)
def test_what_changed_together_decides(changed: dict[str, int], cause: str) -> None:
    assert find_cause(Evidence(changed=changed)).name == cause


def test_where_and_how_decide() -> None:
    assert find_cause(Evidence(changed={"motion": 1}, where="square")).name == "square moves"
    assert find_cause(Evidence(changed={"astigmatism": 1}, gradual=True)).name == "stigmator drifts"
    assert find_cause(Evidence(changed={"dose": -1}, gradual=True)).name == "fewer electrons"
    seen = Evidence(changed={"dose": -1, "ice ring": 1}, found=frozenset({"dose"}), gradual=True)
    assert find_cause(seen).name == "ice"
    assert find_cause(Evidence(changed={"astigmatism": 1}, where="group")).name == (
        "astigmatism of a group"
    )


def test_every_cause_says_what_to_do() -> None:
    for cause in [UNCLEAR, *(rule.cause for rule in CAUSES)]:
        assert cause.words
        assert cause.advice
