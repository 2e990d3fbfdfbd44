"""What a file is by its first bytes: a movie that we read, or something that we know by name.

A file of another kind is never "not whole yet": it is called what it is, with what to do, and
nobody waits for it.
"""

import stat
from pathlib import Path
from typing import BinaryIO

from icestream.formats.errors import FormatError, NotRead
from icestream.formats.within import inside

__all__ = [
    "COMPRESSED",
    "FOREIGN",
    "TIFF_MAGICS",
    "first_bytes",
    "is_tiff",
    "open_file",
    "refuse_other_kinds",
]

TIFF_MAGICS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

COMPRESSED = {
    ".gz": "gunzip",
    ".bz2": "bunzip2",
    ".xz": "unxz",
    ".zst": "unzstd",
    ".zip": "unzip",
    ".tar": "tar -xf",
}
"""Endings of files that hold others, and what takes these out."""

FOREIGN = (
    *(".dm3", ".dm4", ".h5", ".hdf5", ".emd", ".ser", ".mib", ".tvips", ".seq"),
    *(".tar", ".tgz", ".zip", ".7z"),
)
"""Endings of movies and images of other cameras and programs, which are not read: Gatan's, HDF5 of
Dectris and others, Velox's, TIA's, and those of Merlin, TVIPS and StreamPix; and of archives."""

_PACKED = {
    b"\x1f\x8b\x08": ("gzip", "gunzip"),
    b"BZh": ("bzip2", "bunzip2"),
    b"\xfd7zXZ\0": ("xz", "unxz"),
    b"\x28\xb5\x2f\xfd": ("Zstandard", "unzstd"),
    b"PK\x03\x04": ("zip", "unzip"),
}
_OTHER = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"%PDF": "a PDF document",
    b"\x89HDF": "an HDF5 file",
    b"SIMPLE  =": "a FITS file",
    b"<?xml": "XML text",
    b"<html": "a web page",
    b"<!doctype": "a web page",
}
_POINTER = b"version https://git-lfs"
_PRINTED = bytes([9, 10, 13, *range(32, 127)])
_LEAST_TEXT = 16
"""Bytes that are all printed letters only in a text."""
_HEAD = 512


def open_file(path: Path | str) -> BinaryIO:
    """Open a file of bytes that has an end: reading a pipe or a device may never come back.

    Raises
    ------
    NotRead
        If it is a folder, a pipe or a device.
    """
    checked = inside(path)
    kind = checked.stat().st_mode
    if not stat.S_ISREG(kind):
        what = "a folder" if stat.S_ISDIR(kind) else "a pipe, socket or device"
        raise NotRead(path, expected="a file", found=what, advice="give a file")
    return checked.open("rb")


def first_bytes(path: Path | str) -> bytes:
    """The first 512 bytes of a file.

    Raises
    ------
    NotRead
        If it is a folder, a pipe or a device.
    FormatError
        If it is empty.
    """
    with open_file(path) as file:
        head = file.read(_HEAD)
    if not head:
        raise FormatError(
            path,
            expected="an image or a movie",
            found="an empty file",
            advice="copy the file again, or wait until it is written",
        )
    return head


def is_tiff(path: Path | str) -> bool:
    """Whether the first bytes are those of TIFF (or EER).

    Raises
    ------
    FormatError
        As `refuse_other_kinds`.
    """
    return refuse_other_kinds(path)[:4] in TIFF_MAGICS


def refuse_other_kinds(path: Path | str, wanted: str = "a movie in MRC, TIFF or EER") -> bytes:
    """The first bytes of a file that may be of a kind that is read.

    Raises
    ------
    NotRead
        If the file is compressed as a whole, or of a kind that we know and do not read.
    FormatError
        If it is empty.
    """
    head = first_bytes(path)
    name = Path(path).name
    if name.lower().endswith((".tif", ".tiff", ".eer")):
        wanted = "a TIFF file by its name"
    for magic, (kind, program) in _PACKED.items():
        if head.startswith(magic):
            raise NotRead(
                path,
                expected=wanted,
                found=f"a file that is compressed as a whole ({kind})",
                advice=f"decompress it first: {program} {name}",
            )
    if head[257:262] == b"ustar":
        raise NotRead(
            path,
            expected=wanted,
            found="an archive of files (tar)",
            advice=f"take the files out of it first: tar -xf {name}",
        )
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:16]
    for magic, kind in _OTHER.items():
        if head.startswith(magic) or text.lower().startswith(magic):
            raise NotRead(
                path,
                expected=wanted,
                found=f"the first bytes {head[:8]!r}, which are those of {kind}",
                advice="give the movie itself, or download it again",
            )
    if head.startswith(_POINTER):
        raise NotRead(
            path,
            expected=wanted,
            found="a pointer of Git LFS to it",
            advice="fetch the file itself: git lfs pull",
        )
    if len(head) >= _LEAST_TEXT and not head.translate(None, _PRINTED):
        raise NotRead(
            path,
            expected=wanted,
            found=f"text, which begins with {head[:20].decode('ascii')!r}",
            advice="give the movie itself, or download it again",
        )
    return head
