import numpy as np
import pytest
from scipy import ndimage

from icestream.processing.picking import (
    average_diameter,
    choose_classes,
    session_diameter,
    session_is_cut,
    session_width,
)
from icestream.processing.picking.teaching import average_width, is_cut

PIXEL = 5.0


def particle(
    axes: tuple[float, float], center: tuple[float, float] = (32, 32), neighbour: bool = False
) -> np.ndarray:
    """Projection of an ellipsoid with half axes (y, x), Å, masked as an average is."""
    y, x = np.indices((64, 64))

    def one(cy: float, cx: float) -> np.ndarray:
        inside = ((y - cy) * PIXEL / axes[0]) ** 2 + ((x - cx) * PIXEL / axes[1]) ** 2
        return np.sqrt(np.clip(1 - inside, 0, None))

    image = one(*center)
    if neighbour:
        image += one(center[0], center[1] + 2.05 * axes[1] / PIXEL)
    image = ndimage.gaussian_filter(image, 1.0) - 0.05
    return np.where(np.hypot(y - 32, x - 32) < 28, image, 0.0).astype(np.float32)


@pytest.mark.parametrize("radius", [35.0, 60.0, 90.0])
def test_measures_a_ball(radius: float) -> None:
    assert average_diameter(particle((radius, radius)), PIXEL) == pytest.approx(
        2 * radius, rel=0.08
    )


def test_measures_the_long_axis_in_every_direction() -> None:
    rod = particle((40.0, 80.0))
    found = [
        average_diameter(ndimage.rotate(rod, angle, reshape=False, order=1), PIXEL)
        for angle in (0, 30, 75)
    ]
    assert found == pytest.approx([160.0] * 3, rel=0.1)


def test_neither_an_offset_nor_a_neighbour_matters() -> None:
    assert average_diameter(particle((60.0, 60.0), (35.5, 29.0)), PIXEL) == pytest.approx(
        120, rel=0.08
    )
    assert average_diameter(particle((60.0, 60.0), neighbour=True), PIXEL) == pytest.approx(
        120, rel=0.1
    )


def test_nothing_has_no_diameter() -> None:
    assert average_diameter(np.zeros((64, 64), np.float32), PIXEL) == 0.0
    assert session_diameter(np.zeros((2, 64, 64), np.float32), np.ones(2), PIXEL) == 0.0


def test_the_session_takes_the_long_views_that_are_not_rare() -> None:
    stack = np.stack([particle((40.0, 40.0)), particle((40.0, 80.0)), particle((90.0, 90.0))])
    assert session_diameter(stack, np.array([70, 28, 2]), PIXEL) == pytest.approx(160, rel=0.1)
    assert session_diameter(stack, np.array([99, 0, 1]), PIXEL) == pytest.approx(80, rel=0.1)


def test_chooses_crowded_classes_that_agree_with_themselves() -> None:
    counts = np.array([100.0, 5.0, 80.0, 90.0, 120.0])
    score = np.array([0.8, 0.9, 0.3, 0.7, 0.75])
    assert choose_classes(counts, score).tolist() == [4, 0, 3]
    assert choose_classes(counts, score, np.array([0, 1, 1, 0, 0])).tolist() == [2, 1]
    assert len(choose_classes(np.full(50, 10.0), np.ones(50))) == 20
    assert len(choose_classes(np.zeros(3), np.zeros(3))) == 0


def test_measures_the_width_beside_the_length() -> None:
    rod = particle((30.0, 90.0))
    assert average_width(rod, PIXEL) == pytest.approx(60.0, rel=0.15)
    assert average_width(particle((60.0, 60.0)), PIXEL) == pytest.approx(120.0, rel=0.08)
    assert average_width(np.zeros((64, 64), np.float32), PIXEL) == 0.0
    both = np.stack([rod, particle((60.0, 60.0)), np.zeros_like(rod)])
    assert session_width(both, np.array([3.0, 1.0, 9.0]), PIXEL) == pytest.approx(60, rel=0.15)
    assert session_width(both[2:], np.ones(1), PIXEL) == 0.0


def test_what_goes_on_beyond_its_mask_is_cut() -> None:
    long, short = particle((30.0, 200.0)), particle((30.0, 90.0))
    assert is_cut(long, PIXEL, 280.0)
    assert not is_cut(short, PIXEL, 280.0)
    # Off the middle it may touch the mask, but it would fit in.
    assert not is_cut(particle((30.0, 90.0), (32, 45)), PIXEL, 280.0)
    assert not is_cut(particle((60.0, 60.0), neighbour=True), PIXEL, 280.0)
    assert not is_cut(np.zeros((64, 64), np.float32), PIXEL, 280.0)
    stack = np.stack([long, short])
    assert session_is_cut(stack, np.array([4.0, 6.0]), PIXEL, 280.0)
    assert not session_is_cut(stack, np.array([2.0, 8.0]), PIXEL, 280.0)
