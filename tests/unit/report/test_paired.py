"""Differences of pairs, and which of them are more than chance."""

import math

import pytest

from icestream.report.paired import Pair, paired


def pairs(*values: tuple[float, float]) -> list[Pair]:
    return [Pair(f"e{index}", *value) for index, value in enumerate(values)]


def test_the_mean_difference_and_its_standard_error() -> None:
    found = paired("ctf.resolution", pairs((4, 3), (5, 3), (6, 3)))
    assert (found.old, found.new, found.difference) == (5.0, 3.0, -2.0)
    assert found.error == pytest.approx(1 / math.sqrt(3))
    assert (found.better, found.worse, found.same) == (3, 0, 0)  # a low number is better


def test_nobody_has_said_which_way_is_better() -> None:
    found = paired("toy.value", pairs((1, 2), (2, 1), (3, 3)))
    assert (found.better, found.worse) == (None, None)
    assert (found.higher, found.lower, found.same) == (1, 1, 1)


def test_student() -> None:
    """Differences 1 to 5: t = 3 / sqrt(0.5) = 4.243 with 4 degrees of freedom, p = 0.01324."""
    found = paired("toy.value", pairs(*((0, n) for n in range(1, 6))))
    assert found.chance == pytest.approx(0.01324, abs=1e-5)
    assert found.is_claimed(1)
    assert not found.is_claimed(10)  # of ten quantities one such is no surprise


def test_too_few_claim_nothing() -> None:
    found = paired("toy.value", pairs((0, 1), (0, 1.1), (0, 0.9), (0, 1)))
    assert found.chance < 0.001
    assert not found.is_claimed(1)
    one = paired("toy.value", pairs((0, 1)))
    assert (one.chance, math.isnan(one.error)) == (1.0, True)


def test_what_is_the_same_is_no_difference_and_what_always_differs_is_no_chance() -> None:
    assert paired("toy.value", pairs(*[(1, 1)] * 6)).chance == 1.0
    assert paired("toy.value", pairs(*[(1, 2)] * 6)).chance == 0.0


def test_an_angle_turns_the_short_way() -> None:
    found = paired("ctf.angle", pairs((89, -89), (-89, 89)))
    assert [found.higher, found.lower] == [1, 1]
    assert found.difference == 0.0
