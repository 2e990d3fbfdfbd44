import numpy as np

from balls import BOX, Array, Balls
from icestream.processing.volume.fsc import fourier_shell_correlation
from icestream.processing.volume.maximization import Frame, estimate
from icestream.processing.volume.slices import SliceSums, central_slices
from icestream.processing.volume.symmetry import point_group

RINGS = 10
FRAME = Frame(BOX, BOX, 12.0)


def summed(balls: Balls, views: Array, noise: float) -> SliceSums:
    slices = central_slices(balls.volume(), views, RINGS, 64, BOX)
    rng = np.random.default_rng(7)
    slices = slices + noise * (
        rng.standard_normal(slices.shape) + 1j * rng.standard_normal(slices.shape)
    )
    sums = SliceSums.empty(RINGS)
    for half in (0, 1):
        part = slices[half::2].astype(np.complex64)
        one = np.ones(part.shape[:2], dtype=np.float32)
        sums.add(half, part, one, views[half::2], point_group("C1"))
    return sums


def test_the_volume_comes_back_from_many_views(lopsided: Balls, views: Array) -> None:
    found = estimate(summed(lopsided, views, 0.0), FRAME, RINGS)
    assert found.correlation[1:].min() > 0.9
    told = fourier_shell_correlation(found.volume, lopsided.volume())
    assert told[1 : RINGS - 1].min() > 0.97
    outside = FRAME.mask == 0.0
    assert not found.volume[outside].any()
    # In the scale of the density, not only in its shape.
    slope = (found.volume * lopsided.volume()).sum() / np.square(lopsided.volume()).sum()
    assert 0.8 < slope < 1.1


def test_what_the_halves_do_not_share_is_held_down(lopsided: Balls, views: Array) -> None:
    clean = estimate(summed(lopsided, views, 0.0), FRAME, RINGS)
    noisy = estimate(summed(lopsided, views, 3.0), FRAME, RINGS)
    assert noisy.correlation[-1] < 0.5 < noisy.correlation[1]
    plain = 0.5 * (noisy.halves[0] + noisy.halves[1])
    error = [np.square(each - clean.volume).sum() for each in (noisy.volume, plain)]
    assert error[0] < error[1]


def test_a_frame_keeps_its_extent() -> None:
    small = FRAME.resized(16)
    assert (small.box, small.radius, small.image_box) == (16, 6.0, BOX)
    assert small.mask.mean() == np.float32(small.mask.mean())
    assert abs(small.mask.mean() - FRAME.mask.mean()) < 0.1
