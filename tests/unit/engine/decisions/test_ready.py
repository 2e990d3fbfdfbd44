"""Which of the tasks that are ready goes first."""

from collections.abc import Callable

import pytest

from icestream.engine.decisions.ready import rank_of
from toy_record import Desk

Desks = Callable[..., Desk]
SRC = ("src", "toy.count", {}, {})


@pytest.mark.parametrize(("order", "first"), [("newest", 9), ("oldest", 2)])
def test_ranks_put_depth_before_the_order_of_exposures(order: str, first: int) -> None:
    ranks = {(d, e): rank_of(d, e, order) for d in (1, 2) for e in (2, 5, 9)}
    best = max(ranks, key=lambda place: ranks[place])
    assert best == (2, first)
    assert min(ranks[2, e] for e in (2, 5, 9)) > max(ranks[1, e] for e in (2, 5, 9))
