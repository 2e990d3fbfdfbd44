"""Which of several files of one micrograph is meant, by their names."""

import pytest

from icestream.formats.micrograph_names import better_names, is_weighted, plain_names


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
