"""Exposures that a change of a sampler gains and loses: drawn as the sampler itself does."""

from collections.abc import Callable
from typing import Any

import pytest

import toys
from icestream.engine.record.redrawn import Came, drawn
from icestream.engine.record.revisions import Preview, preview, with_parameters
from icestream.engine.record.workflows import session_workflow
from icestream.model import SubjectId
from icestream.protocol.triggers import ticket_of
from toy_record import Desk

Desks = Callable[..., Desk]
SRC: Any = ("src", "toy.count", {}, {})
ADD: Any = ("a", "toy.add", {}, {"number": "hold"})
NAMES = [f"e{number}" for number in range(20)]


def sample(**parameters: Any) -> Any:
    return ("hold", "toy.sample", parameters, {"number": "src"})


def look(desk: Desk, **changes: Any) -> Preview:
    new = with_parameters(session_workflow(desk.store), toys.registry(), "hold", changes)
    return preview(desk.store, toys.registry(), new)


def below(share: float) -> set[str]:
    return {name for name in NAMES if ticket_of(name, 0) < share}


@pytest.fixture
def sampled(desk: Desks) -> Desk:
    made = desk(SRC, sample(share=0.4), ADD)
    made.find(*range(20))
    made.work()
    return made


def test_those_that_wait_are_drawn_by_tickets_when_the_stream_has_ended() -> None:
    came = [Came(SubjectId(place), name, "") for place, name in enumerate(NAMES)]
    protocol = toys.TakeSample(toys.Sampling(number=3))
    assert set(drawn(protocol, came, ended=False).values()) == {None}
    answers = drawn(protocol, came, ended=True)
    lowest = sorted(NAMES, key=lambda name: ticket_of(name, 0))[:3]
    assert [NAMES[subject] for subject, taken in answers.items() if taken] == [
        name for name in NAMES if name in lowest
    ]


@pytest.mark.parametrize("share", [0.2, 0.7])
def test_a_preview_counts_what_another_share_lets_through(sampled: Desk, share: float) -> None:
    found = look(sampled, share=share)
    (turned,) = found.selections
    assert below(share) != below(0.4)
    assert set(turned.gained) == below(share) - below(0.4)
    assert set(turned.lost) == below(0.4) - below(share)
    assert (turned.judged, turned.accepted, turned.drawn) == (20, len(below(0.4)), True)
    (after,) = [step for step in found.steps if step.name == "a"]
    assert after.tasks == len(turned.gained)
    assert after.kept == len(below(0.4)) - len(turned.lost)


def test_it_is_what_the_change_does(sampled: Desk) -> None:
    (turned,) = look(sampled, share=0.7).selections
    before = {name for name, row in sampled.tasks("hold").items() if row.passed}
    sampled.change("hold", share=0.7)
    sampled.backfill()
    sampled.work()
    after = {name for name, row in sampled.tasks("hold").items() if row.passed}
    assert (after - before, before - after) == (set(turned.gained), set(turned.lost))


def test_the_first_of_each_part_are_counted_by_parts(desk: Desks) -> None:
    made = desk(SRC, sample(first=True, number=1, parts=2), ADD)
    made.find(*range(20))
    made.work()
    (turned,) = look(made, number=3).selections
    assert set(turned.gained) == {"e2", "e3", "e4", "e5"}
    assert turned.lost == ()


def test_the_word_of_a_person_holds(sampled: Desk) -> None:
    never, always = (
        max(NAMES, key=lambda n: ticket_of(n, 0)),
        min(NAMES, key=lambda n: ticket_of(n, 0)),
    )
    sampled.judge(never, "hold", accepted=True)
    sampled.judge(always, "hold", accepted=False)
    (turned,) = look(sampled, share=0.0).selections
    assert set(turned.lost) == below(0.4) - {always}
    assert never not in turned.lost


def test_what_waits_for_another_step_is_unknown(sampled: Desk) -> None:
    (turned,) = look(sampled, share=0.7, opened_by="2 items of src").selections
    assert (turned.gained, turned.lost, turned.unknown) == ((), (), 20)
