"""What a file is by its first bytes."""

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gatan_file import write_gatan
from icestream.formats import (
    read_epu_exposure,
    read_gain,
    read_image,
    read_mdoc,
    read_mrc,
    read_star,
    read_tiff,
)
from icestream.formats.completeness import Bad, judge
from icestream.formats.errors import FormatError, NotRead
from icestream.formats.kinds import first_bytes, is_tiff, refuse_other_kinds
from icestream.formats.movie import movie_facts, open_movie
from icestream.formats.mrc import write_mrc
from icestream.formats.tiff import write_tiff


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
def test_a_compressed_movie_is_named_with_what_to_do(tmp_path: Path, name: str) -> None:
    pack, advice = PACKERS[name]
    raw = write_mrc(tmp_path / "plain.mrc", np.ones((3, 8, 9), np.int16)).read_bytes()
    path = tmp_path / name
    path.write_bytes(pack(raw))
    for read in (movie_facts, open_movie, read_mrc, read_image):
        with pytest.raises(NotRead, match=advice):
            read(path)
    with pytest.raises(NotRead, match=advice):
        read_gain(path, (8, 9))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<html>404</html>", "web page"),
        (b"\n  <!DOCTYPE html><html>", "web page"),
        (b"\xef\xbb\xbf<HTML>", "web page"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89HDF\r\n", "HDF5"),
        (b"<?xml version='1.0'?>", "XML"),
    ],
)
@pytest.mark.parametrize("name", ["a.tif", "a.mrc", "a.eer"])
def test_other_files_are_called_what_they_are(
    tmp_path: Path, content: bytes, kind: str, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content + bytes(3000))
    for read in (movie_facts, open_movie):
        with pytest.raises(NotRead, match=kind):
            read(path)


@pytest.mark.parametrize("read", [movie_facts, open_movie, read_mrc, read_tiff, first_bytes])
def test_folders_and_empty_files(tmp_path: Path, read: object) -> None:
    assert callable(read)
    (tmp_path / "x.mrc").mkdir()
    with pytest.raises(NotRead, match="found a folder"):
        read(tmp_path / "x.mrc")
    (tmp_path / "y.mrc").touch()
    with pytest.raises(FormatError, match="found an empty file"):
        read(tmp_path / "y.mrc")


@pytest.mark.parametrize(
    "read",
    [movie_facts, open_movie, judge, read_image, read_mdoc, read_star, read_epu_exposure],
)
def test_a_pipe_is_not_waited_for(tmp_path: Path, read: Any) -> None:
    """Opening one waits for whoever writes to it; a device may have no end."""
    os.mkfifo(tmp_path / "x.mrc")
    for path in (tmp_path / "x.mrc", Path("/dev/zero")):
        try:
            found = read(path)
        except NotRead as error:
            assert "a pipe, socket or device" in str(error)
        else:
            assert isinstance(found, Bad)
            assert "a pipe, socket or device" in found.reason


def test_a_movie_of_gatan_is_called_so(tmp_path: Path) -> None:
    write_gatan(tmp_path / "a.dm4", np.ones((8, 9), np.float32))
    for read in (movie_facts, open_movie):
        with pytest.raises(NotRead, match=r"DigitalMicrograph \(DM4\); convert it"):
            read(tmp_path / "a.dm4")


def test_what_is_read_is_let_through(tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.tif", np.ones((2, 8, 9), np.uint8))
    assert is_tiff(tmp_path / "a.tif")
    mrc = write_mrc(tmp_path / "a.mrc", np.ones((2, 8, 9), np.float32))
    assert not is_tiff(mrc)
    assert refuse_other_kinds(mrc) == mrc.read_bytes()[:512]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"gain reference: see the wiki\n", "text, which begins with 'gain reference: see "),
        (b"version https://git-lfs.github.com/spec/v1\noid", "a pointer of Git LFS"),
    ],
)
def test_text_is_no_movie_under_way(tmp_path: Path, content: bytes, found: str) -> None:
    (tmp_path / "a.mrc").write_bytes(content)
    for read in (movie_facts, open_movie):
        with pytest.raises(NotRead) as refused:
            read(tmp_path / "a.mrc")
        assert refused.value.found.startswith(found)
