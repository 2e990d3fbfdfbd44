"""Picks that are no particles are counted by why they are not."""

from dataclasses import fields, replace

import numpy as np

from export_items import MICROGRAPH, MOVIE, OPTICS, exposure, particles
from icestream.exports.chain import Items
from icestream.exports.left_out import LeftOut, count_over_rim
from icestream.model import Picks, SelectedParticles, column

BOX = 32


def picked(x: list[float], y: list[float], kept: int) -> Items:
    """Picks in a micrograph of 100 x 120 pixels, so many of which became particles."""
    picks = Picks(
        exposure="a", x=column(x), y=column(y), score=column(np.ones(len(x))), diameter=40,
        pixel_size=2.0,
    )  # fmt: skip
    some = column(np.zeros(kept))
    images = replace(particles(), box=BOX, x=some, y=some)
    return replace(exposure(MOVIE, MICROGRAPH, images), picks=picks)


def test_boxes_over_the_rim_are_counted() -> None:
    items = picked([16, 15, 60, 104, 105, 60], [50, 50, 16, 50, 50, 85], kept=3)
    counts = LeftOut()
    counts.count(items)
    assert (counts.picks, counts.over_rim, counts.unexplained, counts.waiting) == (6, 3, 0, 0)


def test_a_smaller_image_has_the_box_that_was_cut() -> None:
    """Images of half the size with twice the pixels."""
    items = picked([16, 15], [50, 50], kept=1)
    assert items.picks is not None
    assert items.particles is not None
    binned = replace(items.particles, box=BOX // 2, optics=OPTICS.binned(2.0))
    assert count_over_rim(items.picks, MICROGRAPH, binned) == 1


def test_picks_of_another_pixel_size_are_brought_to_the_micrograph() -> None:
    items = picked([8, 7], [25, 25], kept=1)
    assert items.picks is not None
    assert items.particles is not None
    coarse = replace(items.picks, pixel_size=4.0)
    assert count_over_rim(coarse, MICROGRAPH, items.particles) == 1


def test_what_the_rim_does_not_explain_is_said_apart() -> None:
    counts = LeftOut()
    counts.count(picked([5, 60, 70], [50, 50, 50], kept=1))
    assert (counts.over_rim, counts.unexplained) == (1, 1)


def test_picks_wait_until_they_are_cut() -> None:
    counts = LeftOut()
    items = picked([60, 70], [50, 50], kept=0)
    counts.count(replace(items, particles=None))
    assert (counts.picks, counts.waiting, counts.over_rim) == (2, 2, 0)


def test_a_rejected_exposure_has_no_picks() -> None:
    counts = LeftOut()
    items = picked([5], [5], kept=0)
    counts.count(replace(items, accepted=False))
    counts.count(exposure(MOVIE))
    assert (counts.rejected, counts.picks) == (1, 0)


def test_more_particles_than_picks_hide_nothing() -> None:
    """Particles of another picking than the newest."""
    counts = LeftOut()
    counts.count(picked([60], [50], kept=4))
    assert (counts.over_rim, counts.unexplained) == (0, 0)


def test_what_a_selection_left_out_is_no_riddle() -> None:
    """Of four picks one is over the rim, and one of the three particles was not kept."""
    items = picked([5, 60, 70, 60], [50, 50, 50, 60], kept=2)
    assert items.particles is not None
    values = {one.name: getattr(items.particles, one.name) for one in fields(items.particles)}
    kept = SelectedParticles(**values, found=3, limits=("score 0.4 at least",), left_out=(1,))
    counts = LeftOut()
    counts.count(replace(items, particles=kept))
    assert (counts.over_rim, counts.unexplained) == (1, 0)
    assert counts.unselected == {"score 0.4 at least": 1}
