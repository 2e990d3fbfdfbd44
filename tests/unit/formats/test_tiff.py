"""TIFF files, with tifffile as the judge."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from icestream.formats.errors import FormatError
from icestream.formats.tiff import read_pages, read_tiff, walk_pages, write_tiff

RNG = np.random.default_rng(4)


def _movie(kind: str = "u1", shape: tuple[int, ...] = (4, 30, 41)) -> Any:
    return RNG.poisson(3.0, shape).astype(kind)


@pytest.mark.parametrize("compression", ["lzw", "deflate", "zstd", None])
@pytest.mark.parametrize("kind", ["u1", "u2", "i2", "f4"])
def test_what_is_written_is_read_back(tmp_path: Path, compression: str | None, kind: str) -> None:
    movie = _movie(kind)
    write_tiff(tmp_path / "a.tif", movie, compression=compression, pixel_size=1.1)
    found = read_tiff(tmp_path / "a.tif")
    assert found.dtype == movie.dtype
    np.testing.assert_array_equal(found, movie)
    pages = read_pages(tmp_path / "a.tif")
    assert len(pages) == 4
    assert pages[0].pixel_size == pytest.approx(1.1, rel=1e-6)


def test_the_top_row_of_the_file_is_the_last_row_of_the_array(tmp_path: Path) -> None:
    """As in RELION; tifffile gives the top row first."""
    movie = _movie()
    write_tiff(tmp_path / "a.tif", movie)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), movie[:, ::-1])


@pytest.mark.parametrize(
    "options",
    [
        {"rowsperstrip": 7, "compression": "lzw"},
        {"tile": (16, 32), "compression": "deflate"},
        {"compression": "lzw", "predictor": True},
        {"compression": "packbits"},
        {"byteorder": ">", "compression": "lzw"},
        {"bigtiff": True},
    ],
    ids=lambda options: "-".join(map(str, options)),
)
@pytest.mark.parametrize("kind", ["u1", "u2"])
def test_the_ways_in_which_others_write(tmp_path: Path, options: dict[str, Any], kind: str) -> None:
    frames = _movie(kind)
    first = {key: options.pop(key) for key in ("byteorder", "bigtiff") if key in options}
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path, **first) as writer:
        for frame in frames:
            writer.write(
                frame, photometric="minisblack", contiguous=False, metadata=None, **options
            )
    options.update(first)
    np.testing.assert_array_equal(read_tiff(path), frames[:, ::-1])


def test_threads_change_nothing(tmp_path: Path) -> None:
    movie = _movie(shape=(9, 20, 20))
    write_tiff(tmp_path / "a.tif", movie)
    np.testing.assert_array_equal(read_tiff(tmp_path / "a.tif", threads=3), movie)


@pytest.mark.parametrize("share", [0.3, 0.75, 0.999])
def test_a_cut_file_is_not_whole(tmp_path: Path, share: float) -> None:
    path = tmp_path / "a.tif"
    write_tiff(path, _movie(shape=(40, 32, 32)))
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * share)])
    assert walk_pages(path).problem
    with pytest.raises(FormatError, match="copy the file again"):
        read_tiff(path)


def test_the_end_of_what_is_used_is_the_end_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    write_tiff(path, _movie())
    chain = walk_pages(path)
    assert not chain.problem
    assert chain.size - chain.end < 8
    path.write_bytes(path.read_bytes() + bytes(5000))
    chain = walk_pages(path)
    assert not chain.problem
    assert chain.size - chain.end >= 5000


def test_directories_that_form_a_ring(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    write_tiff(path, _movie(shape=(2, 8, 8)), compression=None)
    raw = bytearray(path.read_bytes())
    first = int.from_bytes(raw[4:8], "little")
    link = first + 2 + 12 * int.from_bytes(raw[first : first + 2], "little")
    raw[link : link + 4] = first.to_bytes(4, "little")
    path.write_bytes(raw)
    assert "point at each other" in walk_pages(path).problem


def test_pages_of_two_sizes_are_no_movie(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        for size in (8, 9):
            writer.write(np.zeros((size, size), np.uint8), contiguous=False, metadata=None)
    with pytest.raises(FormatError, match=r"page 2 \(9, 9\)"):
        read_tiff(path)


def test_colour_is_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((8, 8, 3), np.uint8), photometric="rgb")
    with pytest.raises(FormatError, match="grey"):
        read_tiff(tmp_path / "a.tif")


def test_foreign_and_empty_files(tmp_path: Path) -> None:
    for content in (b"", b"II", b"PNG and so on", b"II*\0\0\0\0\0"):
        (tmp_path / "a.tif").write_bytes(content)
        with pytest.raises(FormatError):
            read_tiff(tmp_path / "a.tif")


@settings(max_examples=200, deadline=None)
@given(cut=st.integers(0, 700), flip=st.integers(0, 2000), value=st.integers(0, 255))
def test_no_damage_ends_in_anything_but_the_format_error(cut: int, flip: int, value: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.tif"
        write_tiff(path, np.arange(600, dtype=np.uint16).reshape(3, 10, 20))
        raw = bytearray(path.read_bytes())
        assert len(raw) > 1000
        raw[flip % len(raw)] = value
        path.write_bytes(raw)
        try:
            found = read_tiff(path)
        except FormatError:
            pass
        else:
            assert found.size > 0
        path.write_bytes(raw[:cut])
        with pytest.raises(FormatError):
            read_tiff(path)
