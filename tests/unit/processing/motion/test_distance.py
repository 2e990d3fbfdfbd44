"""Tracks of two alignments are compared in the same frames, wherever each begins."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from icestream.model import Micrograph, Motion, Optics, column
from icestream.processing.motion.distance import track_distance

TRACK = np.cumsum(np.random.default_rng(1).normal(0.0, 1.0, (24, 2)), axis=0)


def micrograph(
    track: NDArray[np.float64], *, pixel_size: float = 1.0, first: int = 1, grouping: int = 1
) -> Micrograph:
    shifts = column((track - track[0]) / pixel_size)
    return Micrograph(
        exposure="e",
        path=Path("m.mrc"),
        shape=(8, 8),
        optics=Optics(pixel_size=pixel_size, voltage=300.0),
        motion=Motion(shifts=shifts, pixel_size=pixel_size, first_frame=first),
        eer_grouping=grouping,
    )


def test_equal_tracks_lie_on_each_other_whatever_the_pixels_and_the_first_frame() -> None:
    whole = micrograph(TRACK)
    assert track_distance(whole, whole) == 0.0
    assert track_distance(whole, micrograph(TRACK, pixel_size=0.5)) == pytest.approx(0.0, abs=1e-5)
    assert track_distance(whole, micrograph(TRACK[3:], first=4)) == pytest.approx(0.0, abs=1e-5)


def test_the_distance_is_in_angstrom_and_symmetric() -> None:
    aside = TRACK.copy()
    aside[::2, 0] += 3.0
    one, other = micrograph(TRACK, pixel_size=0.5), micrograph(aside)
    assert track_distance(one, other) == pytest.approx(1.5, rel=1e-4)
    assert track_distance(other, one) == pytest.approx(1.5, rel=1e-4)


def test_a_distance_does_not_grow_with_the_number_of_frames() -> None:
    aside = np.tile(TRACK, (4, 1))
    shaken = aside + np.resize([[3.0, 0.0], [0.0, 0.0]], aside.shape)
    assert track_distance(micrograph(aside), micrograph(shaken)) == pytest.approx(1.5, rel=1e-4)


def test_groups_of_frames_stand_for_their_middle() -> None:
    steady = np.stack([np.arange(24) * 0.5, np.arange(24) * -0.25], axis=1)
    grouped = steady.reshape(6, 4, 2).mean(axis=1)
    distance = track_distance(micrograph(steady), micrograph(grouped, grouping=4))
    assert distance == pytest.approx(0.0, abs=1e-5)


def test_what_has_no_track_cannot_be_compared() -> None:
    whole = micrograph(TRACK)
    silent = replace(
        whole,
        motion=Motion(shifts=column(np.zeros((24, 2))), frame_agreement=column(np.zeros(24))),
    )
    assert track_distance(whole, replace(whole, motion=None)) is None
    assert track_distance(silent, whole) is None
    assert track_distance(micrograph(TRACK[:4]), micrograph(TRACK[3:], first=4)) is None
