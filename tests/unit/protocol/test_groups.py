"""The kind of protocol that works on groups: what its author writes, and what there is without."""

from typing import ClassVar

import pytest

import toys
from icestream.protocol import (
    Gathered,
    Group,
    GroupProtocol,
    Parameters,
    Registry,
    Work,
)

ONE, TWO = (toys.Number(exposure=f"e{n}", value=float(n)) for n in (1, 2))


def test_a_group_is_its_items_in_order() -> None:
    group = Group("7", (ONE, TWO))
    assert (len(group), list(group)) == (2, [ONE, TWO])


def test_ports_come_from_the_signature() -> None:
    (port,) = toys.Mean.inputs()
    assert (port.name, port.item) == ("number", toys.Number)
    (port,) = toys.Mean.outputs()
    assert (port.name, port.item) == ("number", toys.Number)
    assert toys.Mean.kind == "group"


def test_a_group_is_complete_only_when_its_author_says_so() -> None:
    class Patient(GroupProtocol[Parameters]):
        """Waits for the end of the stream."""

        name: ClassVar[str] = "toy.patient"
        family = "toy"

        def group_of(self, item: toys.Number) -> str:
            return "all"

        def process(self, group: Group[toys.Number], work: Work) -> toys.Number:
            return group.items[0]

    patient = Patient(Parameters())
    assert not patient.complete(Gathered("all", 1000, ONE))
    assert patient.process(Group("all", (ONE, TWO)), Work(folder="", cores=1)) is ONE  # type: ignore[arg-type]


@pytest.mark.parametrize(("count", "complete"), [(2, False), (3, True), (4, True)])
def test_the_author_is_told_how_much_is_there(count: int, complete: bool) -> None:
    mean = toys.Mean(toys.Grouping(complete=3))
    assert mean.complete(Gathered("7", count, ONE)) is complete


def test_a_group_protocol_is_found_like_any_other() -> None:
    registry: Registry = toys.registry()
    assert registry.get("toy.mean") is toys.Mean


def test_the_last_items_of_a_session_are_one_group() -> None:
    last = toys.LastTotal()
    totals = tuple(toys.Total(value=n, count=1, batches=1, final=False) for n in (1.0, 2.0))
    assert {last.group_of(total) for total in totals} == {"session"}
    assert last.at_end and last.family == "session"
    assert last.process(Group("session", totals)) is totals[1]
