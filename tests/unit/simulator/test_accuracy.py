"""Errors of what was found, against truths that are written down here."""

from dataclasses import replace

import numpy as np
import pytest

from icestream.model import Ctf, Motion, Optics, Picks, column
from icestream.processing.simulate.tracks import Tracks
from icestream.simulator.accuracy import ctf_errors, match_picks, motion_errors, picks_errors
from icestream.simulator.truth import ExposureTruth

SIZE = 1000
FRAMES = 12
PIXEL = 1.5


def truth(*, local: bool = False) -> ExposureTruth:
    steps = np.random.default_rng(3).normal(0, 1.0, (FRAMES, 2))
    polynomial = np.zeros((FRAMES, 2, 6))
    if local:
        polynomial[:, 0, 1] = 0.5 * np.arange(FRAMES)  # dy grows along x
    grid = np.arange(200.0, 900.0, 200.0)
    y, x = (axis.ravel() for axis in np.meshgrid(grid, grid))
    return ExposureTruth(
        exposure="e1", movie="e1.tiff", faults=(), defocus_u=12_300.0, defocus_v=11_700.0,
        angle=30.0, b_factor=60.0, thickness=300.0, crystalline=0.0, dose_per_frame=1.0,
        tracks=Tracks(shifts=np.cumsum(steps, axis=0), local=polynomial), y=y, x=x,
        particle_defocus=np.zeros(len(x)), rotations=np.zeros((len(x), 3, 3)), diameter=90.0,
        pixel_size=PIXEL,
    )  # fmt: skip


def ctf(**values: float) -> Ctf:
    optics = Optics(pixel_size=PIXEL, voltage=300.0)
    given = {"defocus_u": 12_300.0, "defocus_v": 11_700.0, "angle": 30.0} | values
    return Ctf(exposure="e1", optics=optics, **given)


def picks(x: np.ndarray, y: np.ndarray, pixel_size: float = PIXEL) -> Picks:
    return Picks(
        exposure="e1", x=column(x), y=column(y), score=column(np.ones(len(x))), diameter=90.0,
        pixel_size=pixel_size,
    )  # fmt: skip


def test_a_track_that_lies_beside_the_true_one_is_right() -> None:
    """A constant moves the micrograph, and blurs nothing."""
    true = truth()
    shifts = column(true.tracks.shifts + np.array([3.0, -4.0]))
    found = motion_errors(Motion(shifts=shifts, pixel_size=PIXEL), true)
    assert found == pytest.approx({"track": 0.0, "field": 0.0}, abs=1e-6)
    later = Motion(shifts=column(shifts[4:]), pixel_size=PIXEL, first_frame=5)
    assert motion_errors(later, true)["track"] == pytest.approx(0.0, abs=1e-6)


def test_an_error_of_a_track_is_a_length_in_the_specimen() -> None:
    """0.5 px to and fro, in movie pixels of 1.5 Å, and told in pixels of another size."""
    true = truth()
    wrong = np.where(np.arange(FRAMES) % 2, 0.5, -0.5)[:, None]
    shifts = column((true.tracks.shifts + wrong) * PIXEL / 0.75)
    found = motion_errors(Motion(shifts=shifts, pixel_size=0.75), true)
    assert found == pytest.approx({"track": 0.75, "field": 0.75}, rel=1e-5)


def test_local_motion_that_was_not_followed_is_an_error_of_the_field_alone() -> None:
    true = truth(local=True)
    whole = Motion(shifts=column(true.tracks.shifts), pixel_size=PIXEL)
    assert motion_errors(whole, true)["track"] == pytest.approx(0.0, abs=1e-6)
    assert motion_errors(whole, true)["field"] > 0.3
    local = np.zeros((2, 6, 3))
    local[0, 1, 0] = 0.5
    followed = replace(whole, local=column(local.reshape(2, 18)))
    assert motion_errors(followed, true)["field"] == pytest.approx(0.0, abs=1e-6)


def test_no_error_is_told_of_a_track_of_other_frames_or_of_none() -> None:
    true = truth()
    longer = np.zeros((FRAMES + 1, 2))
    assert motion_errors(Motion(shifts=column(longer)), true) == {}
    unseen = Motion(shifts=column(np.zeros((FRAMES, 2))), frame_agreement=column(np.zeros(FRAMES)))
    assert motion_errors(unseen, true) == {}


def test_astigmatism_is_a_vector() -> None:
    assert ctf_errors(ctf(), truth()) == pytest.approx({"defocus": 0.0, "astigmatism": 0.0})
    across = ctf_errors(ctf(angle=-60.0), truth())
    assert across == pytest.approx({"defocus": 0.0, "astigmatism": 1200.0})
    deeper = ctf_errors(ctf(defocus_u=12_200.0, defocus_v=11_600.0), truth())
    assert deeper == pytest.approx({"defocus": 100.0, "astigmatism": 0.0})


def test_picks_of_binned_micrographs_are_where_they_are_in_the_movie() -> None:
    true = truth()
    found = picks((true.x + 0.5) / 2 - 0.5, (true.y + 0.5) / 2 - 0.5, 2 * PIXEL)
    assert picks_errors(found, true, SIZE) == {"recall": 1.0, "precision": 1.0}


def test_a_particle_is_found_once() -> None:
    """Two picks on one of 16 particles, one on nothing; half of the particles are not found."""
    true = truth()
    x = np.concatenate([true.x[:8], true.x[:1] + 5.0, [500.0]])
    y = np.concatenate([true.y[:8], true.y[:1], [500.0]])
    assert match_picks(picks(x, y), true, SIZE) == (8, 16, 10)
    assert picks_errors(picks(x, y), true, SIZE) == {"recall": 0.5, "precision": 0.8}


def test_of_nothing_there_is_no_part() -> None:
    empty = np.zeros(0)
    assert picks_errors(picks(empty, empty), truth(), SIZE) == {"recall": 0.0}
    bare = replace(truth(), x=empty, y=empty)
    assert picks_errors(picks(empty, empty), bare, SIZE) == {}


def test_what_the_edge_cuts_is_neither_right_nor_wrong() -> None:
    true = replace(truth(), x=np.array([10.0]), y=np.array([500.0]))
    at_edge = picks(np.array([990.0]), np.array([500.0]))
    assert match_picks(at_edge, true, SIZE) == (0, 0, 0)
