"""The rules remove nothing that is held, too new, without its copy, or of another class."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icestream.facility.keep.kinds import CLASSES, Data, Keep, KeepException, KeepRule
from icestream.facility.keep.rules import (
    DAY,
    READ,
    Copy,
    FileFacts,
    SessionFacts,
    decide,
    hindrance,
)
from icestream.facility.registry.records import DataHold, Notice

NOW = 1_800_000_000.0
days = st.floats(0.0, 400.0)
kinds = st.sampled_from(CLASSES)
rules = st.builds(
    KeepRule,
    after=days | st.just("never"),
    needs=st.sampled_from(["verified-copy", "nothing"]),
    warn=st.lists(st.floats(0.0, 30.0), max_size=3).map(tuple),
)
moments = st.floats(NOW - 500 * DAY, NOW + 10 * DAY)
holds = st.builds(
    DataHold,
    id=st.just(1), session=st.just(1), kind=st.sampled_from(["", *CLASSES]), why=st.just("w"),
    who=st.just("x"), at=st.just(0.0), until=st.none() | moments, released=st.none() | moments,
)  # fmt: skip
notices = st.builds(
    Notice,
    session=st.just(1), kind=kinds, before=st.just(7.0), due=moments, told=moments,
    whom=st.just("y"),
)  # fmt: skip
exceptions = st.builds(
    KeepException,
    project=st.just(("p",)), hold=st.just(True),
) | st.builds(KeepException, project=st.just(("p",)), after=days | st.just("never"))  # fmt: skip
facts = st.builds(
    SessionFacts,
    project=st.sampled_from(["", "p", "q"]), ended=st.none() | moments,
    holds=st.lists(holds, max_size=3), busy=st.sampled_from([(), ("it runs",)]),
    notices=st.lists(notices, max_size=3), now=st.just(NOW),
)  # fmt: skip
keeps = st.builds(
    lambda own, excepted: Keep.model_validate({**own, "except": excepted}),
    st.dictionaries(kinds, rules),
    st.lists(exceptions, max_size=2),
)


@given(keeps, kinds, facts)
def test_nothing_goes_that_is_held_in_use_or_too_new(
    keep: Keep, kind: Data, facts: SessionFacts
) -> None:
    decision = decide(keep, kind, facts)
    if decision.state != "due":
        return
    rule = keep.rule(kind)
    assert rule is not None
    assert not any(one.holds(kind, NOW) for one in facts.holds)
    assert not facts.busy
    assert facts.ended is not None
    after = rule.after
    ours = [one for one in keep.exceptions if facts.project == "p" and kind in one.classes]
    assert not any(one.hold for one in ours)
    if ours:
        after = max(one.after or 0.0 for one in ours)
    assert not math.isinf(after)
    assert facts.ended + after * DAY <= NOW
    if rule.warn:
        told = [one.told for one in facts.notices if one.kind == kind]
        assert any(when + min(rule.warn) * DAY <= NOW for when in told)


@given(keeps, kinds, facts)
def test_what_holds_nothing_and_is_old_goes(keep: Keep, kind: Data, facts: SessionFacts) -> None:
    free = SessionFacts(ended=NOW - 1000 * DAY, now=NOW)
    rule = keep.rule(kind)
    if rule is not None and not rule.warn and not math.isinf(rule.after):
        assert decide(keep, kind, free).state == "due"
    if rule is None:
        assert decide(keep, kind, free).state == "kept"


copies = st.builds(
    Copy,
    backup=st.just("usb"), size=st.integers(0, 3), modified=st.integers(0, 3),
    digest=st.just("d"), at=st.floats(0.0, 3.0),
)  # fmt: skip
files = st.builds(
    FileFacts,
    kind=st.sampled_from([*CLASSES, "other"]), size=st.integers(0, 3),
    modified=st.integers(0, 3), changed=st.floats(0.0, 3.0), is_file=st.booleans(),
)  # fmt: skip


@given(kinds, rules, files, st.lists(copies, max_size=3))
def test_no_file_goes_without_its_copy_or_of_another_class(
    kind: Data, rule: KeepRule, file: FileFacts, known: list[Copy]
) -> None:
    why = hindrance(kind, rule, file, known)
    if why:
        return
    assert file.kind == kind
    assert file.is_file
    if rule.needs == "verified-copy":
        same = [one for one in known if (one.size, one.modified) == (file.size, file.modified)]
        assert any(file.changed <= one.at for one in same)


def test_a_file_whose_inode_changed_later_is_read() -> None:
    rule = KeepRule(after=1.0)
    file = FileFacts(kind="raw", size=1, modified=1, changed=5.0)
    copy = Copy("usb", 1, 1, "d", 4.0)
    assert hindrance("raw", rule, file, [copy]) == READ
    assert hindrance("raw", rule, file, []) == "no backup has a verified copy of it"
    later = FileFacts(kind="raw", size=1, modified=2, changed=1.0)
    assert "has changed since" in hindrance("raw", rule, later, [copy])


def test_a_store_is_covered_by_a_copy_of_its_state() -> None:
    rule = KeepRule(after=1.0)
    store = FileFacts(kind="project", size=9, modified=10**9, changed=0.0, is_store=True)
    assert hindrance("project", rule, store, [Copy("usb", 1, 0, "d", 2.0)]) == ""
    assert "has changed" in hindrance("project", rule, store, [Copy("usb", 1, 0, "d", 0.5)])


def test_reasons_are_words() -> None:
    keep = Keep(raw=KeepRule(after=21.0))
    hold = DataHold(id=1, session=1, kind="", why="a paper", who="ada", at=0.0, until=NOW + DAY)
    held = decide(keep, "raw", SessionFacts(ended=0.0, holds=(hold,), now=NOW))
    assert held.why == "held by ada until 2027-01-16: a paper"
    assert (
        decide(keep, "raw", SessionFacts(ended=0.0, now=NOW)).why == "people have not been told yet"
    )
    told = Notice(session=1, kind="raw", before=7.0, due=21 * DAY, told=NOW, whom="x")
    warned = decide(keep, "raw", SessionFacts(ended=0.0, notices=(told,), now=NOW))
    assert warned.why == "people were told, and have until 2027-01-16"
    waits = decide(keep, "raw", SessionFacts(ended=NOW - DAY, now=NOW))
    assert waits.why == "21 days after it ended are over on 2027-02-04"


@pytest.mark.parametrize("busy", [("it runs",), ()])
def test_one_that_never_ended_is_in_use(busy: tuple[str, ...]) -> None:
    keep = Keep(raw=KeepRule(after=0.0, warn=()))
    assert decide(keep, "raw", SessionFacts(ended=None, busy=busy, now=NOW)).state == "busy"
