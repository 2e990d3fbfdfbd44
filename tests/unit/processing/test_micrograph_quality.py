"""What a look tells, on images that were made for it, and on the labelled ones."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from icestream.formats import read_image
from icestream.processing.micrograph_quality import (
    Appearance,
    Circumstances,
    judge_micrograph,
    look_at,
)

GREAT = Appearance(texture=6.0, patches=4.0, objects=0.002, skew=-0.6)
SHARP = Circumstances(resolution=4.0)
LOST = Circumstances(resolution=30.0)
SHAPE = (384, 400)


def noise(seed: int = 1) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal(SHAPE).astype(np.float32)


def discs(count: int, radius: float, depth: float, seed: int = 2) -> NDArray[np.float32]:
    """Dark discs at random places."""
    y, x = np.indices(SHAPE)
    image = np.zeros(SHAPE, np.float32)
    for top, left in np.random.default_rng(seed).uniform((0, 0), SHAPE, (count, 2)):
        image -= depth * ((y - top) ** 2 + (x - left) ** 2 < radius**2)
    return image


def particles(count: int = 700, depth: float = 3.5) -> NDArray[np.float32]:
    """Dark spots of 40 Å with a bright rim, as the CTF gives them."""
    points = np.zeros(SHAPE, np.float32)
    rng = np.random.default_rng(7)
    np.add.at(points, (rng.integers(0, SHAPE[0], count), rng.integers(0, SHAPE[1], count)), 1.0)
    narrow, wide = (ndimage.gaussian_filter(points, size, mode="wrap") for size in (2.25, 3.6))
    return np.asarray(-2 * np.pi * 2.25**2 * depth * (narrow - wide), dtype=np.float32)


def test_white_noise_has_one_everywhere() -> None:
    look = look_at(noise(), 7.5)
    assert look.texture == pytest.approx(1, abs=0.1)
    assert look.patches == pytest.approx(1.5, abs=0.6)  # few waves fit: the median wavers
    assert look.objects == 0
    assert look.skew == pytest.approx(0, abs=0.2)


@pytest.mark.parametrize(("scale", "offset"), [(1, 0), (40, 1000), (0.01, -3)])
def test_grey_scale_does_not_matter(scale: float, offset: float) -> None:
    image = noise() + particles()
    look, same = look_at(image, 7.5), look_at(scale * image + offset, 7.5)
    for name in ("texture", "patches", "objects", "skew"):
        assert getattr(same, name) == pytest.approx(getattr(look, name), rel=2e-3, abs=2e-3)


def test_turning_the_image_does_not_matter() -> None:
    image = noise() + particles()
    look, turned = look_at(image, 7.5), look_at(np.rot90(image).copy(), 7.5)
    assert turned.texture == pytest.approx(look.texture, rel=0.1)
    assert turned.objects == look.objects


def test_finer_pixels_are_averaged_down() -> None:
    fine = np.kron(noise() + particles(), np.ones((3, 3), np.float32))
    look, same = look_at(noise() + particles(), 7.5), look_at(fine, 2.5)
    assert same.texture == pytest.approx(look.texture, rel=1e-4)
    assert same.objects == look.objects


def test_an_image_that_the_rings_prove_is_great_whatever_its_contrast() -> None:
    image = noise() + particles()
    for seen in (image, -image):
        assert judge_micrograph(look_at(seen, 7.5), SHARP).label == "great"
        # Without a CTF nobody knows how sharp it is.
        assert judge_micrograph(look_at(seen, 7.5)).label == "decent"


@pytest.mark.parametrize("radius", [3, 6, 10, 13])
@pytest.mark.parametrize("count", [20, 120])
def test_particles_of_any_size_and_number_are_no_contamination(radius: int, count: int) -> None:
    image = noise() + discs(count, radius, 4.0)
    for known in (SHARP, Circumstances()):
        found = judge_micrograph(look_at(image, 7.5), known).label
        assert found in ("great", "decent", "unclear")


def test_few_or_faint_particles_are_left_to_others() -> None:
    faint = look_at(noise() + particles(400, 2.2), 7.5)
    assert judge_micrograph(faint).label == "unclear"
    assert judge_micrograph(faint, SHARP).label in ("decent", "unclear")


def test_noise_alone_is_empty_and_rings_say_that_there_is_ice() -> None:
    look = look_at(noise(), 7.5)
    assert judge_micrograph(look).label == "empty_no_ice"
    assert judge_micrograph(look, Circumstances(resolution=25.0)).label == "empty_no_ice"
    with_rings = judge_micrograph(look, SHARP)
    assert with_rings.label == "unclear"
    assert "Thon rings" in with_rings.reason


def mottled() -> NDArray[np.float32]:
    mottle = ndimage.gaussian_filter(noise(5), 6.0, mode="wrap")
    return np.asarray(noise() + particles() + 4.0 * mottle / mottle.std(), dtype=np.float32)


def test_crystals_are_a_mottle_far_above_the_texture_that_takes_the_rings() -> None:
    look = look_at(mottled(), 7.5)
    assert judge_micrograph(look, LOST).label == "crystalline_ice"
    # Very large particles are a mottle as well.
    assert judge_micrograph(look).label == "unclear"
    assert judge_micrograph(look, SHARP).label == "unclear"


def test_what_a_gain_reference_may_have_made_is_unclear() -> None:
    look = look_at(mottled(), 7.5)
    found = judge_micrograph(look, replace(LOST, gain=False))
    assert (found.label, found.score) == ("unclear", 0.5)
    assert "gain reference" in found.reason
    stripes = np.random.default_rng(4).standard_normal(SHAPE[1] // 12 + 1).repeat(12)
    striped = look_at(mottled() + stripes[None, : SHAPE[1]].astype(np.float32), 7.5)
    assert striped.stripes > 1.5 > look.stripes
    assert "rows and columns" in judge_micrograph(striped, LOST).reason
    # What the rings prove, no gain has made.
    plain = look_at(noise() + particles(), 7.5)
    assert judge_micrograph(plain, replace(SHARP, gain=False)).label == "great"


def test_a_film_over_most_of_the_field_spoils_it_and_over_less_does_not() -> None:
    for share, label in ((0.3, "great"), (0.7, "contamination_or_drift")):
        image = noise() + particles()
        image[:, : int(share * SHAPE[1])] = noise(8)[:, : int(share * SHAPE[1])] - 15.0
        look = look_at(image, 7.5)
        assert look.covered == pytest.approx(share, abs=0.06)
        found = judge_micrograph(look, SHARP)
        assert found.label == label
    assert "covers" in found.reason


@pytest.mark.parametrize(
    ("known", "label"),
    [
        (Circumstances(), "decent"),
        (Circumstances(resolution=4.0, ice_ring=0.1, drift=0.3), "great"),
        (Circumstances(resolution=6.5), "decent"),
        (Circumstances(resolution=9.0), "unclear"),
        (Circumstances(resolution=9.0, pixel_size=3.5), "decent"),
        (Circumstances(resolution=4.0, thickness=1500.0), "unclear"),
        (Circumstances(resolution=6.5, thickness_least=900.0), "unclear"),
        (Circumstances(resolution=4.0, drift=2.5), "contamination_or_drift"),
        (Circumstances(resolution=4.0, ice_ring=1.5), "crystalline_ice"),
    ],
)
def test_ctf_and_motion_have_a_say(known: Circumstances, label: str) -> None:
    found = judge_micrograph(GREAT, known)
    assert found.label == label
    if label == "unclear":
        assert found.score == 0.5
    else:
        assert (found.score >= 0.5) == (label in ("great", "decent"))


@pytest.mark.parametrize("worse", [{"texture": 1.5}, {"patches": 40.0}, {"covered": 0.4}])
def test_every_number_that_worsens_costs_score(worse: dict[str, float]) -> None:
    spoilt, good = (judge_micrograph(look, SHARP) for look in (replace(GREAT, **worse), GREAT))
    assert spoilt.score < good.score


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros((60, 400), np.float32), "too small to judge: it needs 64 pixels"),
        (np.full((100, 100), 7, np.float32), "no noise"),
        (np.full((100, 100), np.nan, np.float32), "NaN"),
    ],
)
def test_what_cannot_be_judged_is_refused(image: NDArray[np.float32], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        look_at(image, 7.5)


def test_labelled_thumbnails_are_right_or_unclear(shared_data: Path) -> None:
    """Limits were set on these: what is said of one is not wrong, and something is of most."""
    usable, said = ("great", "decent"), 0
    for path in sorted((shared_data / "micrographs" / "quality_classes").glob("*/*.png")):
        look = look_at(np.asarray(Image.open(path), dtype=np.float32), 7.5)
        found = judge_micrograph(look).label
        if found != "unclear":
            said += 1
            assert (found in usable) == (path.parent.name in usable), f"{path.name}: {look}"
    assert said >= 6


def test_real_micrographs_that_set_no_limit(shared_data: Path) -> None:
    folder = shared_data / "micrographs"
    for path in sorted((folder / "apoferritin_empiar10146").glob("*.average.png")):
        image = np.asarray(Image.open(path), dtype=np.float32)
        assert judge_micrograph(look_at(image, 1.5), SHARP).label == "great", path.name
    for name, pixel_size in (("carbon_edge.mrc", 3.5), ("k2_sparse.mrc", 0.8538)):
        found = judge_micrograph(look_at(read_image(folder / name), pixel_size))
        assert found.label == "unclear", name
