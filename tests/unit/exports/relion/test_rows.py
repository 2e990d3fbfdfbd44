"""Rows of RELION's tables carry the items' values in RELION's units and under its labels."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from export_items import MICROGRAPH, MOVIE, NAMES, OPTICS, particles, picks
from icestream.exports.relion.rows import ctf_row, micrograph_row, picks_row
from icestream.formats.relion import optics_row, particle_columns, pick_columns
from icestream.formats.relion_motion import motion_general
from icestream.model import Ctf, column


def known_labels(shared_data: Path) -> set[str]:
    text = (shared_data.parent / "reference" / "relion_labels.txt").read_text()
    return {line.split()[0] for line in text.splitlines() if line.startswith("rln")}


def all_rows() -> list[dict[str, object]]:
    return [
        optics_row(1, "a_g1", OPTICS, 1.0),
        micrograph_row(NAMES, MICROGRAPH, 4),
        ctf_row(NAMES, Ctf(exposure="a", optics=OPTICS, defocus_u=2e4, defocus_v=1e4, angle=5)),
        motion_general(NAMES.movie, MOVIE, MICROGRAPH, "Movies/gain.mrc", "Movies/defects.txt"),
        pick_columns(picks()),
        picks_row(NAMES, picks()),
        particle_columns(particles(), stack=NAMES.stack, micrograph=NAMES.micrograph, group=4),
    ]


def test_every_label_is_one_of_relion_5(shared_data: Path) -> None:
    used = {label for row in all_rows() for label in row}
    assert used - known_labels(shared_data) == set()


def test_motion_is_in_angstroms() -> None:
    row = micrograph_row(NAMES, MICROGRAPH, 4)
    assert row["rlnAccumMotionTotal"] == pytest.approx(5 + 2)
    assert row["rlnOpticsGroup"] == 4


def test_a_picking_job_has_a_row_for_each_micrograph() -> None:
    row = picks_row(NAMES, picks())
    assert row["rlnGroupNrParticles"] == 2
    assert row["rlnAutopickFigureOfMerit"] == 1.5
    none = column([])
    assert picks_row(NAMES, replace(picks(), x=none, score=none))["rlnGroupNrParticles"] == 0


def test_a_spectrum_that_is_not_there_is_not_named() -> None:
    ctf = Ctf(exposure="a", optics=OPTICS, defocus_u=2e4, defocus_v=1e4, angle=5)
    assert ctf_row(NAMES, ctf)["rlnCtfImage"] == "None"
    there = replace(ctf, spectrum_image=Path("a.ctf"))
    assert ctf_row(NAMES, there)["rlnCtfImage"] == "CtfFind/job003/Movies/a.ctf:mrc"


def test_what_a_person_picked_has_no_figure_of_merit_in_the_mean() -> None:
    untold = replace(picks(), score=column([1.5, np.nan]))
    assert picks_row(NAMES, untold)["rlnAutopickFigureOfMerit"] == 1.5  # of those that have one
    by_hand = replace(picks(), score=column([np.inf, np.nan]))
    assert picks_row(NAMES, by_hand)["rlnAutopickFigureOfMerit"] == -999
