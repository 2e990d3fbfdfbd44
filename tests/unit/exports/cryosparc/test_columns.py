"""Columns, and places that stay in their pixels."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from export_items import MICROGRAPH, MOVIE, particles
from icestream.exports.cryosparc.columns import (
    EXPOSURES,
    MOVIES,
    PARTICLES,
    columns_of,
    exposure_row,
    import_signature,
    movie_row,
    particle_rows,
    uid_of,
)
from icestream.model import Ctf, column


def test_a_place_stays_in_its_pixel() -> None:
    """The fraction of a whole pixel may round down, and would be cut one pixel beside."""
    pixels = column(np.arange(1.0, 5760.0))
    many = np.ones(len(pixels), np.float32)
    listed = type(particles())(
        exposure="a", stack=MICROGRAPH.path, box=64, optics=MICROGRAPH.optics,
        micrograph=MICROGRAPH.path, micrograph_pixel_size=2.0, x=pixels, y=pixels,
        score=column(many),
        defocus_u=column(many), defocus_v=column(many), defocus_angle=column(many),
    )  # fmt: skip
    rows = particle_rows(
        columns_of(PARTICLES, 64), 1, listed, (5761, 5759), 1, (">p/a.mrcs", ">m/a.mrc")
    )
    for name, size in (("location/center_x_frac", 5759), ("location/center_y_frac", 5761)):
        assert rows[name].dtype == np.float32
        assert np.array_equal(np.floor(rows[name].astype(np.float64) * size), pixels)
    assert len(set(rows["uid"])) == len(rows)


def test_rows_of_a_movie_and_a_micrograph() -> None:
    movie = movie_row(columns_of(MOVIES, 64), 7, MOVIE, 3, (">movies/a.tiff", "TIFF", ""))[0]
    assert movie["movie_blob/shape"].tolist() == [5, 200, 240]
    assert movie["movie_blob/is_gain_corrected"] == 1
    assert movie["gain_ref_blob/path"] == b""
    assert movie["mscope_params/exp_group_id"] == 3
    ctf = Ctf(exposure="a", optics=MICROGRAPH.optics, defocus_u=2e4, defocus_v=1e4, angle=90)
    row = exposure_row(
        columns_of(EXPOSURES, 64), 7, MICROGRAPH, ctf, 3, (">micrographs/a.mrc", "MRC/2")
    )[0]
    assert row["micrograph_blob/shape"].tolist() == [100, 120]
    assert row["ctf/df_angle_rad"] == np.float32(np.pi / 2)
    assert row["ctf/cs_mm"] == np.float32(1.4)


def test_a_path_is_never_cut() -> None:
    with pytest.raises(ValueError, match="gain_ref_blob/path: .* has more than 64 bytes"):
        names = (">movies/a.tiff", "TIFF", f">gain/{'g' * 60}.mrc")
        movie_row(columns_of(MOVIES, 64), 7, MOVIE, 3, names)


def test_numbers_by_which_items_are_known() -> None:
    assert uid_of("a", 1) == uid_of("a", 1) != uid_of("a", 2)
    expected = np.frombuffer(hashlib.sha1(b"/d/a.tiff").digest()[:8], np.uint64)[0]
    assert import_signature("/d/a.tiff") == int(expected)


def test_cryosparc_reads_a_number_where_there_is_no_score() -> None:
    untold = replace(particles(), score=column([np.nan, np.inf]))
    names = (">p/a.mrcs", ">m/a.mrc")
    rows = particle_rows(columns_of(PARTICLES, 64), 1, untold, (100, 120), 1, names)
    assert rows["pick_stats/ncc_score"].tolist() == [0, 0]
