"""References as CryoSPARC lays them onto movies."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from export_items import MOVIE
from icestream.exports.cryosparc.gains import Gains
from icestream.formats import read_mrc
from icestream.formats.mrc import write_mrc
from icestream.model import Orientation

GAIN = np.random.default_rng(1).uniform(0.9, 1.1, (200, 240)).astype(np.float32)


def test_each_reference_is_written_once(tmp_path: Path) -> None:
    write_mrc(tmp_path / "g.mrc", GAIN, 1.0)
    gains = Gains(tmp_path / "out")
    tiff = replace(MOVIE, gain=tmp_path / "g.mrc")
    names = {gains.name(tiff), gains.name(replace(tiff, exposure="b"))}
    assert names == {"gain/g_1.mrc"}
    np.testing.assert_allclose(read_mrc(tmp_path / "out/gain/g_1.mrc"), GAIN[::-1], rtol=1e-6)
    mrc = replace(tiff, path=Path("a.mrc"), gain_orientation=Orientation(flip=1))
    found = read_mrc(tmp_path / "out" / gains.name(mrc))
    np.testing.assert_allclose(found, Orientation(flip=1).turn(GAIN), rtol=1e-6)


def test_a_long_name_fits_into_a_table(tmp_path: Path) -> None:
    path = tmp_path / f"Gain reference of {'x' * 100}.mrc"
    write_mrc(path, GAIN, 1.0)
    name = Gains(tmp_path / "out").name(replace(MOVIE, gain=path))
    assert len(f">{name}".encode()) <= 64
    assert (tmp_path / "out" / name).exists()


def test_what_is_not_known_is_left_out(tmp_path: Path) -> None:
    write_mrc(tmp_path / "g.mrc", GAIN, 1.0)
    gains = Gains(tmp_path / "out")
    assert gains.name(MOVIE) == ""
    assert gains.name(replace(MOVIE, gain=tmp_path / "gone.mrc")) == ""
    assert gains.unknown == 0
    assert gains.name(replace(MOVIE, gain=tmp_path / "g.mrc", path=Path("a.eer"))) == ""
    assert gains.unknown == 1
