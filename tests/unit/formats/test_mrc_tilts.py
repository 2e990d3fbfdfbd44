"""Tilts of the images of a stack, in the two ways in which extended headers say them."""

import struct
from pathlib import Path

import numpy as np
import pytest
from mrcfile.dtypes import get_ext_header_dtype

from icestream.formats.movie import movie_facts
from icestream.formats.mrc import read_mrc_header, write_mrc
from icestream.formats.mrc_tilts import tilts_of_images

NONE = (0, 0)


@pytest.mark.parametrize("kind", ["FEI1", "FEI2"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_records_of_the_microscope(kind: str, order: str) -> None:
    records = np.zeros(9, get_ext_header_dtype(kind.encode(), order))
    records["Alpha tilt"][:3] = (-60.0, 0.0, 57.5)
    records["Bitmask 1"][:3] = 1 << 7
    raw = records.tobytes()
    assert tilts_of_images(kind, order, raw, 3, NONE) == (-60.0, 57.5)
    assert tilts_of_images(kind, order, raw, 4, NONE) is None, "the fourth has none"
    assert tilts_of_images(kind, order, raw, 10, NONE) is None, "there are nine records"
    records["Alpha tilt"][1] = np.nan
    assert tilts_of_images(kind, order, records.tobytes(), 3, NONE) is None


@pytest.mark.parametrize("order", ["<", ">"])
def test_records_of_serialem(order: str) -> None:
    """Two bytes of tilt in hundredths of a degree, then what other bits say."""
    raw = b"".join(struct.pack(f"{order}hhh", tilt, 7, 7) for tilt in (-6000, 0, 5950))
    assert tilts_of_images("SERI", order, raw, 3, (6, 0b1011)) == pytest.approx((-60.0, 59.5))
    assert tilts_of_images("SERI", order, raw, 3, (6, 0b1010)) is None
    assert tilts_of_images("SERI", order, raw, 4, (6, 1)) is None
    assert tilts_of_images("SERI", order, raw, 3, (0, 1)) is None
    assert tilts_of_images("AGAR", order, raw, 3, (6, 1)) is None


def test_a_file_of_serialem(tmp_path: Path) -> None:
    path = write_mrc(tmp_path / "a.st", np.ones((3, 8, 10), np.int16))
    raw = bytearray(path.read_bytes())
    records = b"".join(struct.pack("<h", tilt) for tilt in (-300, 0, 300))
    raw[92:96] = struct.pack("<i", len(records))
    raw[104:108] = b"SERI"
    raw[128:132] = struct.pack("<hh", 2, 1)
    path.write_bytes(raw[:1024] + records + raw[1024:])
    assert movie_facts(path).tilts == pytest.approx((-3.0, 3.0))


@pytest.mark.parametrize(
    ("axes", "told"), [((1, 2, 3), False), ((0, 0, 0), False), ((2, 1, 3), True)]
)
def test_other_axes_are_told(tmp_path: Path, axes: tuple[int, int, int], told: bool) -> None:
    path = write_mrc(tmp_path / "a.mrc", np.ones((3, 8, 10), np.int16))
    raw = bytearray(path.read_bytes())
    raw[64:76] = struct.pack("<3i", *axes)
    path.write_bytes(raw)
    header = read_mrc_header(path)
    assert header.axes == axes
    assert bool(header.odd) == told
    if told:
        assert (
            "a.mrc calls columns, rows and sections the axes 2, 1, 3: pixels are" in header.odd[0]
        )
