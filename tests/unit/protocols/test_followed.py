"""What of several values has become worse, the surest first, and between which updates."""

import pytest

from icestream.processing.changes.detect import LastingChange
from icestream.protocols.causes import UNCLEAR
from icestream.protocols.followed import Followed, worse_alert, worse_of

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


def test_people_are_told_the_surest_first_and_what_is_with_it() -> None:
    before: list[Update] = [(n, 0.0, 0.0) for n in range(5)]
    found = worse_of(FOLLOWED, [*before, (5, 0.3, 0.9), (6, 0.3, 0.9)])

    def words(name: str, change: LastingChange) -> str:
        return f"{name} by {float(change.size[0]):.1f}"

    alert = worse_alert("some.worse", found, UNCLEAR, words, "update 5")
    assert (alert.key, alert.level, alert.cause) == ("some.worse", "warning", UNCLEAR.words)
    start = f"much by 0.9 at update 5: {UNCLEAR.words} (with it: little by 0.3). What to do: "
    assert alert.message == start + UNCLEAR.advice
