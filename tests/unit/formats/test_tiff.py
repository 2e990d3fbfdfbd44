"""TIFF files, with tifffile as the judge."""

import struct
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from icestream.formats import tiff
from icestream.formats.errors import FormatError, NotRead
from icestream.formats.movie import movie_facts, open_movie
from icestream.formats.tiff import read_tiff, write_tiff
from icestream.formats.tiff_directories import read_pages, walk_pages

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


@pytest.mark.parametrize("compression", ["lzw", "deflate", "zstd", None])
def test_threads_write_the_same(tmp_path: Path, compression: str | None) -> None:
    movie = _movie("u2")
    for threads in (1, 3):
        write_tiff(tmp_path / f"{threads}.tif", movie, compression=compression, threads=threads)
    np.testing.assert_array_equal(read_tiff(tmp_path / "3.tif"), movie)
    one, three = (read_pages(tmp_path / f"{threads}.tif") for threads in (1, 3))
    assert [page.compression for page in three] == [page.compression for page in one]


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


def _one_strip(path: Path, raw: bytes, shape: tuple[int, int], **tags: int) -> None:
    """A little-endian TIFF of one strip, written by hand."""
    numbers = {256: shape[1], 257: shape[0], 258: 8, 259: 1, 262: 1, 278: shape[0], 279: len(raw)}
    numbers |= {int(key.lstrip("t")): value for key, value in tags.items()}
    numbers[273] = 8 + 2 + 12 * (len(numbers) + 1) + 4
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, numbers[tag]) for tag in sorted(numbers))
    head = b"II*\0" + struct.pack("<IH", 8, len(numbers)) + entries + bytes(4)
    path.write_bytes(head + raw)


@pytest.mark.parametrize("bits", [2, 4, 10, 12, 14])
@pytest.mark.parametrize("width", [20, 41])
def test_pixels_that_do_not_fill_bytes(tmp_path: Path, bits: int, width: int) -> None:
    pixels = RNG.integers(0, 2**bits, (30, width)).astype(np.uint16)
    path = tmp_path / "a.tif"
    _one_strip(path, _packed(pixels, bits), pixels.shape, t258=bits)
    np.testing.assert_array_equal(tifffile.imread(path), pixels)
    found = read_tiff(path)
    assert found.dtype == (np.uint8 if bits < 8 else np.uint16)
    np.testing.assert_array_equal(found, pixels[::-1])
    with open_movie(path) as movie:
        np.testing.assert_array_equal(movie.read(0), pixels[::-1])


