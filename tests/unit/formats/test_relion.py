"""RELION's tables of our items, and its motion read back."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from export_items import MICROGRAPH, MOVIE, NAMES, particles, picks
from icestream.formats.errors import FormatError
from icestream.formats.relion import (
    RELION_VERSION,
    loop,
    particle_columns,
    pick_columns,
    read_motion,
    single,
)
from icestream.formats.relion_motion import write_motion
from icestream.formats.star import read_star, write_star
from icestream.model import BY_HAND, Motion, column


def test_particles_are_numbered_from_one() -> None:
    columns = particle_columns(particles(), stack="cut/a.mrcs", micrograph="a.mrc", group=4)
    assert columns["rlnImageName"] == ["000001@cut/a.mrcs", "000002@cut/a.mrcs"]
    assert columns["rlnMicrographName"] == ["a.mrc", "a.mrc"]
    assert columns["rlnOpticsGroup"] == [4, 4]
    assert all(len(np.asarray(values)) == 2 for values in columns.values())


def test_what_has_no_score_has_relions_figure_of_merit_of_manual_picks() -> None:
    untold = replace(picks(), score=column([1.5, np.nan]))
    assert np.asarray(pick_columns(untold)["rlnAutopickFigureOfMerit"]).tolist() == [1.5, -999]
    by_hand = replace(picks(), score=column([1.5, BY_HAND]))
    assert np.asarray(pick_columns(by_hand)["rlnAutopickFigureOfMerit"]).tolist() == [1.5, -999]
    changed = replace(particles(), score=column([np.nan, 2.0]))
    cut = particle_columns(changed, stack="a.mrcs", micrograph="a.mrc", group=4)
    assert np.asarray(cut["rlnAutopickFigureOfMerit"]).tolist() == [-999, 2]


def test_rows_and_values_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "a.star"
    blocks = [loop("rows", [{"rlnA": 1}, {"rlnA": 2, "rlnB": "x y"}]), single("one", {"rlnC": 2.5})]
    write_star(path, blocks, RELION_VERSION)
    read = read_star(path)
    assert read["rows"].text("rlnB") == ["None", "x y"]
    assert read["one"].value("rlnC").strip() == "2.500000"


@pytest.mark.parametrize("local", [False, True])
def test_motion_is_read_as_it_was_written(tmp_path: Path, local: bool) -> None:
    rng = np.random.default_rng(1)
    motion = Motion(
        shifts=column(rng.normal(size=(5, 2))),
        local=column(rng.normal(size=(2, 18))) if local else None,
        pixel_size=MOVIE.optics.pixel_size,
        first_frame=2,
        hot_pixels=column([[3, 4], [5, 6]]),
    )
    path = tmp_path / "a.star"
    write_motion(path, NAMES.movie, MOVIE, replace(MICROGRAPH, motion=motion))
    found = read_motion(path)
    np.testing.assert_allclose(found.shifts, motion.shifts, atol=1e-5)
    assert (found.local is None) == (not local)
    if found.local is not None and motion.local is not None:
        np.testing.assert_allclose(found.local, motion.local, atol=1e-5)
    assert found.hot_pixels is not None and found.hot_pixels.tolist() == [[3, 4], [5, 6]]
    assert (found.first_frame, found.pixel_size) == (2, MOVIE.optics.pixel_size)


def test_frames_that_relion_left_out_have_no_shifts(tmp_path: Path) -> None:
    path = tmp_path / "a.star"
    general = {"rlnMicrographOriginalPixelSize": 1.0, "rlnMicrographStartFrame": 2}
    places = zip((-9999.0, 0.0, 1.5, -9999.0), (-9999.0, 0.0, -0.5, -9999.0), strict=True)
    rows = [{"rlnMicrographShiftX": x, "rlnMicrographShiftY": y} for x, y in places]
    write_star(path, [single("general", general), loop("global_shift", rows)])
    assert read_motion(path).shifts.tolist() == [[0.0, 0.0], [-0.5, 1.5]]


def test_a_file_without_shifts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.star"
    write_star(path, [single("general", {"rlnA": 1})])
    with pytest.raises(FormatError, match="with data_global_shift, found data_general"):
        read_motion(path)
