"""Lists and maps of defects."""

import gzip
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from growth import grows_as_its_input
from icestream.formats.defects import read_defects
from icestream.formats.errors import FormatError
from icestream.formats.mrc import write_mrc
from icestream.formats.tiff import write_tiff

SHAPE = (30, 40)


def test_motioncor2_lists_count_rows_of_the_array(tmp_path: Path) -> None:
    (tmp_path / "d.txt").write_text("# x y w h\n5 2 3 4\n\n39 29 1 1\n38 0 10 1\n")
    bad = read_defects(tmp_path / "d.txt", SHAPE)
    expected = np.zeros(SHAPE, bool)
    expected[2:6, 5:8] = True
    expected[29, 39] = True
    expected[0, 38:] = True
    np.testing.assert_array_equal(bad, expected)


SERIALEM = """CameraSizeX {x}
CameraSizeY {y}
RotationAndFlip 0
WasScaled {scaled}
K2Type 1
BadColumns 7 8
BadRows 3
BadPixels 10 20 12 22
PartialBadColumn 30 2 0 9
PartialBadRow 15 1 4 6
"""


def test_serialem_lists_count_rows_from_the_top(tmp_path: Path) -> None:
    (tmp_path / "defects_1.txt").write_text(SERIALEM.format(x=40, y=30, scaled=0))
    top_first = np.zeros(SHAPE, bool)
    top_first[:, 7:9] = True
    top_first[3] = True
    top_first[20, 10] = top_first[22, 12] = True
    top_first[:10, 30:32] = True
    top_first[15, 4:7] = True
    np.testing.assert_array_equal(read_defects(tmp_path / "defects_1.txt", SHAPE), top_first[::-1])


def test_serialem_lists_for_another_binning(tmp_path: Path) -> None:
    (tmp_path / "d.txt").write_text(SERIALEM.format(x=40, y=30, scaled=0))
    once = read_defects(tmp_path / "d.txt", SHAPE)
    twice = read_defects(tmp_path / "d.txt", (60, 80))
    np.testing.assert_array_equal(twice[::2, ::2], once)
    assert twice.sum() == 4 * once.sum()
    (tmp_path / "d.txt").write_text("CameraSizeX 80\nCameraSizeY 60\nWasScaled 1\nBadPixels 4 6\n")
    scaled = read_defects(tmp_path / "d.txt", SHAPE)
    assert np.argwhere(scaled).tolist() == [[26, 2]]


@pytest.mark.parametrize("name", ["m.mrc", "m.tif"])
def test_maps(tmp_path: Path, name: str) -> None:
    bad = np.random.default_rng(1).random(SHAPE) < 0.1
    write = write_mrc if name.endswith("mrc") else write_tiff
    write(tmp_path / name, bad.astype(np.uint8))
    np.testing.assert_array_equal(read_defects(tmp_path / name, SHAPE), bad)
    assert read_defects(tmp_path / name, (60, 80)).sum() == 4 * bad.sum()
    assert read_defects(tmp_path / name, (15, 20)).any()
    with pytest.raises(FormatError, match="31 x 40"):
        read_defects(tmp_path / name, (31, 40))


@pytest.mark.parametrize(
    "text", ["1 2 3\n", "a b c d e\nBadRows x\n", "CameraSizeX\n", "PartialBadRow 1 2\n", "1 2 3 x"]
)
def test_lines_that_make_no_sense_are_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "d.txt").write_text(text)
    with pytest.raises(FormatError, match="line"):
        read_defects(tmp_path / "d.txt", SHAPE)


@pytest.mark.parametrize("name", ["27489513", "27492982"])
def test_maps_of_a_real_k3(shared_data: Path, tmp_path: Path, name: str) -> None:
    packed = shared_data / "program_logs" / "motioncor2" / f"{name}.mrc.gz"
    (tmp_path / "map.mrc").write_bytes(gzip.decompress(packed.read_bytes()))
    bad = read_defects(tmp_path / "map.mrc", (4092, 5760))
    assert 0 < bad.mean() < 0.02


@pytest.mark.parametrize("text", ["0 0 4096 4096\n", "PartialBadColumn 0 4096 0 4096\n"])
def test_the_cost_grows_as_the_list_and_not_as_its_areas(tmp_path: Path, text: str) -> None:
    def prepare(size: int) -> Any:
        path = tmp_path / f"{size}.txt"
        path.write_text(text * size)
        return lambda: read_defects(path, (1024, 1024))

    assert grows_as_its_input(prepare, 2000)
    assert read_defects(tmp_path / "2000.txt", (64, 64)).all()


def test_the_list_of_another_camera_is_refused_before_it_is_painted(tmp_path: Path) -> None:
    path = tmp_path / "defects.txt"
    path.write_text("CameraSizeX 65536\nCameraSizeY 65536\nBadColumns 5\n")
    tracemalloc.start()
    with pytest.raises(FormatError, match="found 65536 x 65536"):
        read_defects(path, (64, 96))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


@pytest.mark.parametrize("number", ["1e400", "inf", "9" * 5000, "1.5"])
def test_numbers_that_make_no_sense(tmp_path: Path, number: str) -> None:
    path = tmp_path / "a.txt"
    for text in (f"0 0 {number} 4\n", f"BadColumns {number}\n", f"CameraSizeX {number}\n"):
        path.write_text(text)
        with pytest.raises(FormatError, match="whole numbers"):
            read_defects(path, (64, 96))
    path.write_text(f"0 0 {10**30} 4\n")
    assert read_defects(path, (64, 96)).sum() == 4 * 96


def test_rectangles_are_painted_one_by_one(tmp_path: Path) -> None:
    """The same as setting each of them."""
    rng = np.random.default_rng(2)
    lists = np.column_stack([rng.integers(-20, 80, (200, 2)), rng.integers(-5, 30, (200, 2))])
    true = np.zeros((64, 72), bool)
    for x, y, wide, high in lists:
        true[max(y, 0) : max(y + high, 0), max(x, 0) : max(x + wide, 0)] = True
    np.savetxt(tmp_path / "a.txt", lists, fmt="%d")
    np.testing.assert_array_equal(read_defects(tmp_path / "a.txt", (64, 72)), true)
