"""What a file is by its first bytes."""

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from icestream.formats.errors import FormatError, NotRead
from icestream.formats.kinds import first_bytes, is_tiff, refuse_other_kinds


def _zip(raw: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("a.mrc", raw)
    return held.getvalue()


def _tar(raw: bytes) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        member = tarfile.TarInfo("a.mrc")
        member.size = len(raw)
        archive.addfile(member, io.BytesIO(raw))
    return held.getvalue()


PACKERS = {
    "a.mrc.gz": (gzip.compress, "gunzip a.mrc.gz"),
    "a.mrc.bz2": (bz2.compress, "bunzip2 a.mrc.bz2"),
    "a.mrcs.xz": (lzma.compress, "unxz a.mrcs.xz"),
    "a.tif.zst": (lambda raw: b"\x28\xb5\x2f\xfd" + raw, "unzstd a.tif.zst"),
    "a.mrc": (gzip.compress, "gunzip a.mrc"),
    "a.mrc.zip": (_zip, "unzip a.mrc.zip"),
    "a.mrc.tar": (_tar, "tar -xf a.mrc.tar"),
}


@pytest.mark.parametrize("name", PACKERS)
def test_a_compressed_file_is_named_with_what_to_do(tmp_path: Path, name: str) -> None:
    pack, advice = PACKERS[name]
    (tmp_path / name).write_bytes(pack(bytes(2000)))
    with pytest.raises(NotRead, match=advice):
        refuse_other_kinds(tmp_path / name)


def test_folders_pipes_and_empty_files(tmp_path: Path) -> None:
    with pytest.raises(NotRead, match="found a folder"):
        first_bytes(tmp_path)
    os.mkfifo(tmp_path / "x")
    with pytest.raises(NotRead, match="found a pipe"):
        first_bytes(tmp_path / "x")
    (tmp_path / "y").touch()
    with pytest.raises(FormatError, match="found an empty file"):
        is_tiff(tmp_path / "y")
