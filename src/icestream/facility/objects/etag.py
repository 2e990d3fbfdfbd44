"""Whether bytes are those of an object, by what its store says of it.

The ETag of an object that was put at once is its MD5; of one that was put in parts the MD5 of the
MD5s of the parts, with their number behind it. Where a store encrypts with keys of its users it is
neither, and another checksum may be there.
"""

import base64
import hashlib
import re
import threading
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from icestream.facility.transfer.digest import Interrupted

__all__ = ["ObjectDigest", "blocks", "checksum_says", "is_encrypted", "parts_of"]

_BLOCK = 1 << 22

_PARTS = re.compile(r"[0-9a-f]{32}-([0-9]+)")


def parts_of(etag: str) -> int:
    """In how many parts an object was put; 0 where its ETag does not say so."""
    found = _PARTS.fullmatch(etag)
    return int(found[1]) if found else 0


class ObjectDigest:
    """Takes the bytes of an object in, and tells whether they are what the store has.

    Parameters
    ----------
    part
        Bytes of its first part, where it was put in parts; 0 otherwise.
    """

    def __init__(self, part: int = 0) -> None:
        self._whole = hashlib.md5(usedforsecurity=False)
        self._part = part
        self._left = part
        self._now = hashlib.md5(usedforsecurity=False)
        self._parts: list[bytes] = []
        self.size = 0

    def update(self, data: bytes) -> None:
        """Take bytes in."""
        self.size += len(data)
        self._whole.update(data)
        if not self._part:
            return
        view = memoryview(data)
        while view:
            taken = view[: self._left]
            self._now.update(taken)
            self._left -= len(taken)
            view = view[len(taken) :]
            if not self._left:
                self._end_part()

    def _end_part(self) -> None:
        self._parts.append(self._now.digest())
        self._now, self._left = hashlib.md5(usedforsecurity=False), self._part

    @property
    def md5(self) -> str:
        """Of all bytes."""
        return self._whole.hexdigest()

    @property
    def etag(self) -> str:
        """As a store says it of an object that was put in these parts."""
        if not self._part:
            return self.md5
        parts = list(self._parts)
        if self._left < self._part or not parts:
            parts.append(self._now.digest())
        made = hashlib.md5(b"".join(parts), usedforsecurity=False).hexdigest()
        return f"{made}-{len(parts)}"


def blocks(path: Path, stopped: threading.Event | None = None) -> Iterator[bytes]:
    """The bytes of a file.

    Raises
    ------
    Interrupted
        If it was told to stop.
    """
    with path.open("rb", buffering=0) as file:
        while block := file.read(_BLOCK):
            yield block
            if stopped is not None and stopped.is_set():
                raise Interrupted


def is_encrypted(head: Mapping[str, Any]) -> bool:
    """Whether the ETag of an object may be no MD5, by what the store says of it."""
    kind = str(head.get("ServerSideEncryption", ""))
    return kind.startswith("aws:kms") or bool(head.get("SSECustomerAlgorithm"))


def checksum_says(
    path: Path, head: Mapping[str, Any], stopped: threading.Event | None = None
) -> bool | None:
    """Whether a file is an object by a checksum that is no ETag; None where there is none.

    Parameters
    ----------
    head
        What the store says of the object, asked with its checksums.
    """
    if head.get("ChecksumType", "FULL_OBJECT") != "FULL_OBJECT":
        return None
    for name, kind in (("ChecksumSHA256", "sha256"), ("ChecksumSHA1", "sha1")):
        said = str(head.get(name, ""))
        if said and "-" not in said:
            made = hashlib.new(kind, usedforsecurity=False)
            for block in blocks(path, stopped):
                made.update(block)
            return base64.b64encode(made.digest()).decode() == said
    said = str(head.get("ChecksumCRC32", ""))
    if said and "-" not in said:
        crc = 0
        for block in blocks(path, stopped):
            crc = zlib.crc32(block, crc)
        return base64.b64encode(crc.to_bytes(4, "big")).decode() == said
    return None
