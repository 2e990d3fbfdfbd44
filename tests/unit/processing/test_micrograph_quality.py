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


def test_dark_particles_are_great_and_reversed_contrast_is_not() -> None:
    image = noise() + particles()
    assert judge_micrograph(look_at(image, 7.5)).label == "great"
    assert judge_micrograph(look_at(-image, 7.5)).label == "decent"


def test_few_particles_are_not_taken_for_an_empty_hole() -> None:
    found = judge_micrograph(look_at(noise() + particles(400, 3.0), 7.5))
    assert found.label == "decent"
    assert "few or faint" in found.reason


def test_a_texture_without_particles_is_decent() -> None:
    grain = ndimage.gaussian_filter(noise(3), 2.0)
    found = judge_micrograph(look_at(noise() + 2.0 * grain / grain.std(), 7.5))
    assert found.label == "decent"
    assert 0.5 <= found.score < 0.7


def test_noise_alone_is_empty_and_rings_say_that_there_is_ice() -> None:
    look = look_at(noise(), 7.5)
    assert judge_micrograph(look).label == "empty_no_ice"
    with_rings = judge_micrograph(look, Circumstances(resolution=5.0))
    assert with_rings.label == "vitreous_no_particles"
    assert "Thon rings" in with_rings.reason


def test_uneven_ice_without_particles() -> None:
    slow = ndimage.gaussian_filter(noise(4), 9.0, mode="wrap")
    found = judge_micrograph(look_at(noise() + 0.15 * slow / slow.std(), 7.5))
    assert found.label == "vitreous_no_particles"


def test_crystals_are_a_mottle_far_above_the_texture() -> None:
    mottle = ndimage.gaussian_filter(noise(5), 8.0, mode="wrap")
    image = noise() + particles() + 3.0 * mottle / mottle.std()
    assert judge_micrograph(look_at(image, 7.5)).label == "crystalline_ice"


def test_large_dark_objects_are_contamination() -> None:
    image = noise() + particles() + discs(12, 14, 6.0, seed=6)
    found = judge_micrograph(look_at(image, 7.5))
    assert found.label == "contamination_or_drift"
    assert "% of the image" in found.reason
    assert found.score <= 0.5


@pytest.mark.parametrize(
    ("known", "label"),
    [
        (Circumstances(), "great"),
        (Circumstances(resolution=4.0, ice_ring=0.1, drift=0.3), "great"),
        (Circumstances(resolution=6.5), "decent"),
        (Circumstances(drift=2.5), "contamination_or_drift"),
        (Circumstances(ice_ring=1.5), "crystalline_ice"),
    ],
)
def test_ctf_and_motion_have_a_say(known: Circumstances, label: str) -> None:
    found = judge_micrograph(GREAT, known)
    assert found.label == label
    assert (found.score >= 0.5) == (label in ("great", "decent"))


@pytest.mark.parametrize(
    "worse",
    [
        {"texture": 2.5},
        {"patches": 30.0},
        {"objects": 0.02},
        {"skew": -0.4},
    ],
)
def test_every_number_that_worsens_costs_score(worse: dict[str, float]) -> None:
    assert judge_micrograph(replace(GREAT, **worse)).score < judge_micrograph(GREAT).score


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


def test_the_labelled_thumbnails(shared_data: Path) -> None:
    """Limits were set on these: that all are right says that the rules can tell them apart."""
    wrong = []
    for path in sorted((shared_data / "micrographs" / "quality_classes").glob("*/*.png")):
        look = look_at(np.asarray(Image.open(path), dtype=np.float32), 7.5)
        found = judge_micrograph(look)
        if found.label != path.parent.name:
            wrong.append(f"{path.parent.name}/{path.name}: {found.label}, {look}")
    assert wrong == []


def test_real_micrographs_that_set_no_limit(shared_data: Path) -> None:
    folder = shared_data / "micrographs"
    for path in sorted((folder / "apoferritin_empiar10146").glob("*.average.png")):
        image = np.asarray(Image.open(path), dtype=np.float32)
        assert judge_micrograph(look_at(image, 1.5)).label in ("great", "decent"), path.name
    carbon = look_at(read_image(folder / "carbon_edge.mrc"), 3.5)
    assert judge_micrograph(carbon).label == "contamination_or_drift"
