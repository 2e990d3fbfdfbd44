"""Spectra of groups of frames."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from icestream.model import Optics
from icestream.processing.ctf import Defocus, ctf_2d, fit_spectrum
from icestream.processing.ctf.groups import group_tiles, pack, unpack
from icestream.processing.ctf.spectrum import average_ordinary, taper_window
from icestream.processing.motion.local_motion import LocalMotion
from icestream.processing.motion.magnification import Distortion
from icestream.processing.motion.spectra import Frames

PIXEL = 1.5
OPTICS = Optics(pixel_size=PIXEL, voltage=300.0)
TRUE = Defocus(u=12300, v=11700, angle=35.0)


def waves(count: int, size: int, *, places: NDArray[np.float64] | None = None) -> Frames:
    """Frames of one wave of 1/6 cycles a pixel along x, in each frame where `places` say."""
    x = np.arange(size, dtype=np.float64)
    moved = np.zeros((count, 2)) if places is None else places
    rows = [20.0 + 0.1 * np.cos(2.0 * np.pi * (x - place[1]) / 6.0) for place in moved]
    counts = np.stack([np.tile(row, (size, 1)) for row in rows]).astype(np.float32)
    counts += np.random.default_rng(1).normal(0.0, 1.0, counts.shape).astype(np.float32)
    return Frames(counts, np.ones((size, size), np.float32), PIXEL)


def still(count: int) -> NDArray[np.float64]:
    return np.zeros((count, 2))


def peak(power: NDArray[np.float32]) -> tuple[int, int]:
    """Frequency (y, x) of the highest power, without the lowest, in pixels of the spectrum."""
    high = power.copy()
    high[:, :8] = 0.0
    row, column = np.unravel_index(int(high.argmax()), high.shape)
    size = len(power)
    return int(row) - size * (row >= size // 2), int(column)


def test_one_byte_holds_a_number_to_three_percent() -> None:
    power = np.exp(np.linspace(np.log(0.016), np.log(980.0), 1000)).astype(np.float32)
    again = unpack(pack(power))
    assert np.abs(again / power - 1.0).max() < 1.0 / 32.0
    assert np.mean(again / power) == pytest.approx(1.0, abs=2e-3)
    assert np.array_equal(pack(again), pack(power))


def test_numbers_beyond_a_byte_get_the_nearest_one_inside() -> None:
    packed = pack(np.array([0.0, 1e-9, 1e9], np.float32))
    assert packed.tolist() == [-128, -128, 127]
    assert unpack(packed)[0] == pytest.approx(2.0**-6)


def test_frames_of_a_group_add_up_where_alignment_puts_them() -> None:
    """A wave that moves by half its length is lost, unless its shifts are known."""
    places = np.array([[0.0, 3.0 * (f % 2)] for f in range(8)])
    frames = waves(8, 300, places=places)
    lost = group_tiles(frames, still(8), 2.0)
    seen = group_tiles(frames, -PIXEL * places, 2.0)
    assert lost is not None
    assert seen is not None
    power = seen.unpack().power.mean(axis=0)
    row, column = peak(power)
    assert (row, column) == (0, pytest.approx(len(power) / 6.0, abs=1.0))
    assert lost.unpack().power.mean(axis=0)[row, column] < 0.02 * power[row, column]


def test_motion_between_groups_does_not_matter() -> None:
    places = np.array([[0.0, 3.0 * (f // 2 % 2)] for f in range(8)])
    found = group_tiles(waves(8, 300, places=places), still(8), 2.0)
    kept = group_tiles(waves(8, 300), still(8), 2.0)
    assert found is not None
    assert kept is not None
    row, column = peak(kept.unpack().power.mean(axis=0))
    ratio = found.unpack().power[:, row, column] / kept.unpack().power[:, row, column]
    assert ratio == pytest.approx(1.0, rel=0.1)


def test_the_fraction_of_a_pixel_that_frames_share_costs_nothing() -> None:
    """Rounding frames half a pixel apart from the whole pixels would spread them over two."""
    places = np.array([[0.0, 0.45 + 0.1 * (f % 2)] for f in range(8)])
    frames = waves(8, 300, places=places)
    apart = group_tiles(frames, -PIXEL * places, 2.0)
    together = group_tiles(waves(8, 300), still(8), 2.0)
    assert apart is not None
    assert together is not None
    strength = [t.unpack().power[:, 0, 40:].max(axis=1).mean() for t in (apart, together)]
    assert strength[0] == pytest.approx(strength[1], rel=0.1)


def test_rings_are_stretched_as_alignment_stretches_the_field() -> None:
    """A wave under motion of 8 % of the field has the frequency that it has in the sum."""
    count, size, stretch = 4, 512, 0.08
    coefficients = np.zeros((2, 18))
    # The shift along x grows with x; the mean over the frames 0 to 3 of t is 1.5.
    coefficients[1, 3] = stretch / 1.5 * size * PIXEL
    motion = LocalMotion(np.zeros((count, 2)), coefficients, 1.0)
    flat, bent = (group_tiles(waves(count, size), m, 4.0) for m in (still(count), motion))
    assert flat is not None
    assert bent is not None
    straight, stretched = (
        peak(tiles.unpack().power.mean(axis=0))[1] / tiles.side for tiles in (flat, bent)
    )
    assert stretched == pytest.approx(straight / (1.0 + stretch), rel=0.02)


def test_fine_pixels_are_binned() -> None:
    """The same field in half the pixel has the same spectrum."""
    coarse = waves(4, 256)
    fine = Frames(
        np.repeat(np.repeat(coarse.counts, 2, axis=1), 2, axis=2), np.ones((512, 512)), 0.4
    )
    one = group_tiles(Frames(coarse.counts, coarse.gain, 0.8), still(4), 4.0)
    two = group_tiles(fine, still(4), 4.0)
    assert one is not None
    assert two is not None
    assert two.side == pytest.approx(one.side, rel=0.02)
    assert peak(two.unpack().power[0])[1] / two.side == pytest.approx(
        peak(one.unpack().power[0])[1] / one.side, rel=0.02
    )


def test_a_distortion_is_undone() -> None:
    frames = waves(4, 512)
    true, found = (
        group_tiles(frames, still(4), 4.0, distortion=distortion)
        for distortion in (None, Distortion(angle=0.0, major=1.1))
    )
    assert true is not None
    assert found is not None
    straight, undone = (peak(tiles.unpack().power.mean(axis=0))[1] for tiles in (true, found))
    # What was magnified is finer.
    assert undone == pytest.approx(1.1 * straight, rel=0.02)


@pytest.mark.parametrize("taper", [0.125, 0.3, 0.5])
def test_the_spread_is_that_of_tapered_noise(taper: float) -> None:
    """The variance of sums over small squares of a spectrum, over that of single pixels."""
    rng = np.random.default_rng(2)
    window = taper_window(96, taper)
    noise = rng.standard_normal((400, 96, 96)).astype(np.float32) * window[:, None] * window
    power = np.abs(np.fft.rfft2(noise))[:, 8:40, 8:40] ** 2
    power /= power.mean()
    sums = power.reshape(-1, 2, 16, 2, 16).sum(axis=(2, 4))
    tiles = group_tiles(waves(1, 300), still(1), 4.0)
    assert tiles is not None
    expected = type(tiles.unpack())(
        power=np.ones((1, 8, 5), np.float32), places=np.zeros((1, 2)), side=1.0, taper=taper
    ).spread
    assert sums.var() / (256 * power.var()) == pytest.approx(expected, rel=0.12)


@pytest.mark.parametrize(("size", "frames", "overlap"), [(1020, 8, True), (2050, 8, False)])
def test_a_large_field_has_tiles_that_hardly_overlap(size: int, frames: int, overlap: bool) -> None:
    counts = np.ones((frames, size, size), np.uint8)
    counts += np.random.default_rng(3).integers(0, 3, counts.shape[1:], dtype=np.uint8)
    found = group_tiles(
        Frames(counts, np.ones((size, size), np.float32), PIXEL), still(frames), 4.0
    )
    assert found is not None
    columns = np.unique(np.round(found.places[:, 1]))
    step = min(b - a for a, b in pairwise(columns)) / found.side
    assert step == pytest.approx(0.5 if overlap else 1.0, abs=0.01)
    assert found.taper == pytest.approx(0.5 if overlap else 0.125, abs=0.01)
    # They fill the field, a few pixels at its border apart.
    assert columns[0] - 0.5 * found.side == pytest.approx(-0.5 * size * PIXEL, abs=4 * PIXEL)
    assert columns[-1] + 0.5 * found.side == pytest.approx(0.5 * size * PIXEL, abs=4 * PIXEL)


def test_water_that_moves_shows_more_rings_than_in_the_sum() -> None:
    """The ice of each group is new: in groups the CTF is found, in the sum of all it is not."""
    rng = np.random.default_rng(4)
    shape, groups = (640, 640), 10
    response = ctf_2d(shape, TRUE, OPTICS, half=True)
    counts = []
    for _ in range(groups):
        ice = np.fft.irfft2(np.fft.rfft2(rng.standard_normal(shape)) * response, s=shape)
        mean = np.clip(4.0 * (1.0 + 0.15 * ice), 0.01, None)
        counts += [rng.poisson(0.5 * mean) for _ in range(2)]
    frames = Frames(np.stack(counts).astype(np.uint8), np.ones(shape, np.float32), PIXEL)
    each, whole = (group_tiles(frames, still(len(counts)), dose) for dose in (2.0, 0.1))
    assert each is not None
    assert whole is not None
    found, lost = (fit_spectrum(average_ordinary(t.unpack()), OPTICS) for t in (each, whole))
    assert found.significance > 1.5 * lost.significance
    assert found.defocus.mean == pytest.approx(TRUE.mean, abs=60)


def test_empty_and_small_fields_give_nothing() -> None:
    empty = Frames(np.zeros((4, 300, 300), np.uint8), np.ones((300, 300), np.float32), PIXEL)
    assert group_tiles(empty, still(4), 1.0) is None
    moved = np.array([[0.0, 0.0], [200.0 * PIXEL, 0.0]])
    assert group_tiles(waves(2, 300), moved, 1.0) is None


def test_an_unknown_dose_is_refused() -> None:
    with pytest.raises(ValueError, match="need the dose of a frame, not 0"):
        group_tiles(waves(2, 300), still(2), 0.0)
