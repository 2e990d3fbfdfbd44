"""Every part of a map is written, each to its own file."""

from pathlib import Path

import numpy as np

from icestream.formats.mrc import read_mrc, read_mrc_header
from icestream.processing.volume.align import mirrored
from icestream.processing.volume.initial import FirstMap
from icestream.protocols.volume_files import write_volume


def test_the_parts_of_a_map_are_written(tmp_path: Path) -> None:
    maps = np.random.default_rng(1).standard_normal((3, 16, 16, 16)).astype(np.float32)
    found = FirstMap(
        volume=maps[0],
        halves=(maps[1], maps[2]),
        correlation=np.ones(8, np.float32),
        symmetry="C1",
        rings=7,
        views=np.zeros((1, 3), np.float32),
        spacing=10.0,
        starts=(),
        symmetries=(),
    )
    files = write_volume(tmp_path / "volume_0001", found, 4.0)
    for path, volume in (
        (files.map, maps[0]),
        (files.mirrored, mirrored(maps[0])),
        (files.half1, maps[1]),
        (files.half2, maps[2]),
    ):
        assert np.array_equal(read_mrc(path), volume)
        header = read_mrc_header(path)
        assert (header.space_group, round(header.pixel_size, 3)) == (1, 4.0)
    assert files.picture.read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "volume_0001.png",
        "volume_0001_half1.mrc",
        "volume_0001_half2.mrc",
        "volume_0001_map.mrc",
        "volume_0001_mirrored.mrc",
    ]
