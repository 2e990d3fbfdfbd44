"""Images that are the same, and where they are from."""

import numpy as np
import pytest

from icestream.processing.same_images import compare_images, find_image, turned, turns

RANDOM = np.random.default_rng(5)
FIELD = RANDOM.normal(100.0, 3.0, (120, 160)).astype(np.float32)
IMAGE = FIELD[30:62, 70:102].copy()


def test_an_image_is_like_itself() -> None:
    likeness = compare_images(IMAGE, IMAGE)
    assert likeness.correlation == pytest.approx(1.0, abs=1e-5)
    assert likeness.offset == pytest.approx((0.0, 0.0), abs=0.05)
    assert likeness.contrast == pytest.approx(1.0, abs=1e-5)


def test_strength_and_sign_of_the_contrast() -> None:
    assert compare_images(IMAGE, 7 - 2.5 * IMAGE).contrast == pytest.approx(-2.5, rel=1e-4)
    assert compare_images(IMAGE, 7 - 2.5 * IMAGE).correlation == pytest.approx(-1.0, abs=1e-5)


def test_an_image_that_is_moved() -> None:
    likeness = compare_images(IMAGE, np.roll(IMAGE, (3, -5), (0, 1)))
    assert abs(likeness.correlation) < 0.2
    assert likeness.offset == pytest.approx((3.0, -5.0), abs=0.1)


def test_an_empty_image_is_like_none() -> None:
    likeness = compare_images(IMAGE, np.ones_like(IMAGE))
    assert (likeness.correlation, likeness.contrast) == (0.0, 0.0)
    assert np.isnan(likeness.offset).all()


@pytest.mark.parametrize("sign", [1, -1])
def test_an_image_is_found_in_its_field(sign: int) -> None:
    place = find_image(FIELD, sign * IMAGE)
    assert (place.y, place.x) == pytest.approx((46.0, 86.0), abs=0.3)
    assert place.strength * sign > 20


def test_an_image_of_another_field_is_not_found() -> None:
    other = RANDOM.normal(0, 1, (32, 32)).astype(np.float32)
    assert abs(find_image(FIELD, other).strength) < 6


def test_an_image_is_laid_in_eight_ways() -> None:
    laid = [turned(IMAGE, how) for how in turns()]
    assert np.array_equal(laid[0], IMAGE)
    assert len({one.tobytes() for one in laid}) == 8
    marked = np.zeros((8, 8), np.float32)
    marked[4, 4], marked[5, 2] = 1, 2
    for how in turns():
        assert turned(marked, how)[4, 4] == 1
    assert turned(marked, (False, True, False))[3, 2] == 2
    assert turned(marked, (False, False, True))[5, 6] == 2
    assert turned(marked, (True, False, False))[2, 5] == 2
