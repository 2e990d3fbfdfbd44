"""Every real file is read by its reader, or a table says why it is not ours to read."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from icestream.formats import (
    read_epu_exposure,
    read_image,
    read_mdoc_frames,
    read_mrc,
    read_mrc_header,
    read_star,
)

FOLDER = Path(
    os.environ.get("ICESTREAM_TEST_DATA") or Path(__file__).parents[4] / "shared" / "data"
)

READERS: dict[str, Callable[[Path], Any]] = {
    ".mrc": read_mrc,
    ".map": read_mrc,
    ".star": read_star,
    ".png": read_image,
    ".xml": read_epu_exposure,
    ".mdoc": read_mdoc_frames,
}

NOT_OURS = {
    "README.md": "says what the files are",
    "*.json": "expected values, or workflows of Scipion (icestream.engine)",
    "*.json.template": "workflows of Scipion (icestream.engine)",
    "*.dm": "settings of EPU for a session",
    "*.csv": "expected values",
    "*.box": "pickers' boxes (icestream.exports)",
    "*.pdb.gz": "atomic models (icestream.simulator)",
    "motioncor2_1.5.0_log.txt": "a program's log (plugins)",
}

FILES = sorted(path for path in FOLDER.rglob("*") if path.is_file())


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_it_is_read(path: Path, tmp_path: Path) -> None:
    if any(path.match(pattern) for pattern in NOT_OURS):
        return
    if path.name.endswith(".mrc.gz"):
        unpacked = tmp_path / path.stem
        unpacked.write_bytes(gzip.decompress(path.read_bytes()))
        path = unpacked
    found = READERS[path.suffix](path)
    assert found is not None
    if path.suffix in (".mrc", ".map"):
        assert found.size > 0
        assert read_mrc_header(path).size == path.stat().st_size


def test_there_are_files(shared_data: Path) -> None:
    assert len(FILES) > 100
    assert shared_data == FOLDER or shared_data.samefile(FOLDER)
