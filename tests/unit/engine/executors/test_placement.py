"""Placement: GPUs are used in order, and no warm worker is ended where it can be helped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icestream.engine.executors.placement import choose


@pytest.mark.parametrize(
    ("many", "free", "warm", "chosen"),
    [
        (1, {0, 1}, (), (0,)),
        (2, {3, 1, 2}, (), (1, 2)),
        (1, {0, 1}, ((1,),), (1,)),  # warm
        (1, {0, 1, 2}, ((2,), (1,)), (1,)),
        (1, {0, 1, 2}, ((0, 1),), (2,)),  # 0 and 1 stay warm together
        (2, {0, 1, 2, 3}, ((0,), (1, 2)), (1, 2)),
        (2, {0, 1, 3}, ((0,), (1, 2)), (0, 3)),  # 2 is not free
        (1, {0}, ((0, 1),), (0,)),
        (2, {4}, ((4,),), ()),
        (1, set(), (), ()),
    ],
)
def test_gpus_are_chosen(
    many: int, free: set[int], warm: tuple[tuple[int, ...], ...], chosen: tuple[int, ...]
) -> None:
    assert choose(many, free, warm) == chosen


@given(
    st.integers(1, 4),
    st.sets(st.integers(0, 7)),
    st.lists(st.sets(st.integers(0, 7), min_size=1, max_size=4)),
)
def test_what_is_chosen_is_free_and_enough(many: int, free: set[int], warm: list[set[int]]) -> None:
    chosen = choose(many, free, tuple(tuple(sorted(one)) for one in warm))
    assert set(chosen) <= free
    assert len(chosen) == (many if len(free) >= many else 0)
