"""Verdicts: a protocol's, and the last word of people."""

from collections.abc import Callable

import pytest

from icestream.engine.record.verdicts import Judged, judged, verdict_of
from icestream.store import tables as t
from toy_record import Desk

YES, NO = Judged(), Judged(False, "ice")


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ('{"verdict": {"accepted": true, "reasons": []}}', YES),
        ('{"verdict": {"accepted": false,"reasons": ["ice", "dirt"]}}', Judged(False, "ice; dirt")),
        ('{"number": {"value": 1}}', YES),
        ("", YES),
    ],
    ids=["accepted", "rejected", "no selection", "no document"],
)  # fmt: skip
def test_only_a_selection_can_say_no(document: str, expected: Judged) -> None:
    assert verdict_of(document) == expected


@pytest.mark.parametrize(
    ("words", "verdict", "expected"),
    [
        ([], YES, YES),
        ([], NO, NO),
        ([(True, "")], NO, Judged(True, "ice")),  # what was said against it stays to be read
        ([(False, "dirt")], YES, Judged(False, "dirt")),
        ([(False, "")], YES, Judged(False, "rejected by ann")),
        ([(False, "dirt")], NO, NO),  # the protocol says the same, and why
        ([(False, "dirt"), (True, "")], YES, YES),  # the last word holds
    ],
)
def test_a_person_overrules_a_protocol(
    desk: Callable[..., Desk], words: list[tuple[bool, str]], verdict: Judged, expected: Judged
) -> None:
    made = desk(("src", "toy.count", {}, {}))
    with made.record.transaction() as (_, writes):
        for accepted, why in words:
            word = {"accepted": accepted, "who": "ann", "why": why, "time": 0.0}
            writes.insert(t.decision, step_id=7, exposure_id=3, **word)
        other = {"accepted": not expected.passed, "who": "bob", "why": "", "time": 0.0}
        writes.insert(t.decision, step_id=8, exposure_id=3, **other)
        writes.insert(t.decision, step_id=7, exposure_id=4, **other)
    with made.store.read() as connection:
        assert judged(connection, 7, 3, verdict) == expected
