"""DM3 and DM4 files."""

from pathlib import Path

import numpy as np
import pytest

from gatan_file import KINDS, write_gatan
from icestream.formats.errors import FormatError
from icestream.formats.gatan import read_gatan

IMAGE = np.random.default_rng(5).uniform(0, 100, (12, 20))


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_pixel(tmp_path: Path, version: int, order: str, kind: str) -> None:
    """Of both versions and byte orders; the first row stored is the last of the array."""
    image = IMAGE.astype(kind)
    write_gatan(tmp_path / "g.dm4", image, version=version, order=order)
    found = read_gatan(tmp_path / "g.dm4")
    assert found.dtype == np.dtype(kind)
    np.testing.assert_array_equal(found, image[::-1])


def test_the_first_of_a_stack(tmp_path: Path) -> None:
    stack = np.stack([IMAGE, 2 * IMAGE]).astype("f4")
    write_gatan(tmp_path / "g.dm4", stack, preview=False)
    np.testing.assert_array_equal(read_gatan(tmp_path / "g.dm4"), stack[0, ::-1])


def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    write_gatan(tmp_path / "g.dm4", IMAGE[:4, :5].astype("f4"))
    whole = (tmp_path / "g.dm4").read_bytes()
    for length in range(0, len(whole) - 8, 7):
        (tmp_path / "g.dm4").write_bytes(whole[:length])
        with pytest.raises(FormatError, match="g.dm4"):
            read_gatan(tmp_path / "g.dm4")


def test_damaged_files_are_refused_or_read_and_nothing_else(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    write_gatan(tmp_path / "g.dm4", IMAGE[:4, :5].astype("f4"))
    whole = (tmp_path / "g.dm4").read_bytes()
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), 3):
            damaged[place] = rng.integers(256)
        (tmp_path / "g.dm4").write_bytes(damaged)
        try:
            read_gatan(tmp_path / "g.dm4")
        except FormatError:
            refused += 1
    assert 50 < refused < 300


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (bytes(100), "expected a DM3 or DM4 file, found version 0"),
        (b"II*\0" + bytes(50), "expected a DM3 or DM4 file"),
        (b"", "expected a whole DM file"),
    ],
)
def test_foreign_files_say_what_to_do(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "g.dm4").write_bytes(content)
    with pytest.raises(FormatError, match=said) as raised:
        read_gatan(tmp_path / "g.dm4")
    assert "dm2mrc" in str(raised.value)


def test_only_a_preview_is_no_image(tmp_path: Path) -> None:
    write_gatan(tmp_path / "g.dm4", np.zeros((0, 4), "f4"))
    with pytest.raises(FormatError, match="an image of plain numbers"):
        read_gatan(tmp_path / "g.dm4")
