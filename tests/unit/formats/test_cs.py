"""Tables of CryoSPARC."""

import os
from pathlib import Path

import numpy as np
import pytest

from icestream.formats.cs import CsWriter, cs_text, read_cs
from icestream.formats.errors import FormatError, NotRead

COLUMNS = np.dtype([("uid", "<u8"), ("blob/path", "S12"), ("blob/shape", "<u4", (2,))])


def rows(count: int) -> np.ndarray:
    made = np.zeros(count, COLUMNS)
    made["uid"] = np.arange(count, dtype=np.uint64) + np.uint64(2**63)
    made["blob/path"] = b">a/b.mrc"
    made["blob/shape"] = (3, 4)
    return made


def save(path: Path, array: np.ndarray) -> None:
    with path.open("wb") as file:
        np.save(file, array)


def test_a_table_grows_and_is_numpys_own(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "particles.cs"
    with CsWriter(path, COLUMNS) as table:
        assert not path.exists()
        for _ in range(3):
            table.extend(rows(401))
    assert [found.name for found in path.parent.iterdir()] == ["particles.cs"]
    found = np.load(path)
    assert found.dtype == COLUMNS
    np.testing.assert_array_equal(found, np.concatenate([rows(401)] * 3))
    np.testing.assert_array_equal(read_cs(path, ["uid", "blob/path"]), found)
    assert cs_text(found["blob/path"][0]) == "a/b.mrc"


def test_a_table_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    def fill() -> None:
        with CsWriter(tmp_path / "x.cs", COLUMNS) as table:
            table.extend(rows(2))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fill()
    assert not list(tmp_path.iterdir())


def test_of_two_who_write_at_once_each_writes_a_whole_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one export by hand and one by a timer, say, into the same folder."""
    first = CsWriter(tmp_path / "x.cs", COLUMNS)
    first.extend(rows(3))
    monkeypatch.setattr(os, "getpid", lambda: 1)
    other = CsWriter(tmp_path / "x.cs", COLUMNS)
    other.extend(rows(5))
    first.extend(rows(4))
    for table, count in ((first, 7), (other, 5)):
        table.close()
        found = np.load(tmp_path / "x.cs")
        assert len(found) == count
        assert set(found["blob/path"]) == {b">a/b.mrc"}
    assert [path.name for path in tmp_path.iterdir()] == ["x.cs"]


def test_an_empty_table(tmp_path: Path) -> None:
    CsWriter(tmp_path / "x.cs", COLUMNS).close()
    assert len(read_cs(tmp_path / "x.cs")) == 0


def test_cryosparcs_own_reader_takes_it(tmp_path: Path) -> None:
    dataset = pytest.importorskip("cryosparc.dataset", reason="cryosparc-tools is not installed")
    with CsWriter(tmp_path / "x.cs", COLUMNS) as table:
        table.extend(rows(5))
    found = dataset.Dataset.load(tmp_path / "x.cs")
    assert len(found) == 5
    assert set(found.fields()) == set(COLUMNS.names or ())
    assert found["uid"].tolist() == [2**63 + n for n in range(5)]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    save(tmp_path / "x.cs", rows(2))
    with pytest.raises(FormatError, match="with location/center_x_frac, found columns of blob"):
        read_cs(tmp_path / "x.cs", ["uid", "location/center_x_frac"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x95CSDAT and so on", "compressed format for streams"),
        (b"data_particles\n", "a file that begins with b'data_p'"),
        (b"", "begins with b''"),
        (b"\x93NUMPY\x01\x00v\x00{'descr'", "cannot be read"),
    ],
)
def test_what_is_no_table(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "x.cs").write_bytes(content)
    with pytest.raises(FormatError, match=said):
        read_cs(tmp_path / "x.cs")


def test_a_table_that_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "x.cs"
    with CsWriter(path, COLUMNS) as table:
        table.extend(rows(100))
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(FormatError, match="cannot be read"):
        read_cs(path)
    assert NotRead.__mro__[1] is FormatError


def test_an_array_without_columns(tmp_path: Path) -> None:
    save(tmp_path / "x.cs", np.zeros((2, 3)))
    with pytest.raises(FormatError, match="found columns of no name"):
        read_cs(tmp_path / "x.cs", ["uid"])
