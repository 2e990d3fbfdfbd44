"""Directories of TIFF files: every frame is found, and every byte accounted for."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from growth import grows_as_its_input
from icestream.formats.errors import FormatError
from icestream.formats.movie import movie_facts, open_movie
from icestream.formats.tiff import read_tiff, write_tiff
from icestream.formats.tiff_directories import read_pages, walk_pages

RNG = np.random.default_rng(6)


def _movie(kind: str = "u2", shape: tuple[int, ...] = (8, 30, 41)) -> Any:
    return RNG.poisson(3.0, shape).astype(kind)


def directory(
    path: Path, tags: list[tuple[int, int, int, int]], rest: bytes = b"", pages: int = 1
) -> None:
    """A classic TIFF whose `pages` directories have the same tags, and then `rest`."""
    tags = sorted(tags)
    size = 2 + 12 * len(tags) + 4
    raw = b"II*\0" + struct.pack("<I", 8)
    for page in range(pages):
        following = 8 + size * (page + 1) if page + 1 < pages else 0
        raw += struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
        raw += struct.pack("<I", following)
    path.write_bytes(raw + rest)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
@pytest.mark.parametrize("count", [2, 8])
def test_a_stack_of_imagej_has_all_its_frames(
    tmp_path: Path, order: Any, kind: str, count: int
) -> None:
    """One directory, as ImageJ writes stacks of more than 4 GiB, and `images=8` in its words."""
    path = tmp_path / "a.tif"
    frames = _movie(kind, (count, 30, 41))
    # truncate: a single directory
    tifffile.imwrite(path, frames, imagej=True, byteorder=order, truncate=True)
    with tifffile.TiffFile(path) as theirs:
        assert f"images={count}" in theirs.pages.first.description
        assert theirs.pages.first.dataoffsets[0] + frames.nbytes <= theirs.filehandle.size
    assert _directories(path) == 1
    np.testing.assert_array_equal(read_tiff(path), frames[:, ::-1])
    assert (movie_facts(path).frames, movie_facts(path).shape) == (count, (30, 41))
    with open_movie(path) as movie:
        np.testing.assert_array_equal(movie.read(count - 1), frames[-1, ::-1])


def test_a_stack_of_tifffile_has_all_its_frames(tmp_path: Path) -> None:
    frames = _movie()
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, frames, truncate=True, photometric="minisblack", rowsperstrip=7)
    assert _directories(path) == 1
    with tifffile.TiffFile(path) as theirs:
        assert json.loads(theirs.pages.first.description)["shape"] == [8, 30, 41]
    np.testing.assert_array_equal(read_tiff(path), frames[:, ::-1])
    # The same with a directory for each frame, as it is written by default.
    tifffile.imwrite(path, frames, photometric="minisblack")
    assert _directories(path) == 8
    np.testing.assert_array_equal(read_tiff(path), frames[:, ::-1])


def _directories(path: Path) -> int:
    """Directories that are there, whatever the description says."""
    raw = path.read_bytes()
    order = "<" if raw[:2] == b"II" else ">"
    count, place = 0, struct.unpack_from(order + "I", raw, 4)[0]
    while place:
        count += 1
        entries = struct.unpack_from(order + "H", raw, place)[0]
        place = struct.unpack_from(order + "I", raw, place + 2 + 12 * entries)[0]
    return count


def test_a_stack_that_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, _movie(), imagej=True, truncate=True)
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) - 3000])
    with pytest.raises(FormatError, match=r"8 frames by its description, to byte \d+ of \d+"):
        movie_facts(path)


@pytest.mark.parametrize(
    "description",
    [
        '{"shape": [1e400, 2]}',
        '{"shape": [-8, 30, 41]}',
        '{"shape": "many"}',
        '{"shape": ' + "[" * 100_000,
        '{"shape": [' + "9" * 6000 + "]}",
        "ImageJ=1.5\nimages=-8\n",
        "ImageJ=1.5\nimages=" + "9" * 6000,
    ],
)
def test_words_that_make_no_sense_are_no_stack(tmp_path: Path, description: str) -> None:
    path = tmp_path / "a.tif"
    frame = _movie(shape=(30, 41))
    tifffile.imwrite(path, frame, description=description, metadata=None)
    np.testing.assert_array_equal(read_tiff(path), frame[::-1])


def test_a_stack_without_words_is_not_one_frame_of_eight(tmp_path: Path) -> None:
    """One directory, no description: what is behind its frame is not passed over."""
    frames = _movie("u1", (8, 10, 20))
    path = tmp_path / "a.tif"
    tags = [(256, 4, 1, 20), (257, 4, 1, 10), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
    at = 8 + 2 + 12 * 8 + 4
    for counted in (200, 1600):
        directory(path, [*tags, (273, 4, 1, at), (278, 4, 1, 10), (279, 4, 1, counted)])
        path.write_bytes(path.read_bytes() + frames.tobytes())
        with pytest.raises(
            FormatError, match=r"found 1710 bytes, of which 1400 belong to no frame"
        ):
            movie_facts(path)
        with pytest.raises(FormatError, match="1400 belong to no frame"):
            read_tiff(path)


@pytest.mark.parametrize("options", [{"compression": "lzw"}, {}, {"tile": (16, 16)}])
def test_bytes_behind_the_frames_are_not_passed_over(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, _movie("u1", (4, 64, 64)), photometric="minisblack", **options)
    assert movie_facts(path).frames == 4
    path.write_bytes(path.read_bytes() + bytes(RNG.integers(1, 255, 20_000, dtype=np.uint8)))
    with pytest.raises(FormatError, match=r"of which 2\d\d\d\d belong to no frame"):
        movie_facts(path)


def test_values_that_we_do_not_read_are_accounted_for(tmp_path: Path) -> None:
    """A long private tag is no byte too many."""
    path = tmp_path / "a.tif"
    notes = (65010, 2, 0, "x" * 30_000, True)
    tifffile.imwrite(path, _movie("u1", (1, 8, 9)), photometric="minisblack", extratags=[notes])
    assert movie_facts(path).frames == 1


def _shared_strips(path: Path, pages: int, strips: int) -> None:
    """Pages that all point to the same lists of strips."""
    tags = [(256, 4, 1, 4), (257, 4, 1, strips), (258, 3, 1, 8), (259, 3, 1, 1), (278, 4, 1, 1)]
    lists = 8 + pages * (2 + 12 * 7 + 4)
    tags += [(273, 4, strips, lists), (279, 4, strips, lists + 4 * strips)]
    pixels = lists + 8 * strips
    offsets = (pixels + 4 * np.arange(strips, dtype="<u4")).tobytes()
    rest = offsets + np.full(strips, 4, "<u4").tobytes() + bytes([1]) * 4 * strips
    directory(path, tags, rest, pages)


def test_pages_that_share_their_strips_are_refused_early(tmp_path: Path) -> None:
    """A hundred pages of two hundred thousand strips each, in 2 MB."""
    path = tmp_path / "a.tif"
    _shared_strips(path, 100, 200_000)
    chain = walk_pages(path)
    assert "share" in chain.problem
    assert len(chain.pages) < 4
    with pytest.raises(FormatError, match="share"):
        read_pages(path)
    _shared_strips(path, 1, 2000)
    assert read_tiff(path).shape == (2000, 4)


def test_pages_that_share_their_pixels_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tags = [(256, 4, 1, 64), (257, 4, 1, 64), (258, 3, 1, 8), (259, 3, 1, 1), (278, 4, 1, 64)]
    at = 8 + 50 * (2 + 12 * 7 + 4)
    directory(path, [*tags, (273, 4, 1, at), (279, 4, 1, 4096)], bytes(4096), pages=50)
    with pytest.raises(FormatError, match="pages that share pixels"):
        read_pages(path)


def test_the_cost_grows_as_the_file(tmp_path: Path) -> None:
    def prepare(size: int) -> Any:
        path = tmp_path / f"{size}.tif"
        _shared_strips(path, 20, size)
        return lambda: walk_pages(path)

    assert grows_as_its_input(prepare, 2000)


def test_frames_that_so_few_bytes_cannot_hold(tmp_path: Path) -> None:
    """A page is bounded, but not their number: memory for them is not asked for."""
    path = tmp_path / "a.tif"
    tags = [(256, 4, 1, 16384), (257, 4, 1, 16384), (258, 3, 1, 8), (259, 3, 1, 50000)]
    directory(path, [*tags, (273, 4, 1, 8), (278, 4, 1, 16384), (279, 4, 1, 9)], pages=40)
    with pytest.raises(FormatError, match=r"expected more than \d+ bytes for 40 frames"):
        movie_facts(path)


@pytest.mark.parametrize(
    ("tag", "value"), [(256, 2**31), (257, 0), (256, 2**32 - 1), (258, 0), (278, 0)]
)
def test_sizes_that_cannot_be(tmp_path: Path, tag: int, value: int) -> None:
    tags = {256: 20, 257: 10, 258: 8, 259: 1, 273: 8, 278: 10, 279: 200} | {tag: value}
    path = tmp_path / "a.tif"
    directory(path, [(key, 4, 1, said) for key, said in tags.items()], bytes(200))
    for read in (movie_facts, open_movie, read_tiff):
        with pytest.raises(FormatError):
            read(path)


def test_strips_that_are_too_short_for_plain_pixels(tmp_path: Path) -> None:
    """The rest would be read from whatever lies behind them."""
    path = tmp_path / "a.tif"
    write_tiff(path, _movie("u1", (2, 10, 20)), compression=None)
    raw = bytearray(path.read_bytes())
    place = raw.find(struct.pack("<HHII", 279, 4, 1, 200))
    kind, size = (4, 8) if place >= 0 else (3, 8)
    place = place if place >= 0 else raw.find(struct.pack("<HHI", 279, 3, 1))
    raw[place + size : place + size + (4 if kind == 4 else 2)] = (150).to_bytes(
        4 if kind == 4 else 2, "little"
    )
    path.write_bytes(raw)
    with pytest.raises(FormatError, match="strips of 150 bytes for pixels of 200"):
        read_pages(path)


@pytest.mark.parametrize("lacking", [322, 323])
def test_tiles_without_a_size(tmp_path: Path, lacking: int) -> None:
    tags = {256: 16, 257: 16, 258: 8, 259: 1, 322: 16, 323: 16, 324: 8, 325: 256}
    path = tmp_path / "a.tif"
    directory(path, [(tag, 4, 1, said) for tag, said in tags.items() if tag != lacking], bytes(256))
    with pytest.raises(FormatError, match="tiles without a size"):
        read_tiff(path)
