from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from icestream.model import Classes, column
from icestream.protocol import unset_parameters
from icestream.protocol.conformance import problems
from icestream.protocols.select_classes import (
    SelectClasses,
    SelectClassesParameters,
    choice_words,
)


def classes(
    numbers: list[int], score: list[float], parents: list[int], counts: list[int] | None = None
) -> Classes:
    return Classes(
        averages=Path("a.mrcs"),
        box=64,
        pixel_size=3.0,
        counts=column(counts or [10] * len(numbers)),
        resolution=column(np.full(len(numbers), 12.0)),
        score=column(score),
        assignments=Path("a.parquet"),
        particles=10 * len(numbers),
        iteration=1,
        numbers=column(numbers),
        parents=column(parents),
    )


def selected(found: Classes, **wanted: object) -> list[float]:
    made = SelectClasses(SelectClassesParameters(**wanted)).process(found)
    assert made.selected is not None
    assert made.averages == found.averages
    return [float(one) for one in made.selected]


def test_is_a_good_plugin() -> None:
    assert problems(SelectClasses) == []


def test_takes_classes_by_their_score() -> None:
    found = classes([1, 2, 3], [0.6, 0.29, 0.3], [0, 0, 0])
    assert selected(found) == [1, 0, 1]
    assert selected(found, score_min=0.5) == [1, 0, 0]


def test_empty_classes_are_not_taken() -> None:
    assert selected(classes([1, 2], [0.6, 0.6], [0, 0], [5, 0])) == [1, 0]


def test_classes_are_taken_by_resolution_and_particles_too() -> None:
    found = classes([1, 2, 3, 4], [0.6, 0.6, 0.6, 0.1], [0] * 4, [5, 50, 500, 500])
    found = replace(found, resolution=column([7.0, 12.0, 0.0, 7.0]))  # that of 3 cannot be told
    assert selected(found) == [1, 1, 1, 0]
    assert selected(found, resolution_max=12.0) == [1, 1, 0, 0]
    assert selected(found, resolution_max=10.0) == [1, 0, 0, 0]
    assert selected(found, particles_min=50) == [0, 1, 1, 0]
    assert selected(found, particles_min=51, resolution_max=8.0, include="2") == [0, 1, 0, 0]


def test_methods_name_the_limits() -> None:
    wanted = SelectClassesParameters(resolution_max=12.0, particles_min=20, include="3")
    assert SelectClasses(wanted).methods() == (
        "Classes with a score of 0.3 or more and a resolution of 12 Å or better and "
        "20 particles or more were chosen, and by hand."
    )
    assert unset_parameters(SelectClassesParameters()) == {"resolution_max", "particles_min"}


def test_a_person_decides_whatever_the_score() -> None:
    found = classes([1, 2, 3], [0.6, 0.1, 0.7], [0, 0, 0])
    assert selected(found, include="2", exclude=" 1, 3 ") == [0, 1, 0]


def test_the_choice_stays_as_classes_come_and_go() -> None:
    """Class 2 was left out, 1 is gone since; 5 was split from 2, and 6 from 5."""
    later = classes([2, 3, 5, 6], [0.9, 0.1, 0.9, 0.9], [0, 0, 0, 1, 2, 5])
    assert selected(later, include="3", exclude="2") == [0, 1, 0, 0]


def test_the_nearest_choice_counts() -> None:
    """A class that was split from a chosen one can be left out by itself."""
    later = classes([2, 5, 6], [0.1, 0.1, 0.1], [0, 0, 0, 1, 2, 5])
    assert selected(later, include="2", exclude="5") == [1, 0, 0]


def test_classes_without_numbers_count_from_one() -> None:
    found = classes([1, 2], [0.1, 0.1], [0, 0])
    plain = Classes(
        **{
            name: getattr(found, name)
            for name in Classes.__slots__
            if name not in ("numbers", "parents")
        }
    )
    assert selected(plain, include="2") == [0, 1]


@pytest.mark.parametrize("wrong", ["a", "1;2", "1-3", "-1", ",2"])
def test_what_is_no_list_of_numbers_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationError, match="include"):
        SelectClassesParameters(include=wrong)


def test_deciding_twice_is_refused() -> None:
    with pytest.raises(ValidationError, match="classes 3, 4 are both in include and in exclude"):
        SelectClassesParameters(include="1,3,4", exclude="4,3")


def test_summary_and_plot() -> None:
    protocol = SelectClasses()
    assert protocol.summarize([]) == ""
    made = protocol.process(classes([1, 2], [0.6, 0.1], [0, 0], [30, 10]))
    said = "1 of 2 2D classes were selected, with 30 of 40 particles"
    assert protocol.summarize([made]) == said
    (figure,) = protocol.plot([made])
    assert list(figure.y) == [75.0]


def test_why_each_class_is_taken_or_left_out() -> None:
    found = classes([1, 2, 3, 5], [0.9, 0.1, 0.8, 0.7], [0, 0, 0, 0, 1], [9, 9, 3, 9])
    wanted = SelectClassesParameters(
        score_min=0.3, particles_min=5, include="2", exclude="1", resolution_max=20.0
    )
    words = choice_words(found, wanted)
    assert words == (
        "left out by hand",
        "taken by hand",
        "3 particles are fewer than 5",
        "left out by hand with class 1, which it was split from",
    )
    chosen = np.asarray(SelectClasses(wanted).process(found).selected) > 0
    assert chosen.tolist() == [word.startswith("taken") for word in words]
    strict = SelectClassesParameters(resolution_max=10.0, score_min=0.75)
    assert choice_words(found, strict) == (
        "resolution 12.0 Å is worse than 10 Å",
        "score 0.1 is below 0.75",
        "resolution 12.0 Å is worse than 10 Å",
        "score 0.7 is below 0.75",
    )
    plain = SelectClassesParameters()
    assert choice_words(found, plain)[0] == "score 0.9 is 0.3 or more"
