"""NumPy's format from strangers: headers that Python's parser chokes on, and more than is there."""

import io
from pathlib import Path

import numpy as np
import pytest

from icestream.formats.arrays import map_array, read_array
from icestream.formats.errors import FormatError

ROWS = np.arange(24, dtype="<f4").reshape(2, 3, 4)


def saved(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def with_header(text: str, numbers: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + numbers


@pytest.mark.parametrize(
    "array",
    [ROWS, np.asfortranarray(ROWS), ROWS.astype(">i2"), np.zeros((0, 3)), np.float32(2.5),
     np.zeros(2, [("å", "<f4"), ("b", "S3")])],
    ids=["rows", "fortran", "big endian", "empty", "number", "columns"],
)  # fmt: skip
def test_both_ways_give_what_numpy_wrote(array: np.ndarray, tmp_path: Path) -> None:
    raw = saved(array)
    (tmp_path / "a.npy").write_bytes(raw)
    for read in (map_array(tmp_path / "a.npy"), read_array("a", io.BytesIO(raw), len(raw))):
        assert read.dtype == array.dtype
        np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "cannot be read"),
        (b"\x93NUMPY", "cannot be read"),
        (b"\x93NUMPY\x07\x00\x10\x00", "cannot be read"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\x7f", "2147483647 bytes"),
        (with_header("{'descr': '<f4', 'fortran_order': False, 'shape': ('''"), "cannot be read"),
        (with_header("(" * 9000), "cannot be read"),
        (with_header(str({"descr": "<f4", "fortran_order": False, "shape": (10**12,)})), "0 are"),
        (with_header(str({"descr": "<f4", "fortran_order": False, "shape": (-1,)})), "are said"),
        (saved(ROWS)[:-1], "96 bytes of numbers are said, and 95 are there"),
        (saved(np.array([{}])), "objects of Python"),
    ],
    ids=["nothing", "name", "version", "header", "text", "brackets", "vast", "less", "cut",
         "objects"],
)  # fmt: skip
def test_what_is_none_is_refused(raw: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(raw)
    for read in (
        lambda: map_array(tmp_path / "a.npy"),
        lambda: read_array("a.npy", io.BytesIO(raw), len(raw)),
    ):
        with pytest.raises(FormatError, match=said):
            read()
