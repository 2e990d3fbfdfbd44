"""MRC files, with mrcfile as the judge."""

import struct
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icestream.formats.errors import FormatError, NotRead
from icestream.formats.movie import movie_facts, open_movie
from icestream.formats.mrc import (
    map_mrc,
    read_mrc,
    read_mrc_header,
    read_stack,
    write_mrc,
)

RNG = np.random.default_rng(3)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("i1", 0), ("i2", 1), ("f4", 2), ("u2", 6), ("f2", 12), ("f8", 2), ("?", 0)],
)
def test_what_is_written_is_valid_and_read_back(tmp_path: Path, kind: str, mode: int) -> None:
    array = (RNG.random((3, 5, 7)) * 100).astype(kind)
    written = write_mrc(tmp_path / "a.mrcs", array, 1.25, labels=["made by a test"])
    assert written == tmp_path / "a.mrcs"
    assert mode == 12 or mrcfile.validate(tmp_path / "a.mrcs")  # 12 came after the standard
    with mrcfile.open(tmp_path / "a.mrcs") as theirs:
        assert theirs.header.mode == mode
        assert theirs.is_image_stack()
        np.testing.assert_array_equal(theirs.data, array.astype(theirs.data.dtype))
        assert float(theirs.voxel_size.x) == pytest.approx(1.25)
    found = read_mrc(tmp_path / "a.mrcs")
    assert found.shape == (3, 5, 7)
    np.testing.assert_array_equal(found, array.astype(found.dtype))
    header = read_mrc_header(tmp_path / "a.mrcs")
    assert header.pixel_size == pytest.approx(1.25)
    assert header.labels == ("made by a test",)
    assert header.size == (tmp_path / "a.mrcs").stat().st_size


def test_bytes_above_127_need_sixteen_bits(tmp_path: Path) -> None:
    low = np.array([[0, 127]], np.uint8)
    high = np.array([[0, 200]], np.uint8)
    write_mrc(tmp_path / "low.mrc", low)
    write_mrc(tmp_path / "high.mrc", high)
    assert read_mrc_header(tmp_path / "low.mrc").mode == 0
    assert read_mrc_header(tmp_path / "high.mrc").mode == 6
    np.testing.assert_array_equal(read_mrc(tmp_path / "high.mrc"), high)


def test_a_volume_says_that_it_is_one(tmp_path: Path) -> None:
    volume = RNG.random((4, 4, 4)).astype(np.float32)
    write_mrc(tmp_path / "a.mrc", volume, 2.0, volume=True)
    with mrcfile.open(tmp_path / "a.mrc") as theirs:
        assert theirs.is_volume()
        assert float(theirs.voxel_size.z) == pytest.approx(2.0)
        assert float(theirs.header.rms) == pytest.approx(float(volume.std()), rel=1e-5)


