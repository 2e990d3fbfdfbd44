"""What cannot be compared is refused; what can is read and made fit."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from icestream.formats.mrc import write_mrc
from icestream.model import Optics, Particles, column
from icestream.processing.classify2d.incoming import reduced_images, ring_contrast
from icestream.processing.classify2d.online import ClassificationPlan
from icestream.protocol import ItemFailed
from icestream.protocols.incoming_particles import check_comparable, read_incoming

BOX, PIXEL = 48, 2.0
PLAN = ClassificationPlan(box=32, pixel_size=3.0, diameter=60.0)
OPTICS = Optics(pixel_size=PIXEL, voltage=300.0)
IMAGES = np.random.default_rng(1).standard_normal((4, BOX, BOX)).astype(np.float32)


@pytest.fixture
def item(tmp_path: Path) -> Particles:
    """Three particles, whose stack has an image too many."""
    same = column(np.zeros(3))
    return Particles(
        exposure="one",
        stack=write_mrc(tmp_path / "one.mrcs", IMAGES, PIXEL),
        box=BOX,
        optics=OPTICS,
        micrograph=tmp_path / "one.mrc",
        micrograph_pixel_size=1.0,
        x=same,
        y=same,
        score=same,
        defocus_u=column([10_000.0, 12_000.0, 0.0]),
        defocus_v=column([9_000.0, 11_000.0, 0.0]),
        defocus_angle=same,
        phase_shift=30.0,
    )


def test_boxes_of_nearly_one_width_are_compared(item: Particles) -> None:
    check_comparable(item, PLAN)
    check_comparable(replace(item, optics=replace(OPTICS, pixel_size=1.019 * PIXEL)), PLAN)
    check_comparable(replace(item, box=2 * BOX, optics=replace(OPTICS, pixel_size=1.0)), PLAN)


@pytest.mark.parametrize(("box", "pixel"), [(BOX, 1.021 * PIXEL), (BOX, 0.979 * PIXEL), (30, 3.2)])
def test_boxes_of_another_width_or_of_too_few_pixels_are_refused(
    item: Particles, box: int, pixel: float
) -> None:
    other = replace(item, box=box, optics=replace(OPTICS, pixel_size=pixel))
    with pytest.raises(ItemFailed, match="particles of one are .* before them were 96 Å") as caught:
        check_comparable(other, PLAN)
    assert (caught.value.code, caught.value.advice) == (
        "boxes-differ",
        "extract all particles with the same box",
    )


def test_flipped_phases_are_refused(item: Particles) -> None:
    with pytest.raises(ItemFailed, match="a second time") as caught:
        check_comparable(replace(item, phases_flipped=True), PLAN)
    assert caught.value.code == "phases-flipped"


def test_images_are_read_and_reduced(item: Particles) -> None:
    found = read_incoming(item, PLAN)
    assert found.images.shape == (3, 32, 32)
    assert np.array_equal(found.images, reduced_images(IMAGES[:3], PLAN))


def test_the_contrast_is_that_of_the_mean_defocus(item: Particles) -> None:
    found = read_incoming(item, PLAN).contrast
    rings = PLAN.grid.rings
    mean = np.array([9_500.0, 11_500.0, 0.0])
    wanted = ring_contrast(mean, np.full(3, 30.0), OPTICS, rings, 96.0)
    assert np.array_equal(found, wanted)
    assert found[:2].std() > 0.1
    assert (found[2] == 1).all()


def test_without_the_ctf_the_contrast_is_one(item: Particles) -> None:
    found = read_incoming(item, PLAN, use_ctf=False)
    assert found.contrast.shape == (3, PLAN.grid.rings)
    assert found.contrast.dtype == np.float32
    assert (found.contrast == 1).all()
    assert np.array_equal(found.images, read_incoming(item, PLAN).images)