def _packed(pixels: Any, bits: int) -> bytes:
    """Bits of each row, highest first, filled up to a byte: the words of the specification."""
    rows = []
    for row in pixels:
        text = "".join(f"{int(value):0{bits}b}" for value in row)
        text = text.ljust(-(-len(text) // 8) * 8, "0")
        rows.append(int(text, 2).to_bytes(len(text) // 8, "big"))
    return b"".join(rows)


def test_bits_in_the_other_order(tmp_path: Path) -> None:
    pixels = RNG.integers(0, 256, (30, 20)).astype(np.uint8)
    turned = np.array([int(f"{n:08b}"[::-1], 2) for n in range(256)], np.uint8)[pixels]
    _one_strip(tmp_path / "a.tif", turned.tobytes(), pixels.shape, t266=2)
    np.testing.assert_array_equal(read_tiff(tmp_path / "a.tif"), pixels[::-1])


@pytest.mark.parametrize("kind", ["u1", "<u2"])
@pytest.mark.parametrize("compression", [1, 8])
def test_bits_in_the_other_order_of_any_pixels(tmp_path: Path, kind: str, compression: int) -> None:
    """Each byte as it is stored is turned, whatever it is a part of."""
    pixels = RNG.integers(0, 1000, (30, 20)).astype(kind)
    raw = pixels.tobytes() if compression == 1 else zlib.compress(pixels.tobytes())
    turned = bytes(int(f"{byte:08b}"[::-1], 2) for byte in raw)
    bits = 8 * pixels.itemsize
    path = tmp_path / "a.tif"
    _one_strip(path, turned, pixels.shape, t266=2, t258=bits, t259=compression)
    np.testing.assert_array_equal(read_tiff(path), pixels[::-1])


def test_real_numbers_of_16_bits(tmp_path: Path) -> None:
    frames = RNG.normal(size=(3, 20, 30)).astype(np.float16)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, frames, photometric="minisblack", compression="zstd")
    with open_movie(path) as movie:
        np.testing.assert_array_equal(movie.read_all(), frames[:, ::-1])


def test_planes_of_colours_are_no_frames(tmp_path: Path) -> None:
    """Written by a program that does it right, three images behind each other."""
    path = tmp_path / "a.tif"
    planes = _movie(shape=(3, 20, 30))
    tifffile.imwrite(path, planes, photometric="rgb", planarconfig="separate", metadata=None)
    with pytest.raises(NotRead, match=r"colours \(RGB\), 3 of 8 bits a pixel"):
        movie_facts(path)


def test_a_small_picture_of_the_movie_is_no_frame(tmp_path: Path) -> None:
    """As programs for pictures put it behind the frames, or before them."""
    frames = _movie()
    for name, places in (("behind", (*range(4), None)), ("before", (None, *range(4)))):
        path = tmp_path / f"{name}.tif"
        with tifffile.TiffWriter(path) as writer:
            for place in places:
                image = frames[0, ::4, ::4] if place is None else frames[place]
                kind = {"subfiletype": 1} if place is None else {}
                options = {"photometric": "minisblack", "metadata": None, "contiguous": False}
                writer.write(image, **options, **kind)
        assert movie_facts(path).frames == 4
        np.testing.assert_array_equal(read_tiff(path), frames[:, ::-1])
        with open_movie(path) as movie:
            np.testing.assert_array_equal(movie.read_all(), frames[:, ::-1])


def test_a_pyramid_is_called_one(tmp_path: Path) -> None:
    path = tmp_path / "a.ome.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(_movie(), subifds=1, photometric="minisblack", metadata={"axes": "TYX"})
        writer.write(_movie()[:, ::2, ::2], subfiletype=1, photometric="minisblack")
    for read in (read_tiff, movie_facts, open_movie):
        with pytest.raises(NotRead, match="a pyramid: images of other sizes below a directory"):
            read(path)


def test_frames_of_other_sizes_are_not_waited_for(tmp_path: Path) -> None:
    """The file is whole: it will not be another one."""
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        for image in (_movie()[0], _movie()[0, ::4, ::4]):
            writer.write(image, photometric="minisblack", metadata=None, contiguous=False)
    with pytest.raises(NotRead, match=r"every frame \(30, 41\).*found frame 2 of \(8, 11\)"):
        movie_facts(path)


def test_white_zero_is_said(tmp_path: Path) -> None:
    frames = _movie()
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, frames, photometric="miniswhite")
    np.testing.assert_array_equal(read_tiff(path), frames[:, ::-1])
    (odd,) = movie_facts(path).odd
    assert "a.tif says that 0 is white" in odd
    write_tiff(path, frames)
    assert movie_facts(path).odd == ()


def test_a_decoder_that_is_not_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.tif"
    write_tiff(path, _movie(), compression="zstd")

    def missing(*_: object, **__: object) -> None:
        raise imagecodecs.DelayedImportError("zstd_decode")

    monkeypatch.setitem(tiff._DECODERS, 50000, missing)
    with pytest.raises(NotRead, match=r"TIFF compression 50000 \(ZSTD\).*without a decoder"):
        read_tiff(path)


def test_two_pixels_in_a_byte_as_serialem_stores_super_resolution(tmp_path: Path) -> None:
    """Known by the size of the camera alone, as IMOD and RELION know it; low half first."""
    pixels = np.zeros((7420, 7676), np.uint8)
    pixels[:50] = RNG.integers(0, 16, (50, 7676))
    path = tmp_path / "a.tif"
    packed = pixels[:, 0::2] | pixels[:, 1::2] << 4
    tifffile.imwrite(path, packed, compression="lzw", photometric="minisblack", metadata=None)
    assert (movie_facts(path).shape, movie_facts(path).dtype) == ((7420, 7676), np.uint8)
    np.testing.assert_array_equal(read_tiff(path), pixels[::-1])
    words = "SerialEMCCD: Dose frac. image, 4 bits packed  r/f 0"
    tifffile.imwrite(path, packed[:40, :60], description=words, metadata=None)
    np.testing.assert_array_equal(read_tiff(path), pixels[39::-1, :120])
    tifffile.imwrite(path, packed[:40, :60], metadata=None)
    assert read_tiff(path).shape == (40, 60)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["u1", "u2", "i2", "u4", "f4"])
@pytest.mark.parametrize("compression", ["lzw", "deflate", "zstd", "lzma", "packbits"])
def test_compressions_and_predictors(
    tmp_path: Path, order: Any, kind: str, compression: str
) -> None:
    frames = _movie(kind)
    path = tmp_path / "a.tif"
    predictors = [1] if compression == "packbits" else [1, 3 if kind == "f4" else 2]
    for predictor in predictors:
        tifffile.imwrite(
            path,
            frames,
            byteorder=order,
            compression=compression,
            predictor=predictor,
            photometric="minisblack",
            rowsperstrip=7,
        )
        found = read_tiff(path)
        assert found.dtype == frames.dtype
        np.testing.assert_array_equal(found, frames[:, ::-1])


def test_differences_of_real_numbers_are_those_of_their_bits(tmp_path: Path) -> None:
    """Predictor 2 of float32, as libtiff writes it: differences of 32-bit words."""
    image = RNG.normal(size=(6, 9)).astype("<f4")
    words = image.view("<u4")
    delta = words.copy()
    delta[:, 1:] -= words[:, :-1]
    _one_strip(tmp_path / "a.tif", delta.tobytes(), image.shape, t258=32, t317=2, t339=3)
    np.testing.assert_array_equal(read_tiff(tmp_path / "a.tif"), image[::-1])


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"t259": 7}, r"TIFF compression 7 \(JPEG\)"),
        ({"t259": 34933}, r"TIFF compression 34933 \(PNG\)"),
        ({"t259": 50002}, r"TIFF compression 50002 \(JPEGXL\)"),
        ({"t259": 4}, r"TIFF compression 4 \(CCITTFAX4\)"),
        ({"t259": 12345}, "TIFF compression 12345; save the movie with LZW"),
        ({"t277": 3}, "3 samples of 8 bits"),
        ({"t262": 2, "t277": 3}, r"colours \(RGB\), 3 of 8 bits a pixel"),
        ({"t262": 2, "t277": 3, "t284": 2}, r"colours \(RGB\), 3 of 8 bits a pixel"),
        ({"t262": 3}, "numbers of a palette of colours, 1 of 8 bits a pixel; save the movie as"),
        ({"t262": 6, "t277": 3, "t259": 7}, r"colours \(YCbCr\)"),
        ({"t32997": 30}, "a volume of 30 layers in one"),
        ({"t258": 1}, "1 samples of 1 bits"),
        ({"t258": 24}, "1 samples of 24 bits"),
        ({"t317": 7}, "predictor 7"),
        ({"t258": 4, "t317": 2}, "predictor 2 of uint8 in 4 bits"),
        ({"t339": 6, "t258": 64}, "sample format 6 of 64 bits"),
    ],
)
def test_what_is_not_read_is_called_what_it_is(
    tmp_path: Path, tags: dict[str, int], said: str
) -> None:
    """Not "not whole, copy it again": no copy helps, and nobody waits for it."""
    path = tmp_path / "a.tif"
    _one_strip(path, bytes([5]) * 6000, (10, 20), **tags)
    for read in (read_tiff, movie_facts, open_movie):
        with pytest.raises(NotRead, match=said) as told:
            read(path)
        assert "copy" not in str(told.value)


def test_a_stream_does_not_grow_beyond_its_image(tmp_path: Path) -> None:
    """A strip of a hundred pixels whose stream holds a hundred million."""
    path = tmp_path / "a.tif"
    bomb = zlib.compress(bytes(100_000_000), 9)
    assert len(bomb) < 100_000
    _one_strip(path, bomb, (10, 10), t259=8)
    tracemalloc.start()
    with pytest.raises(FormatError, match="cannot be decoded"):
        read_tiff(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


def test_more_strips_than_the_image_has(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, _movie(shape=(30, 41)), rowsperstrip=10, metadata=None)
    raw = bytearray(path.read_bytes())
    rows = raw.find(struct.pack("<HH", 278, 3))
    rows = rows if rows >= 0 else raw.find(struct.pack("<HH", 278, 4))
    raw[rows + 8 : rows + 10] = (30).to_bytes(2, "little")
    path.write_bytes(raw)
    with pytest.raises(FormatError, match="3 strips where the image has 1"):
        read_tiff(path)
