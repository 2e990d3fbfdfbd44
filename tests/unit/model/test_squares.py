"""Exposures of each grid square."""

import pytest

from icestream.model.squares import Square, squares_of, usual_square


def test_exposures_of_all_visits_count_and_the_newest_square_is_last() -> None:
    order = "aaabbbbaac"
    found = squares_of((float(time), name) for time, name in enumerate(order))
    assert [(one.name, one.count, one.last) for one in found] == [
        ("b", 4, 6.0),
        ("a", 5, 8.0),
        ("c", 1, 9.0),
    ]
    assert [one.left for one in found] == [True, False, False]  # one of c may be ahead of its time


def test_the_order_of_being_found_does_not_matter() -> None:
    taken = [(float(time), name) for time, name in enumerate("aaabbbbccccc")]
    assert squares_of(taken[::-1]) == squares_of(taken)


def test_nothing_is_known_where_too_many_do_not_say() -> None:
    assert squares_of([]) == ()
    assert squares_of((float(time), None) for time in range(9)) == ()
    some = [(float(time), "a" if time % 2 else None) for time in range(20)]
    assert squares_of(some) == ()
    most = [(float(time), None if time == 3 else "a") for time in range(20)]
    assert [one.count for one in squares_of(most)] == [19]


def test_the_usual_is_of_the_last_squares_that_were_left() -> None:
    def square(count: int, *, left: bool = True) -> Square:
        return Square(name="s", count=count, last=0.0, left=left)

    assert usual_square([square(60)] * 3) is None
    assert usual_square([square(60)] * 3 + [square(60, left=False)]) is None
    usual = usual_square([square(1)] * 30 + [square(count) for count in [50, 60, 70, 60] * 5])
    assert usual is not None
    assert usual.count == pytest.approx(60.0)
    assert 30.0 < usual.fewest < 60.0
