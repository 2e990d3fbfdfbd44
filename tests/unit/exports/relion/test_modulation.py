"""The modulation transfer function of a project."""

from pathlib import Path

import pytest

from icestream.exports.relion.modulation import put_mtf
from icestream.formats.errors import FormatError

MTF = "data_\nloop_\n_rlnResolutionInversePixel\n_rlnMtfValue\n0 1\n0.5 0.3\n"


def test_a_file_is_put_in_and_kept(tmp_path: Path) -> None:
    assert put_mtf(tmp_path / "project", None) == ""
    for name in ("k2.star", "k3.star"):
        (tmp_path / name).write_text(MTF)
        assert put_mtf(tmp_path / "project", tmp_path / name) == f"MTF/{name}"
        assert put_mtf(tmp_path / "project", None) == f"MTF/{name}"
    assert [path.name for path in (tmp_path / "project" / "MTF").iterdir()] == ["k3.star"]


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.star").write_text("data_\nloop_\n_rlnCoordinateX\n1\n2\n")
    with pytest.raises(FormatError, match="a table with rlnResolutionInversePixel and rlnMtfValue"):
        put_mtf(tmp_path / "project", tmp_path / "other.star")
