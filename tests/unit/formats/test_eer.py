"""EER movies, with imagecodecs as the judge of the decoder."""

import struct
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from growth import grows_as_its_input
from icestream.formats.completeness import Whole, judge
from icestream.formats.eer import eer_coding, eer_metadata, render_fraction, write_eer
from icestream.formats.eer_kernels import add_events
from icestream.formats.errors import FormatError
from icestream.formats.movie import movie_facts, open_movie
from icestream.formats.tiff import write_tiff
from icestream.formats.tiff_directories import EER_METADATA, Page, read_pages, walk_pages

SHAPE = (48, 80)


def _electrons(seed: int, count: int, shape: tuple[int, int] = SHAPE) -> NDArray[np.int64]:
    """Places in quarters of a pixel, one electron in a pixel at most."""
    rng = np.random.default_rng(seed)
    pixel = rng.choice(shape[0] * shape[1], count, replace=False)
    inside = rng.integers(0, 4, (2, count))
    return np.stack([pixel // shape[1] * 4 + inside[0], pixel % shape[1] * 4 + inside[1]], axis=1)


def _rendered(electrons: NDArray[np.int64], upsampling: int) -> NDArray[np.uint16]:
    image = np.zeros((SHAPE[0] * upsampling, SHAPE[1] * upsampling), np.uint16)
    np.add.at(image, tuple((electrons * upsampling >> 2).T), 1)
    return image


@pytest.mark.parametrize("skip_bits", [7, 8])
@pytest.mark.parametrize("upsampling", [1, 2])
@pytest.mark.parametrize("count", [0, 1, 7, 300, 3840])
def test_every_electron_is_where_it_was_put(
    tmp_path: Path, skip_bits: int, upsampling: int, count: int
) -> None:
    electrons = _electrons(count, count)
    assert write_eer(tmp_path / "a.eer", [electrons], SHAPE, skip_bits=skip_bits) == 1
    pages = read_pages(tmp_path / "a.eer")
    coding = eer_coding("a.eer", pages[0])
    with (tmp_path / "a.eer").open("rb") as file:
        found = np.ones((SHAPE[0] * upsampling, SHAPE[1] * upsampling), dtype=np.uint8)
        render_fraction("a.eer", file, pages, coding, found)
    np.testing.assert_array_equal(found, _rendered(electrons, upsampling))


@pytest.mark.parametrize("skip_bits", [7, 8])
@pytest.mark.parametrize("upsampling", [1, 2])
def test_imagecodecs_reads_the_same(tmp_path: Path, skip_bits: int, upsampling: int) -> None:
    write_eer(tmp_path / "a.eer", [_electrons(1, 500)], SHAPE, skip_bits=skip_bits)
    (page,) = read_pages(tmp_path / "a.eer")
    offset, length = page.strips[0]
    stream = (tmp_path / "a.eer").read_bytes()[offset : offset + length]
    shape = (SHAPE[0] * upsampling, SHAPE[1] * upsampling)
    theirs = imagecodecs.eer_decode(stream, shape, skip_bits, 2, 2, superres=upsampling - 1)
    np.testing.assert_array_equal(theirs, _rendered(_electrons(1, 500), upsampling))


def test_frames_are_added_up(tmp_path: Path) -> None:
    frames = [_electrons(seed, 400) for seed in range(5)]
    write_eer(tmp_path / "a.eer", frames, SHAPE)
    pages = read_pages(tmp_path / "a.eer")
    with (tmp_path / "a.eer").open("rb") as file:
        coding = eer_coding("a.eer", pages[0])
        found = np.empty(SHAPE, dtype=np.uint16)
        render_fraction("a.eer", file, pages, coding, found)
    np.testing.assert_array_equal(found, sum(_rendered(frame, 1) for frame in frames))


def test_a_stream_may_end_where_nothing_more_was_seen() -> None:
    """Half of a stream gives half of the electrons, and no error and no stray ones."""
    electrons = _electrons(2, 1000)
    place = np.lexsort((electrons[:, 1] >> 2, electrons[:, 0] >> 2))
    stream = _stream(electrons)
    image = np.zeros(SHAPE, np.uint16)
    events, reached = add_events(stream[: len(stream) // 2], 7, 2, 2, 1, image)
    assert 400 < events < 600
    assert reached < SHAPE[0] * SHAPE[1]
    np.testing.assert_array_equal(image, _rendered(electrons[place[:events]], 1))


def _stream(electrons: NDArray[np.int64]) -> NDArray[np.uint8]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.eer"
        write_eer(path, [electrons], SHAPE)
        offset, length = read_pages(path)[0].strips[0]
        return np.frombuffer(path.read_bytes()[offset : offset + length], np.uint8)


@settings(max_examples=60, deadline=None)
@given(
    noise=st.binary(min_size=0, max_size=400), skip=st.integers(1, 16), up=st.sampled_from([1, 2])
)
def test_noise_never_writes_outside(noise: bytes, skip: int, up: int) -> None:
    image = np.zeros((8 * up + 2, 6 * up), np.uint16)
    events, reached = add_events(np.frombuffer(noise, np.uint8), skip, 2, 2, up, image[: 8 * up])
    assert image[: 8 * up].sum() == events <= 48
    assert not image[8 * up :].any()
    assert reached >= 0


def test_metadata_are_kept(tmp_path: Path) -> None:
    write_eer(tmp_path / "a.eer", [_electrons(1, 5)] * 3, SHAPE, metadata={"numberOfFrames": "3"})
    pages = read_pages(tmp_path / "a.eer")
    assert eer_metadata(pages[0]) == {"numberOfFrames": "3"}
    assert eer_metadata(pages[1]) == {}


def test_other_files_are_not_eer(tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.tif", np.zeros((4, 4), np.uint8))
    with pytest.raises(FormatError, match="compression 5"):
        eer_coding("a.tif", read_pages(tmp_path / "a.tif")[0])


def test_a_frame_without_its_stream_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.eer"
    write_eer(path, [_electrons(1, 900)], SHAPE)
    (page,) = read_pages(path)
    raw = bytearray(path.read_bytes())
    tag = raw.find(b"\x17\x01\x10\x00")  # 279, the length of the strip
    raw[tag + 12 : tag + 20] = (40).to_bytes(8, "little")
    path.write_bytes(raw)
    pages = walk_pages(path).pages
    with path.open("rb") as file, pytest.raises(FormatError, match="ends at pixel"):
        render_fraction(path, file, pages, eer_coding(path, page), np.empty(SHAPE, np.uint16))


def _with_final_image(path: Path, *, first: bool, shape: tuple[int, int] = SHAPE) -> None:
    """Link an ordinary image into an EER file, as the camera's software may write one."""
    raw = bytearray(path.read_bytes())
    at = len(raw)
    raw += RNG.integers(1, 9, shape).astype(np.uint8).tobytes()
    raw += bytes(-len(raw) % 8)
    here = len(raw)
    old = int.from_bytes(raw[8:16], "little")
    tags = [(256, shape[1]), (257, shape[0]), (258, 8), (259, 1), (262, 1), (273, at)]
    tags += [(277, 1), (278, shape[0]), (279, shape[0] * shape[1])]
    raw += struct.pack("<Q", len(tags))
    raw += b"".join(struct.pack("<HHQQ", tag, 16, 1, value) for tag, value in tags)
    raw += struct.pack("<Q", old if first else 0)
    place = 8
    while not first and (following := int.from_bytes(raw[place : place + 8], "little")):
        place = following + 8 + 20 * int.from_bytes(raw[following : following + 8], "little")
    raw[place : place + 8] = struct.pack("<Q", here)
    path.write_bytes(raw)


RNG = np.random.default_rng(12)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("shape", [SHAPE, (24, 40)])
def test_the_cameras_final_image_is_no_frame(
    tmp_path: Path, first: bool, shape: tuple[int, int]
) -> None:
    """Wherever its directory is in the chain, and whatever its size."""
    path = tmp_path / "a.eer"
    frames = [_electrons(seed, 400) for seed in range(5)]
    write_eer(path, frames, SHAPE, metadata={"numberOfFrames": "5", "exposureTime": "2.5"})
    before = movie_facts(path)
    with open_movie(path) as movie:
        counts = movie.read_all()
    _with_final_image(path, first=first, shape=shape)
    assert len(read_pages(path)) == 6
    after = movie_facts(path)
    assert (after.frames, after.shape, after.container) == (5, SHAPE, "eer")
    assert (after.expected_frames, after.exposure_time) == (5, 2.5)
    assert (before.frames, before.expected_frames) == (5, 5)
    with open_movie(path) as movie:
        assert (movie.frames, movie.container) == (5, "eer")
        np.testing.assert_array_equal(movie.read_all(), counts)
    verdict = judge(path)
    assert isinstance(verdict, Whole)
    assert verdict.facts.frames == 5


@pytest.mark.parametrize("said", ["inf", "nan", "1e400", "-3", "many", "2.5"])
def test_a_number_of_frames_that_cannot_be(tmp_path: Path, said: str) -> None:
    path = tmp_path / "a.eer"
    write_eer(path, [_electrons(1, 50)] * 3, SHAPE, metadata={"numberOfFrames": said})
    facts = movie_facts(path)
    assert (facts.frames, facts.expected_frames) == (3, None)
    assert f"numberOfFrames in the metadata of a.eer is {said!r}" in facts.odd[0]


def test_the_cost_of_the_metadata_grows_as_they_do() -> None:
    def prepare(size: int) -> Any:
        words = b'<item name="a" ' * size + b'<item name="' * size + b"<" * size
        page = Page({EER_METADATA: words}, "<", ())
        return lambda: eer_metadata(page)

    assert grows_as_its_input(prepare, 3000)
