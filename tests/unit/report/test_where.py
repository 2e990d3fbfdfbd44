"""PlaceColumns of exposures, and how far beam shifts reach."""

import math

import pytest

from icestream.report.where import NOWHERE, PlaceColumns, Where, shift_scale, where_of


def test_what_the_metadata_say() -> None:
    said = {
        "grid_square": "7001", "foil_hole": "42", "group": 3, "stage": [10.0, -20.5, 3.0],
        "beam_shift": [0.05, -0.1],
    }  # fmt: skip
    assert where_of(said) == Where("7001", "42", 3, 10.0, -20.5, 0.05, -0.1)


@pytest.mark.parametrize(
    "said", [{}, {"stage": None}, {"stage": [1.0]}, {"stage": ["a", "b"]}, {"stage": [math.nan, 1]}]
)
def test_what_they_do_not_say_is_not_known(said: dict[str, object]) -> None:
    where = where_of(said)
    assert math.isnan(where.x)
    assert math.isnan(where.shift_y)
    assert (where.square, where.hole, where.group) == ("", "", 0)


def _grid(spacing: float, unit: float) -> list[Where]:
    """Holes in rows and columns, nine of them around each of 16 stage positions."""
    return [
        Where(
            hole=f"{cluster}-{hole}", x=3 * spacing * (cluster % 4),
            y=3 * spacing * (cluster // 4), shift_x=(hole % 3 - 1) * spacing / unit,
            shift_y=(hole // 3 - 1) * spacing / unit,
        )
        for cluster in range(16)
        for hole in range(9)
    ]  # fmt: skip


@pytest.mark.parametrize(("spacing", "unit"), [(2.6, 52.0), (1.2, 1.0), (4.0, 1e-3)])
def test_holes_that_leave_no_gap_tell_the_unit_of_beam_shifts(spacing: float, unit: float) -> None:
    assert shift_scale(_grid(spacing, unit)) == pytest.approx(unit, rel=0.01)


def test_several_shots_in_a_hole_do_not_change_that() -> None:
    shots = [
        each._replace(shift_x=each.shift_x + dx, x=each.x + 0.05 * dx)
        for each in _grid(2.6, 52.0)
        for dx in (-0.005, 0.005)
    ]
    assert shift_scale(shots) == pytest.approx(52.0, rel=0.15)


def test_without_shifts_or_without_positions_there_is_no_scale() -> None:
    assert shift_scale([]) is None
    assert shift_scale([NOWHERE, NOWHERE]) is None
    assert shift_scale([Where(x=1.0, y=1.0, shift_x=0.5, shift_y=0.5)] * 3) is None


def test_a_neighbour_in_another_square_says_nothing_of_holes() -> None:
    apart = [each._replace(square=f"{each.x:.0f} {each.y:.0f}") for each in _grid(2.6, 52.0)]
    scale = shift_scale(apart)
    assert scale is not None
    assert scale * 2 * 2.6 / 52.0 == pytest.approx(10.0, rel=0.01)
    far = [each._replace(x=20 * each.x, y=20 * each.y) for each in _grid(2.6, 52.0)]
    assert shift_scale(far) == scale


def test_one_stage_position_alone_is_drawn_as_wide_as_ten_micrometres() -> None:
    alone = [each for each in _grid(2.6, 52.0) if each.x == 0 and each.y == 0]
    scale = shift_scale(alone)
    assert scale is not None
    assert scale * 2 * 2.6 / 52.0 == pytest.approx(10.0, rel=0.01)


def test_places_are_kept_in_columns() -> None:
    kept, some = PlaceColumns(), [Where("7001", "42", 3, 10.0, -20.5, 0.05, -0.1), NOWHERE]
    assert kept.stage.shape == (0, 2)
    for where in (*some, Where("7002", group=10**30)):
        kept.append(where)
    assert kept[0] == some[0]
    assert kept[-1].group == 10**30
    assert [where.square for where in kept[1:]] == ["", "7002"]
    assert kept.stage[0].tolist() == [10.0, -20.5]
    assert kept.shift[0].tolist() == [0.05, -0.1]
    assert math.isnan(kept.stage[1, 0])
    with pytest.raises(IndexError):
        kept[3]
    kept.append(NOWHERE)  # what was asked for holds nothing back
    assert len(kept) == 4
