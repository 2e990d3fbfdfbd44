"""Which of the tasks that are ready goes first."""

from collections.abc import Callable

import pytest

from icestream.engine.decisions.ready import Order, rank_of
from icestream.engine.decisions.state import WINDOW
from toy_record import Desk

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})


def test_ranks_put_depth_before_the_order_of_exposures() -> None:
    ranks = {(d, e): rank_of(d, e) for d in (1, 2) for e in (2, 5, 9)}
    assert max(ranks, key=lambda place: ranks[place]) == (2, 9)
    assert min(ranks[2, e] for e in (2, 5, 9)) > max(ranks[1, e] for e in (2, 5, 9))


@pytest.mark.parametrize("order", ["newest", "oldest", "both"])
def test_the_store_gives_what_goes_first_from_both_ends(desk: Desks, order: Order) -> None:
    made = desk(SRC, ("a", "toy.add", {}, {"number": "src"}), order=order)
    made.find(*range(2 * WINDOW))
    step = made.step("a").id
    expected = {"newest": [512, 511, 510, 509], "oldest": [1, 2, 3, 4], "both": [512, 1, 511, 2]}
    state = made.states[step]
    state.fill(made.record.refill(step, set()).tasks)
    assert [state.pop().rank % 2**40 for _ in range(4)] == expected[order]
    later = {task.id for task in made.record.refill(step, set()).tasks[:WINDOW]}
    others = made.record.refill(step, later).tasks  # those that wait for another attempt stay out
    assert len(others) == WINDOW
    assert not later & {task.id for task in others}
