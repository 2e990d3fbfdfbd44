"""Columns come back as they were written, in their order."""

from pathlib import Path

import numpy as np
import pytest

from icestream.formats.errors import FormatError
from icestream.formats.parquet import read_columns, read_first, write_columns


def test_columns_come_back_in_their_order(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    columns = {
        "index": rng.permutation(5000).astype(np.int32),
        "angle": rng.random(5000, dtype=np.float32),
    }
    write_columns(tmp_path / "a.parquet", columns, {})
    found = read_columns(tmp_path / "a.parquet")
    assert list(found) == ["index", "angle"]
    for name, values in columns.items():
        assert found[name].dtype == values.dtype
        assert np.array_equal(found[name], values)


def test_texts_are_written_for_their_places(tmp_path: Path) -> None:
    places = np.array([2, 0, 0, 1], np.int32)
    columns = {"exposure": places, "kind": places[::-1].copy(), "index": np.arange(4)}
    texts = {"exposure": ["a", "b'", 'c"å'], "kind": ["x", "y", "z"]}
    write_columns(tmp_path / "a.parquet", columns, texts)
    found = read_columns(tmp_path / "a.parquet")
    assert list(found) == ["exposure", "kind", "index"]
    assert found["exposure"].tolist() == ['c"å', "a", "a", "b'"]
    assert found["kind"].tolist() == ["y", "x", "x", "z"]
    assert found["index"].tolist() == [0, 1, 2, 3]


def test_other_files_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    with pytest.raises(FileNotFoundError):
        read_columns(path)
    path.write_bytes(b"no table at all, of some length")
    with pytest.raises(FormatError, match="expected a Parquet table"):
        read_columns(path)


def test_the_first_rows_of_a_kind(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    score = np.array([0.1, 0.9, 0.5, 0.9, 0.7], np.float32)
    columns = {"exposure": np.arange(5), "class": np.array([1, 2, 1, 2, 2]), "score": score}
    write_columns(path, columns, {"exposure": list("abcde")})
    found = read_first(path, {"class": 2}, "score", 2)
    assert list(found) == ["exposure", "class", "score"]
    assert found["exposure"].tolist() == ["b", "d"]
    assert read_first(path, {"class": 2}, "score", 2, after=2)["exposure"].tolist() == ["e"]
    assert read_first(path, {}, "score", 9)["exposure"].tolist() == ["b", "d", "e", "c", "a"]
    with pytest.raises(FormatError, match="with the columns kind, score"):
        read_first(path, {"kind": 2}, "score", 2)
    with pytest.raises(FileNotFoundError):
        read_first(tmp_path / "b.parquet", {}, "score", 2)


def test_signs_in_a_name_stand_for_themselves(tmp_path: Path) -> None:
    """DuckDB takes a star for any file: of others beside this one nothing is read."""
    for name in ("a*.parquet", "ab.parquet", "a[b].parquet"):
        write_columns(tmp_path / "made", {"n": np.array([len(name)])}, {})
        (tmp_path / "made").rename(tmp_path / name)
    for name in ("a*.parquet", "a[b].parquet"):
        assert read_columns(tmp_path / name)["n"].tolist() == [len(name)]
        assert read_first(tmp_path / name, {}, "n", 5)["n"].tolist() == [len(name)]
