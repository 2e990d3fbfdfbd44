"""Motion in ångströms, as RELION counts it."""

import pytest

from icestream.model import Motion, column


def test_total_is_early_and_late() -> None:
    motion = Motion(shifts=column([[0, 0], [3, 4], [3, 6], [4, 6]]), pixel_size=2.0)
    assert motion.total == pytest.approx((5 + 2 + 1) * 2.0)
    assert motion.early(2) == pytest.approx(5 * 2.0)
    assert motion.late(2) == pytest.approx((2 + 1) * 2.0)
    for frames in (1, 2, 3, 4):
        assert motion.early(frames) + motion.late(frames) == pytest.approx(motion.total)


def test_the_fastest_is_the_largest_step() -> None:
    motion = Motion(shifts=column([[0, 0], [3, 4], [3, 6], [4, 6]]), pixel_size=2.0)
    assert motion.fastest == pytest.approx(5 * 2.0)
    assert Motion(shifts=column([[1, 1]])).fastest == 0.0


def test_motion_is_known_unless_no_frame_shows_what_the_others_show() -> None:
    still = column([[0, 0]] * 3)
    assert Motion(shifts=still).known
    assert Motion(shifts=still, frame_agreement=column([0.0, 0.9, 0.0])).known
    assert not Motion(shifts=still, frame_agreement=column([0.0] * 3)).known


def test_a_still_movie_has_no_motion() -> None:
    assert Motion(shifts=column([[0, 0]] * 5)).total == 0
