"""Which of several files of one micrograph is meant, by their names."""

import pytest

from icestream.formats.micrograph_names import (
    better_names,
    is_weighted,
    micrograph_root,
    plain_names,
)


@pytest.mark.parametrize(
    ("stem", "better"),
    [
        ("a", "a_DW"),
        ("a_DWS", "a_DW"),
        ("a_DWS", "a"),
        ("a_noDW", "a"),
        ("a_PS", "a_DW"),
        ("a_ODD", "a"),
        ("a_background", "a_patch_aligned"),
        ("a_background", "a_patch_aligned_doseweighted"),
        ("a_patch_aligned", "a_patch_aligned_doseweighted"),
    ],
)
def test_what_is_better(stem: str, better: str) -> None:
    assert better in better_names(stem)
    assert stem not in better_names(stem)


@pytest.mark.parametrize("stem", ["a_DW", "a_dw", "a_patch_aligned_doseweighted", "a_doseweighted"])
def test_what_is_weighted_is_the_best(stem: str) -> None:
    assert is_weighted(stem)
    assert better_names(stem) == ()


@pytest.mark.parametrize("stem", ["a", "a_noDW", "a_DWS", "DW", "_PS", "a_DW_1"])
def test_what_is_not(stem: str) -> None:
    assert not is_weighted(stem)


def test_the_plain_sum_of_a_weighted_one() -> None:
    assert plain_names("a_DW") == ("a", "a_patch_aligned", "a_rigid_aligned")
    assert "a_patch_aligned" in plain_names("a_patch_aligned_doseweighted")
    assert plain_names("a") == plain_names("_DW") == ()


@pytest.mark.parametrize(
    "stem",
    [
        "Grid_01", "grid_01", "Grid_01_DW", "Grid_01_noDW", "Grid_01_EER", "Grid_01_Fractions_DWS",
        "012951868257382468663_Grid_01_patch_aligned_doseweighted", "Grid_01_autopick",
        "012951868257382468663_Grid_01.frames_patch_aligned_doseweighted_particles",
    ],
)  # fmt: skip
def test_names_of_one_micrograph_have_one_root(stem: str) -> None:
    assert micrograph_root(stem) == "grid_01"


def test_numbers_and_names_that_are_all_ending_stay() -> None:
    assert micrograph_root("20260801_123456_Grid") == "20260801_123456_grid"
    assert micrograph_root("_DW") == "_dw"
    assert micrograph_root("Grid_02") != micrograph_root("Grid_01")
