"""Sections, cubes and facts of maps."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from icestream.formats import FormatError, write_mrc
from icestream.model import Volume, column
from icestream.report.views.volumes import (
    View,
    cube_of_map,
    part_of,
    parts_of,
    section_png,
    volume_view,
)

VOLUME = Volume(
    particles=400, iteration=3, wanted=1000, map=Path("m.mrc"), mirrored=Path("n.mrc"), box=64,
    pixel_size=2.0, symmetry="C2", resolution=12.0, efficiency=0.2,
    fsc=column([1.0, 1.0, 0.5, 0.1]), directions=column([[0, 0, 1, 7]]),
    symmetries=("C2", "C1", "C2"), symmetry_trials=column([[1, 0.8], [0, 1.0], [2.5, 0.9]]),
    starts=column([[1.5, 1.0], [1.0, 0.2]]),
)  # fmt: skip


def test_what_is_known() -> None:
    view = volume_view(VOLUME)
    assert (view.there, view.preliminary, view.even) == (True, True, False)
    assert view.reached == "12.0 Å, in directions that are seen"
    assert view.views == (View(x=0.0, y=0.0, z=1.0, particles=7.0),)
    assert [trial.taken for trial in view.trials] == [False, False, True]
    assert view.starts == ((1.5, 1.0), (1.0, pytest.approx(0.2)))
    assert view.fsc is not None
    assert view.fsc.frequency == pytest.approx((1 / 128, 2 / 128, 3 / 128))
    assert view.parts == parts_of(VOLUME) == ("map", "mirrored")


def test_why_there_is_no_map() -> None:
    view = volume_view(Volume(particles=0, iteration=1, note="too few particles"))
    assert (view.there, view.note, view.fsc, view.reached) == (False, "too few particles", None, "")
    with pytest.raises(LookupError, match="no half1 in this snapshot: late; there is map"):
        part_of(replace(VOLUME, note="late", mirrored=None), "half1")


def test_sections_across_each_axis(tmp_path: Path) -> None:
    density = np.zeros((4, 5, 6), dtype=np.float32)
    density[1, 2, 3] = 1.0
    path = write_mrc(tmp_path / "m.mrc", density, 2.0, volume=True)
    for axis, at, shape in (("z", 1, (5, 6)), ("y", 2, (4, 6)), ("x", 3, (4, 5))):
        section = np.asarray(Image.open(io.BytesIO(section_png(path, axis, at))))
        assert section.shape == shape
        assert (section == 255).sum() == 1
    with pytest.raises(LookupError, match="0 to 3"):
        section_png(path, "z", 4)


def test_a_large_map_is_averaged_down(tmp_path: Path) -> None:
    density = np.random.default_rng(1).normal(0, 1, (20, 20, 21)).astype(np.float32)
    path = write_mrc(tmp_path / "m.mrc", density, 2.0, volume=True)
    cube = cube_of_map(path, 2.0, most=10)
    assert (cube.shape, cube.voxel_size, cube.whole) == ((6, 6, 7), 6.0, 21)
    voxels = np.frombuffer(cube.voxels, np.uint8).reshape(cube.shape)
    shown = cube.low + voxels / 255.0 * (cube.high - cube.low)
    assert shown[0, 0, 0] == pytest.approx(density[:3, :3, :3].mean(), abs=0.02)
    whole = cube_of_map(path, 2.0, most=64)
    assert whole.shape == (20, 20, 21)


def test_a_plane_is_no_volume(tmp_path: Path) -> None:
    path = write_mrc(tmp_path / "m.mrc", np.zeros((1, 40, 40), np.float32), 2.0)
    with pytest.raises(FormatError, match="as many voxels"):
        cube_of_map(path, 2.0, most=10)
