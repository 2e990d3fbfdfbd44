"""What a person changes about picks, and what becomes of it when a step finds others."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icestream.model import BY_HAND, Column, PickerAgreement, Picks, PicksCorrection, column
from icestream.model.document import from_document, to_document

DIAMETER = 40.0


def picks(*places: tuple[float, float], pixel_size: float = 2.0) -> Picks:
    """Picks of 40 Å at places in pixels, the first with the best score."""
    where = np.reshape(np.array(places, dtype=float), (-1, 2))
    return Picks(
        exposure="a",
        x=column(where[:, 0]),
        y=column(where[:, 1]),
        score=column(np.arange(len(where), 0, -1)),
        diameter=DIAMETER,
        pixel_size=pixel_size,
    )


def places(found: Picks) -> list[tuple[float, float]]:
    return list(zip(found.x.tolist(), found.y.tolist(), strict=True))


FOUND = picks((10, 10), (50, 10), (90, 10))


def test_nothing_changed_leaves_the_picks_themselves() -> None:
    assert not PicksCorrection()
    assert PicksCorrection().apply(FOUND) is FOUND
    assert PicksCorrection(removed=((500.0, 500.0),)).apply(FOUND) is FOUND


def test_what_is_added_comes_last_and_is_marked() -> None:
    corrected = PicksCorrection().edited(FOUND, add=[(70, 70)], remove=[(49, 12)]).apply(FOUND)
    assert places(corrected) == [(10, 10), (90, 10), (70, 70)]
    assert corrected.score[:2].tolist() == [3, 1]
    assert corrected.score[2] == BY_HAND
    assert corrected.by_hand is not None
    assert corrected.by_hand.added == 1
    assert corrected.by_hand.removed.tolist() == [[50, 10]]
    again = from_document(Picks, to_document(corrected))
    assert again.by_hand is not None
    assert again.by_hand.removed.tolist() == [[50, 10]]
    assert len(corrected) == corrected.qualities()["picks.count"] == 3


def test_of_two_that_are_close_the_nearer_one_goes() -> None:
    close = picks((10, 10), (16, 10))
    correction = PicksCorrection().edited(close, remove=[(14, 10)])
    assert places(correction.apply(close)) == [(10, 10)]
    assert places(correction.edited(close, remove=[(14, 10)]).apply(close)) == []


def test_a_pick_that_is_added_on_another_stands_in_its_place() -> None:
    """Nearer than a quarter of a diameter, 5 pixels, it is the same particle."""
    correction = PicksCorrection().edited(FOUND, add=[(54, 10)])
    assert places(correction.apply(FOUND)) == [(10, 10), (90, 10), (54, 10)]
    assert places(correction.edited(FOUND, add=[(56, 10)]).apply(FOUND)) == [
        (10, 10),
        (90, 10),
        (56, 10),
    ]
    gone = correction.edited(FOUND, remove=[(54, 10)])
    assert places(gone.apply(FOUND)) == [(10, 10), (90, 10)]
    beside = PicksCorrection().edited(FOUND, add=[(55.1, 10)])
    assert len(beside.apply(FOUND)) == 4


def test_other_picks_of_the_same_particle_give_way_to_what_was_added() -> None:
    correction = PicksCorrection().edited(FOUND, add=[(70, 70)])
    other = picks((10, 10), (73, 70), (80, 70))
    assert places(correction.apply(other)) == [(10, 10), (80, 70), (70, 70)]


def test_what_was_removed_is_what_is_found_there_within_half_a_diameter() -> None:
    correction = PicksCorrection().edited(FOUND, remove=[(50, 10)])
    assert places(correction.apply(picks((59.9, 10), (90, 10)))) == [(90, 10)]
    assert len(correction.apply(picks((60.1, 10), (90, 10)))) == 2


def test_places_hold_for_pixels_of_another_size() -> None:
    correction = PicksCorrection().edited(FOUND, add=[(70, 70)], remove=[(50, 10)])
    binned = picks((5, 5), (25, 5), (45, 5), pixel_size=4.0)
    assert places(correction.apply(binned)) == [(5, 5), (45, 5), (35, 35)]


def test_columns_of_a_plugins_picks_follow() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True, eq=False)
    class Turned(Picks):
        angle: Column

    base = Turned(
        exposure="a", x=FOUND.x, y=FOUND.y, score=FOUND.score, diameter=DIAMETER, pixel_size=2.0,
        angle=column([1, 2, 3]),
        agreement=PickerAgreement(
            pickers=("a", "b"), shared=column(np.ones((2, 2))), scores=column(np.ones((3, 2)))
        ),
    )  # fmt: skip
    corrected = PicksCorrection().edited(base, add=[(70, 70)], remove=[(10, 10)]).apply(base)
    assert isinstance(corrected, Turned)
    np.testing.assert_array_equal(corrected.angle, [2, 3, np.nan])
    assert corrected.agreement is not None
    assert corrected.agreement.scores.shape == (3, 2)
    assert np.isnan(corrected.agreement.scores[2]).all()


def test_a_place_without_a_pick_cannot_be_removed() -> None:
    said = r"no pick is within 10 pixels \(half a particle diameter\) of \(70, 70\): the nearest"
    with pytest.raises(LookupError, match=said):
        PicksCorrection().edited(FOUND, remove=[(70, 70)])
    with pytest.raises(LookupError, match="there are none"):
        PicksCorrection().edited(picks(), remove=[(70, 70)])


def test_all_places_at_once() -> None:
    correction = PicksCorrection().towards(FOUND, [(10.5, 10), (11, 10.2), (70, 70)])
    assert len(correction.removed) == 2
    assert len(correction.added) == 2  # only one is the pick that is there
    assert not PicksCorrection().towards(FOUND, places(FOUND))
    assert len(PicksCorrection().towards(picks(), [(1, 2)]).apply(picks())) == 1


APART = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), unique=True, max_size=30)
"""Places on a lattice whose nearest are a diameter apart."""


@given(APART, st.data())
def test_what_was_removed_and_added_again_is_as_it_was_found(
    lattice: list[tuple[int, int]], data: st.DataObject
) -> None:
    found = picks(*((20.0 * x, 20.0 * y) for x, y in lattice))
    gone = [one for one in places(found) if data.draw(st.booleans())]
    correction = PicksCorrection().edited(found, remove=gone)
    assert len(correction.apply(found)) == len(found) - len(gone)
    back = correction.edited(found, add=gone)
    assert not back
    assert back.apply(found) is found


@given(APART, APART)
def test_the_picks_become_what_is_wanted(
    lattice: list[tuple[int, int]], wanted: list[tuple[int, int]]
) -> None:
    found = picks(*((20.0 * x, 20.0 * y) for x, y in lattice))
    there = [(20.0 * x, 20.0 * y) for x, y in wanted]
    corrected = PicksCorrection().towards(found, there).apply(found)
    assert sorted(places(corrected)) == sorted(there)
