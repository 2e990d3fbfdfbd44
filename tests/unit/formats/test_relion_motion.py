"""Motion STAR files have the blocks and the order of numbers that RELION's own have."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from export_items import MICROGRAPH, MOTION, MOVIE, NAMES
from icestream.formats import read_star
from icestream.formats.relion_motion import motion_general, write_motion
from icestream.model import column


def test_blocks_are_those_of_relion(tmp_path: Path, shared_data: Path) -> None:
    real = read_star(shared_data / "relion_tutorial" / "20170629_00021_frameImage.star")
    local = np.arange(36, dtype=np.float32).reshape(2, 18)
    motion = replace(MOTION, local=column(local), hot_pixels=column([[7, 8]]))
    write_motion(
        tmp_path / "a.star", NAMES.movie, MOVIE, replace(MICROGRAPH, motion=motion), gain="gain.mrc"
    )
    ours = read_star(tmp_path / "a.star")
    # `local_shift` is the raw measurement of RELION's patches, which nothing reads
    assert list(ours) == [name for name in real if name != "local_shift"]
    assert set(real["general"].columns) == set(ours["general"].columns)
    for name in ("global_shift", "local_motion_model", "hot_pixels"):
        assert list(ours[name].columns) == list(real[name].columns)
    # x first: the coefficients of x are those of the second row of `local`
    coefficients = ours["local_motion_model"].floats("rlnMotionModelCoeff")
    np.testing.assert_array_equal(coefficients, np.concatenate([local[1], local[0]]))
    assert ours["global_shift"].floats("rlnMicrographShiftX").tolist() == [0, 4, 6]
    # numbers of the movie's own frames, whose first was left out of the sum
    assert ours["global_shift"].integers("rlnMicrographFrameNumber").tolist() == [2, 3, 4]
    assert ours["general"].columns["rlnImageSizeZ"] == ["5"]
    assert ours["hot_pixels"].floats("rlnCoordinateX").tolist() == [8]


def test_whole_frame_motion_alone(tmp_path: Path) -> None:
    write_motion(tmp_path / "a.star", NAMES.movie, MOVIE, MICROGRAPH)
    assert list(read_star(tmp_path / "a.star")) == ["general", "global_shift"]


def test_polishing_gets_the_movie_before_binning() -> None:
    general = motion_general(NAMES.movie, MOVIE, MICROGRAPH, None, None)
    assert (general["rlnImageSizeX"], general["rlnImageSizeY"]) == (240, 200)
    assert general["rlnMicrographOriginalPixelSize"] == 1.0
    assert general["rlnMicrographBinning"] == 2.0
    assert general["rlnMicrographStartFrame"] == 2
    assert general["rlnMotionModelVersion"] == 0
    assert "rlnMicrographGainName" not in general
    assert "rlnEERGrouping" not in general


def test_an_eer_movie_says_how_its_frames_were_grouped() -> None:
    general = motion_general("Movies/a.eer", MOVIE, MICROGRAPH, None, None)
    assert general["rlnEERGrouping"] == general["rlnEERUpsampling"] == 1
    fine = replace(MOVIE, eer_upsampling=2)
    general = motion_general("Movies/a.eer", fine, MICROGRAPH, None, None)
    assert general["rlnEERUpsampling"] == 2
