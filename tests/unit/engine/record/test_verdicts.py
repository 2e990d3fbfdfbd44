"""Verdicts: a protocol's, and the last word of people."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from icestream.engine.record.verdicts import Judged, judged, verdict_of
from icestream.store import tables as t
from toy_record import Desk, run

YES, NO = Judged(), Judged(False, "ice")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("icestream.model:Rejected", Judged(False, "ice; dirt")),
        ("icestream.model:Accepted", YES),
        ("somewhere:Rejected", YES),
    ],
)
def test_what_a_verdict_is_decides_whatever_it_looks_like(kind: str, expected: Judged) -> None:
    document = '{"verdict": {"accepted": false, "reasons": ["ice", "dirt"]}}'
    assert verdict_of(f'{{"verdict": "{kind}"}}', document) == expected


def test_only_a_selection_can_say_no(desk: Callable[..., Desk]) -> None:
    """A step of another kind may call what it makes a verdict: it is found again, and goes on."""
    made = desk(("src", "toy.count", {}, {}), ("a", "toy.add", {}, {"number": "src"}))
    made.find(1)
    (lease,) = made.start("a")
    ended = run(lease)
    document = '{"verdict": {"accepted": false, "reasons": []}}'
    endings = tuple(replace(one, document=document) for one in ended.endings)
    made.record.take_in([replace(ended, endings=endings)], [])
    assert made.tasks("a")["e1"].passed


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
