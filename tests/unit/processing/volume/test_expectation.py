import numpy as np
import pytest

from balls import BOX, Array, Balls
from icestream.processing.classify2d.polar import Float, PolarGrid
from icestream.processing.volume.expectation import ImageBlock, VolumeMatching, expect, project
from icestream.processing.volume.refine import shifts_around
from icestream.processing.volume.rotations import spiral_directions, views_along
from icestream.processing.volume.slices import central_slices

GRID = PolarGrid(BOX, 9, 64)


def matching(noise: float, **changes: float) -> VolumeMatching:
    values = {"shift_spread": 3.0, "candidates": 40, "temperature": 1.0} | changes
    return VolumeMatching(
        grid=GRID,
        noise=np.full(9, noise, np.float32),
        independence=0.5,
        orders=20,
        shifts=shifts_around(1.5, 1.0),
        shift_spread=values["shift_spread"],
        candidates=int(values["candidates"]),
        temperature=values["temperature"],
    )


def block(images: Array, transfer: Float, centers: Float) -> ImageBlock:
    count = len(images)
    return ImageBlock(
        spectra=GRID.spectra(images),
        transfer=transfer,
        centers=centers,
        weights=np.linspace(0.5, 1.5, count).astype(np.float32),
        halves=(np.arange(count) % 2).astype(np.int8),
    )


@pytest.fixture(scope="module")
def references(lopsided: Balls) -> tuple[Array, Array]:
    """Views, 8 degrees apart, and slices along them."""
    views = views_along(spiral_directions(8.0))
    return views, central_slices(lopsided.volume(), views, 9, 64, BOX)


def test_pose_and_shift_are_found(
    lopsided: Balls, views: Array, references: tuple[Array, Array]
) -> None:
    rng = np.random.default_rng(1)
    shifts = rng.integers(-1, 2, (30, 2)).astype(np.float32) + np.float32(2.0)
    images = lopsided.images(views[:30], shifts)
    transfer = rng.uniform(0.5, 1.0, (30, 9)).astype(np.float32) * rng.choice([-1, 1], (1, 9))
    seen = block(images, transfer.astype(np.float32), np.full((30, 2), 2.0, np.float32))
    seen.spectra[:] *= transfer[:, :, None]
    wanted = matching(0.5)
    found = expect(seen, project(references[1], wanted), wanted)
    turn = np.radians(found.angle)
    about = np.zeros((30, 3, 3))
    about[:, 0, 0] = about[:, 1, 1] = np.cos(turn)
    about[:, 1, 0], about[:, 0, 1], about[:, 2, 2] = np.sin(turn), -np.sin(turn), 1.0
    told = about @ references[0][found.direction]
    cosine = 0.5 * (np.einsum("nij,nij->n", told, views[:30]) - 1.0)
    assert np.median(np.degrees(np.arccos(cosine.clip(-1, 1)))) < 7.0
    assert np.abs(found.shift - shifts).max() == 0.0
    assert found.likelihood.min() > 50.0


def test_sums_hold_each_image_once(
    lopsided: Balls, views: Array, references: tuple[Array, Array]
) -> None:
    """The posterior of an image is 1 in all: sums of CTF² and of the weights are known."""
    images = lopsided.images(views[:20], np.zeros((20, 2)))
    images += np.random.default_rng(2).standard_normal(images.shape).astype(np.float32) * 3.0
    transfer = np.random.default_rng(3).uniform(-1, 1, (20, 9)).astype(np.float32)
    seen = block(images, transfer, np.zeros((20, 2), np.float32))
    wanted = matching(9.0)
    found = expect(seen, project(references[1], wanted), wanted)
    assert found.weight.sum() == pytest.approx(seen.weights.sum(), rel=1e-2)
    for half in (0, 1):
        rows = seen.halves == half
        total = seen.weights[rows] @ np.square(transfer[rows])
        assert np.allclose(found.denominator[half].sum(axis=0), total, rtol=1e-2)


def test_an_empty_image_is_no_more_likely_than_none(references: tuple[Array, Array]) -> None:
    rng = np.random.default_rng(5)
    images = rng.standard_normal((40, BOX, BOX)).astype(np.float32) * 3.0
    seen = block(images, np.ones((40, 9), np.float32), np.zeros((40, 2), np.float32))
    wanted = matching(9.0)
    assert expect(seen, project(references[1], wanted), wanted).likelihood.mean() < 0.0


def test_heat_spreads_the_posterior(
    lopsided: Balls, views: Array, references: tuple[Array, Array]
) -> None:
    seen = block(
        lopsided.images(views[:1], np.zeros((1, 2))),
        np.ones((1, 9), np.float32),
        np.zeros((1, 2), np.float32),
    )
    spread = []
    for temperature in (1.0, 30.0):
        wanted = matching(1.0, temperature=temperature)
        share = expect(seen, project(references[1], wanted), wanted).weight
        share = share[share > 0] / share.sum()
        spread.append(-(share * np.log(share)).sum())
    assert spread[1] > spread[0] + 1.0
