"""What of several values has become worse, the surest first, and between which updates."""

import pytest

from icestream.protocols.followed import Followed, worse_of

Update = tuple[int, float, float | None]
FOLLOWED: tuple[Followed[Update], ...] = (
    Followed(name="little", value=lambda one: one[1], noise=0.05, smallest=0.2),
    Followed(name="much", value=lambda one: one[2], noise=0.05, smallest=0.2),
)


def test_the_surest_comes_first_with_the_updates_around_it() -> None:
    before: list[Update] = [(n, 0.0, 0.0) for n in range(5)]
    updates: list[Update] = [*before, (5, 0.3, 0.9), (6, 0.3, 0.9)]
    found = worse_of(FOLLOWED, updates)
    assert list(found) == ["much", "little"]
    assert (found["much"].before[0], found["much"].first[0]) == (4, 5)
    assert found["little"].change.size == pytest.approx([0.3])


def test_updates_without_a_value_are_left_out() -> None:
    values = [None, 0.0, 0.0, None, 0.0, 0.0, 0.9, None, 0.9]
    updates: list[Update] = [(n, 0.0, value) for n, value in enumerate(values)]
    found = worse_of(FOLLOWED, updates)
    assert list(found) == ["much"]
    assert (found["much"].before[0], found["much"].first[0]) == (5, 6)
    assert worse_of(FOLLOWED, updates[:7]) == {}
