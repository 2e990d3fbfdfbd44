"""RELION is given gains and defects as they were applied, in a form that it reads."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from export_items import MOVIE
from icestream.exports.relion.camera import CameraFiles, rectangles, write_rectangles
from icestream.formats import read_mrc, read_star
from icestream.formats.defects import read_defects
from icestream.formats.gain import read_gain
from icestream.formats.mrc import write_mrc
from icestream.model import Orientation

SERIALEM = """CameraSizeX 6
CameraSizeY 4
BadColumns 5
BadPixels 1 0 2 0 2 1
PartialBadRow 3 1 0 3
"""


@pytest.mark.parametrize("movie", ["a.tiff", "a.eer"])
def test_the_gain_is_as_it_was_applied(tmp_path: Path, movie: str) -> None:
    gain = np.random.default_rng(1).uniform(0.5, 2, (6, 4)).astype(np.float32)
    write_mrc(tmp_path / "g.mrc", gain)
    orientation = Orientation(rotation=90, flip="up-down", inverse=True)
    eer = movie.endswith("eer")
    plain = replace(MOVIE, path=tmp_path / movie, shape=(4, 6), gain=tmp_path / "g.mrc")
    turned = replace(plain, gain_orientation=orientation)
    camera = CameraFiles(tmp_path / "project")
    assert camera.gain(MOVIE) is None
    assert camera.gain(plain) == "Movies/g.mrc"
    laid = camera.gain(turned)
    assert laid == "Movies/g_as_applied.mrc"
    theirs = read_gain(tmp_path / "project" / laid, (4, 6), eer=eer)
    ours = read_gain(tmp_path / "g.mrc", (4, 6), eer=eer, orientation=orientation)
    np.testing.assert_allclose(theirs / theirs.mean(), ours / ours.mean(), rtol=1e-5)


def test_the_gain_of_the_project_is_its_own(tmp_path: Path) -> None:
    write_mrc(tmp_path / "g.mrc", np.ones((4, 6), np.float32))
    before = (tmp_path / "g.mrc").read_bytes()
    name = CameraFiles(tmp_path / "project").gain(replace(MOVIE, gain=tmp_path / "g.mrc"))
    (tmp_path / "project" / str(name)).write_bytes(b"other")
    assert (tmp_path / "g.mrc").read_bytes() == before


def test_two_gains_of_one_name_are_two_files(tmp_path: Path) -> None:
    """A reference of another day, or laid another way."""
    camera = CameraFiles(tmp_path / "project")
    names = []
    for day in (1, 2, 1):
        path = tmp_path / f"day{day}" / "g.mrc"
        path.parent.mkdir(exist_ok=True)
        write_mrc(path, np.full((4, 6), day, np.float32))
        names.append(camera.gain(replace(MOVIE, gain=path)))
    assert names == ["Movies/g.mrc", "Movies/g_2.mrc", "Movies/g.mrc"]
    for day, name in enumerate(names[:2], start=1):
        assert read_mrc(tmp_path / "project" / str(name)).max() == day
    turned = replace(
        MOVIE, shape=(4, 6), gain=tmp_path / "day1/g.mrc",
        gain_orientation=Orientation(rotation=180),
    )  # fmt: skip
    flipped = replace(turned, gain_orientation=Orientation(flip="up-down"))
    assert camera.gain(turned) != camera.gain(flipped)


def test_a_gain_that_is_gone_is_still_asked_for(tmp_path: Path) -> None:
    """Polish then stops, where it would go on without a reference that is not named."""
    camera = CameraFiles(tmp_path)
    assert camera.gain(replace(MOVIE, gain=tmp_path / "gone.mrc")) == "Movies/gone.mrc"
    assert camera.defects(replace(MOVIE, defects=tmp_path / "d.txt")) == "Movies/d_defects.txt"
    assert not (tmp_path / "Movies").exists()


def test_defects_become_rectangles(tmp_path: Path) -> None:
    (tmp_path / "defects.txt").write_text(SERIALEM)
    movie = replace(MOVIE, shape=(4, 6), defects=tmp_path / "defects.txt")
    name = CameraFiles(tmp_path).defects(movie)
    assert name == "Movies/defects_defects.txt"
    bad = read_defects(tmp_path / "defects.txt", (4, 6))
    assert bad.sum() > 6
    np.testing.assert_array_equal(read_defects(tmp_path / name, (4, 6)), bad)
    lines = (tmp_path / name).read_text().splitlines()
    assert all(len(line.split()) == 4 for line in lines)


def test_rectangles_cover_what_is_bad_and_nothing_else() -> None:
    random = np.random.default_rng(3)
    for _ in range(20):
        bad = random.random((17, 23)) < 0.2
        bad[:, random.integers(23)] = bad[random.integers(17)] = True
        covered = np.zeros_like(bad)
        for x, y, width, height in rectangles(bad):
            covered[y : y + height, x : x + width] = True
        np.testing.assert_array_equal(covered, bad)
    column = np.zeros((4000, 50), bool)
    column[:, 7] = column[100:120, 20:30] = True
    assert rectangles(column) == [(7, 0, 1, 4000), (20, 100, 10, 20)]


def test_a_list_ends_with_a_number_and_is_never_empty(tmp_path: Path) -> None:
    """RELION 3.1 makes rectangles of what it did not read: of lines without numbers."""
    write_rectangles(tmp_path / "a.txt", [(1, 2, 3, 4), (5, 6, 7, 8)])
    assert (tmp_path / "a.txt").read_text() == "1 2 3 4\n5 6 7 8"
    write_rectangles(tmp_path / "a.txt", rectangles(np.zeros((4, 4), bool)))
    assert (tmp_path / "a.txt").read_text() == "0 0 0 0"


def test_relion_masks_the_pixels_that_serialem_lists(tmp_path: Path) -> None:
    """RELION finds these very pixels to be hot; told of them by our list, it finds none."""
    if shutil.which("relion_run_motioncorr") is None:
        pytest.skip("RELION is not installed (Debian: relion)")
    (tmp_path / "list.txt").write_text(
        "CameraSizeX 128\nCameraSizeY 128\nBadColumns 31 32\nBadPixels 77 20 78 20 78 21\n"
        "PartialBadRow 90 1 50 69\n"
    )
    frames = np.random.default_rng(5).poisson(5.0, (4, 128, 128)).astype(np.float32)
    bad = read_defects(tmp_path / "list.txt", (128, 128))
    frames[:, bad] = 200.0
    write_mrc(tmp_path / "m.mrcs", frames, pixel_size=1.0)
    camera = CameraFiles(tmp_path)
    name = camera.defects(replace(MOVIE, shape=(128, 128), defects=tmp_path / "list.txt"))
    alone = hot_pixels(tmp_path, "none", "")
    assert alone == {(y, x) for y, x in np.argwhere(bad).tolist()}
    assert hot_pixels(tmp_path, "told", str(name)) == set()


def hot_pixels(folder: Path, way: str, defects: str) -> set[tuple[int, int]]:
    """Pixels (y, x) that RELION's motion correction finds by itself, told of some defects."""
    motion_corrected(folder, way, defects)
    blocks = read_star(folder / way / "m.star")
    if "hot_pixels" not in blocks:
        return set()
    found = blocks["hot_pixels"]
    x, y = found.integers("rlnCoordinateX"), found.integers("rlnCoordinateY")
    return set(zip(y.tolist(), x.tolist(), strict=True))


def motion_corrected(folder: Path, way: str, defects: str) -> None:
    """Have RELION align the movie, with a file of defects, or without one by an empty name."""
    (folder / "movies.star").write_text(
        "\n# version 30001\n\ndata_optics\n\nloop_\n_rlnOpticsGroupName #1\n_rlnOpticsGroup #2\n"
        "_rlnMicrographOriginalPixelSize #3\n_rlnVoltage #4\n_rlnSphericalAberration #5\n"
        "_rlnAmplitudeContrast #6\ng 1 1.0 300 2.7 0.1\n\n\n# version 30001\n\ndata_movies\n\n"
        "loop_\n_rlnMicrographMovieName #1\n_rlnOpticsGroup #2\nm.mrcs 1\n\n"
    )
    command = [
        "relion_run_motioncorr", "--use_own", "--i", "movies.star", "--o", f"{way}/", "--j", "1",
        "--patch_x", "1", "--patch_y", "1", "--bin_factor", "1", "--bfactor", "150",
    ]  # fmt: skip
    if defects:
        command += ["--defect_file", defects]
    subprocess.run(command, cwd=folder, capture_output=True, check=True, timeout=120)