@pytest.mark.parametrize("shape", [(5, 7), (1, 5, 7), (2, 5, 7)])
def test_one_section_is_an_image_but_a_stack_stays_one(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    array = RNG.random(shape).astype(np.float32)
    write_mrc(tmp_path / "a.mrc", array)
    assert read_mrc(tmp_path / "a.mrc").shape == (shape if shape[0] == 2 else (5, 7))
    assert read_stack(tmp_path / "a.mrc").ndim == 3


def test_some_images_of_a_stack(tmp_path: Path) -> None:
    array = RNG.random((5, 4, 4)).astype(np.float32)
    write_mrc(tmp_path / "a.mrcs", array)
    np.testing.assert_array_equal(read_stack(tmp_path / "a.mrcs", [3, 1]), array[[3, 1]])
    with pytest.raises(FormatError, match="index 7"):
        read_stack(tmp_path / "a.mrcs", [7])


@pytest.mark.parametrize("kind", ["i2", "f4", "u2"])
def test_big_endian_files(tmp_path: Path, kind: str) -> None:
    array = (RNG.random((2, 3, 4)) * 50).astype(">" + kind)
    path = tmp_path / "a.mrc"
    with mrcfile.new(path) as theirs:
        theirs.set_data(array)
        theirs.set_image_stack()
    assert path.read_bytes()[212:213] == b"\x11"
    np.testing.assert_array_equal(read_mrc(path), array)
    assert read_mrc(path).dtype.isnative


def _four_bits(path: Path, pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
    """A file of mode 101: two pixels in a byte, the first in the low half."""
    z, y, x = pixels.shape
    write_mrc(path, np.zeros((z, y, (x + 1) // 2), np.int8))
    raw = bytearray(path.read_bytes())
    raw[0:4] = x.to_bytes(4, "little")
    raw[12:16] = (101).to_bytes(4, "little")
    padded = np.pad(pixels, ((0, 0), (0, 0), (0, x % 2)))
    raw[1024:] = (padded[..., 0::2] | padded[..., 1::2] << 4).tobytes()
    path.write_bytes(raw)


@pytest.mark.parametrize("width", [6, 7])
def test_four_bit_files(tmp_path: Path, width: int) -> None:
    pixels = RNG.integers(0, 16, (2, 5, width)).astype(np.uint8)
    _four_bits(tmp_path / "a.mrc", pixels)
    np.testing.assert_array_equal(read_mrc(tmp_path / "a.mrc"), pixels)
    assert read_mrc_header(tmp_path / "a.mrc").size == (tmp_path / "a.mrc").stat().st_size


def test_bytes_of_old_serialem_are_unsigned(tmp_path: Path) -> None:
    path = tmp_path / "a.mrc"
    write_mrc(path, np.array([[-1, 5]], np.int8))
    raw = bytearray(path.read_bytes())
    raw[152:156] = (1146047817).to_bytes(4, "little")
    raw[156:160] = (0).to_bytes(4, "little")
    path.write_bytes(raw)
    np.testing.assert_array_equal(read_mrc(path), [[255, 5]])
    raw[156:160] = (1).to_bytes(4, "little")
    path.write_bytes(raw)
    np.testing.assert_array_equal(read_mrc(path), [[-1, 5]])


def test_the_extended_header_of_a_real_micrograph(shared_data: Path) -> None:
    path = shared_data / "micrographs" / "k2_sparse.mrc"
    header = read_mrc_header(path)
    assert header.shape == (1, 3838, 3710)
    assert header.extended_type == "FEI1"
    assert header.pixel_size == pytest.approx(0.8538, abs=1e-4)
    assert header.fei is not None
    assert header.fei.dose == pytest.approx(47.6, abs=0.1)
    assert header.fei.voltage == pytest.approx(300.0)
    assert header.fei.defocus == pytest.approx(8000.0)
    assert header.fei.camera == "EF-CCD"


def test_a_mapped_file_is_not_read(tmp_path: Path) -> None:
    write_mrc(tmp_path / "a.mrc", RNG.random((3, 4, 5)).astype(np.float32))
    assert isinstance(map_mrc(tmp_path / "a.mrc"), np.memmap)


def test_a_cut_file_says_how_much_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "a.mrc"
    write_mrc(path, np.ones((3, 10, 10), np.float32))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FormatError, match=r"expected 2224 bytes .* found 2124"):
        read_mrc(path)


def test_a_foreign_file_is_named_so(tmp_path: Path) -> None:
    path = tmp_path / "a.mrc"
    path.write_bytes(b"II*\0" + bytes(2000))
    with pytest.raises(FormatError, match="give an MRC file"):
        read_mrc(path)


@pytest.mark.parametrize("array", [np.zeros(3), np.zeros((2, 2), np.complex64), np.zeros((0, 3))])
def test_what_cannot_be_written_is_refused(tmp_path: Path, array: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        write_mrc(tmp_path / "a.mrc", array)
    assert not list(tmp_path.iterdir())


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 1023 + 120), flip=st.integers(0, 1143), value=st.integers(0, 255))
def test_no_damage_ends_in_anything_but_the_format_error(cut: int, flip: int, value: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.mrc"
        write_mrc(path, np.arange(30, dtype=np.float32).reshape(5, 6), 1.5)
        raw = bytearray(path.read_bytes())
        raw[flip] = value
        path.write_bytes(raw)
        try:
            found = read_mrc(path)
        except FormatError:
            pass
        else:
            assert found.size > 0
        path.write_bytes(raw[:cut])
        with pytest.raises(FormatError):
            read_mrc(path)


def _header(path: Path, **values: tuple[str, int, Any]) -> None:
    """Write values into the header of a file: a layout of `struct`, an offset and the value."""
    raw = bytearray(path.read_bytes())
    for layout, offset, value in values.values():
        struct.pack_into(layout, raw, offset, value)
    path.write_bytes(raw)


def _halved(path: Path, pixels: Any, *, order: str = "<", flag: int = 16) -> None:
    """Four bits a pixel as IMOD writes them: mode 0, half of nx, mx and the cell, and its flag."""
    z, y, x = pixels.shape
    header = bytearray(1024)
    struct.pack_into(f"{order}4i", header, 0, x // 2, y, z, 0)
    struct.pack_into(f"{order}3i", header, 28, x // 2, y, z)
    struct.pack_into(f"{order}3f", header, 40, x // 2 * 1.5, y * 1.5, z * 1.5)
    struct.pack_into(f"{order}3i", header, 64, 1, 2, 3)
    struct.pack_into(f"{order}2i", header, 152, 1146047817, flag)
    header[208:216] = b"MAP " + (b"DD\0\0" if order == "<" else b"\x11\x11\0\0")
    packed = pixels[..., 0::2] | pixels[..., 1::2] << 4
    path.write_bytes(bytes(header) + packed.tobytes())


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("flag", [16, 16 | 4, 16 | 1])
def test_four_bits_as_imod_and_serialem_store_them(tmp_path: Path, order: str, flag: int) -> None:
    """Its mode 0 says bytes: read so it has half of its width, and counts of up to 255."""
    pixels = RNG.integers(0, 16, (3, 6, 10)).astype(np.uint8)
    path = tmp_path / "a.mrc"
    _halved(path, pixels, order=order, flag=flag)
    header = read_mrc_header(path)
    assert header.shape == (3, 6, 10)
    assert header.size == path.stat().st_size
    assert header.pixel_size == pytest.approx(1.5)
    np.testing.assert_array_equal(read_mrc(path), pixels)
    np.testing.assert_array_equal(read_stack(path, [2]), pixels[[2]])
    assert (movie_facts(path).shape, movie_facts(path).dtype) == ((6, 10), np.uint8)
    with open_movie(path) as movie:
        np.testing.assert_array_equal(movie.read_all(), pixels)


def test_bytes_of_imod_without_the_flag_are_bytes(tmp_path: Path) -> None:
    pixels = RNG.integers(0, 16, (3, 6, 10)).astype(np.uint8)
    _halved(tmp_path / "a.mrc", pixels, flag=0)
    assert read_mrc(tmp_path / "a.mrc").shape == (3, 6, 5)
    assert read_mrc(tmp_path / "a.mrc").max() > 15


def test_older_serialem_says_it_in_a_label(tmp_path: Path) -> None:
    """IMOD takes its word for the sizes of the cameras that it was made for, and for no other."""
    label = b"SerialEMCCD: Dose frac. image, 4 bits packed  r/f 0"
    for width, height, shape in ((3838, 7420, (7420, 7676)), (3000, 7420, (7420, 3000))):
        path = tmp_path / f"{width}.mrc"
        _halved(path, np.zeros((1, 2, 4), np.uint8), flag=0)
        raw = path.read_bytes()[:1024] + bytes(width * height)
        path.write_bytes(raw)
        _header(path, nx=("<i", 0, width), ny=("<i", 4, height), mx=("<i", 28, width))
        _header(path, used=("<i", 220, 1), label=("80s", 224, label.ljust(80)))
        assert read_mrc_header(path).shape == (1, *shape)


@pytest.mark.parametrize("extra", [1, 512, 120])
def test_bytes_behind_the_last_section_are_not_passed_over(tmp_path: Path, extra: int) -> None:
    path = tmp_path / "a.mrc"
    write_mrc(path, np.ones((3, 5, 6), np.float32))
    path.write_bytes(path.read_bytes() + bytes([7]) * extra)
    with pytest.raises(FormatError, match=rf"expected 1384 bytes .* {extra} more than 3 x 5 x 6"):
        read_mrc(path)


def test_a_wrong_number_of_sections_is_told(tmp_path: Path) -> None:
    """A program that writes frame by frame, and has not mended the header yet, or never did."""
    path = tmp_path / "a.mrc"
    write_mrc(path, np.ones((8, 5, 6), np.int16))
    _header(path, nz=("<i", 8, 1))
    with pytest.raises(FormatError, match="there is room for exactly 8 sections"):
        movie_facts(path)
    _header(path, nz=("<i", 8, 9))
    with pytest.raises(FormatError, match="expected 1564 bytes .* found 1504"):
        movie_facts(path)


@pytest.mark.parametrize(
    ("name", "offset", "value"),
    [
        ("nx", 0, -(2**31)),
        ("nx", 0, 2**31 - 1),
        ("ny", 4, 2**30),
        ("ny", 4, -5),
        ("nz", 8, 0),
        ("nz", 8, -1),
        ("an extended header", 92, 2**31 - 1),
        ("an extended header", 92, -4),
    ],
)
def test_geometry_that_cannot_be_is_named(
    tmp_path: Path, name: str, offset: int, value: int
) -> None:
    path = tmp_path / "a.mrc"
    write_mrc(path, np.ones((3, 5, 6), np.float32))
    _header(path, it=("<i", offset, value))
    for read in (read_mrc, movie_facts, open_movie):
        with pytest.raises(FormatError, match=rf"a.mrc: expected {name} .* found {value};"):
            read(path)


@pytest.mark.parametrize(("mode", "what"), [(4, "complex"), (3, "complex"), (16, "colours")])
def test_modes_that_hold_no_plain_pixels(tmp_path: Path, mode: int, what: str) -> None:
    path = tmp_path / "a.mrc"
    write_mrc(path, np.ones((3, 5, 6), np.float32))
    _header(path, mode=("<i", 12, mode))
    with pytest.raises(NotRead, match=f"mode {mode}, {what}"):
        read_mrc_header(path)


@pytest.mark.parametrize("cell", [float("inf"), float("nan"), -5.0, 1e38, 1e-30])
def test_a_pixel_size_that_cannot_be_is_unknown_and_said(tmp_path: Path, cell: float) -> None:
    path = tmp_path / "a.mrc"
    write_mrc(path, np.ones((3, 5, 6), np.float32), 1.5)
    _header(path, cell=("<f", 40, cell))
    facts = movie_facts(path)
    assert facts.pixel_size is None
    assert facts.odd[0].startswith("the pixel size in the header of a.mrc is '")
    assert read_mrc_header(path).voxel_size[2] == 0.0


def test_a_swapped_file_with_the_wrong_stamp(tmp_path: Path) -> None:
    """Programs that swap bytes and leave the stamp: the mode and the size decide."""
    array = RNG.integers(0, 500, (2, 3, 4)).astype(np.uint16)
    path = tmp_path / "a.mrc"
    with mrcfile.new(path) as theirs:
        theirs.set_data(array.astype(">u2"))
        theirs.set_image_stack()
    raw = bytearray(path.read_bytes())
    raw[212:216] = b"DD\0\0"
    path.write_bytes(raw)
    np.testing.assert_array_equal(read_mrc(path), array)


@pytest.mark.parametrize("mode", [5, 7, 99])
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_mode_that_nobody_knows_is_not_waited_for(tmp_path: Path, mode: int, order: str) -> None:
    path = write_mrc(tmp_path / "a.mrc", np.ones((3, 8, 10), np.int16))
    raw = bytearray(path.read_bytes())
    words = np.frombuffer(bytes(raw[:208]), "<i4").copy()
    words[3] = mode
    raw[:208] = words.astype(f"{order}i4").tobytes()
    path.write_bytes(raw)
    with pytest.raises(NotRead, match=f"found mode {mode}, which is not in the standard"):
        read_mrc_header(path)
