"""What a file holds, read from the disk and not from what the system remembers of it."""

import hashlib
import os
import threading
from dataclasses import dataclass
from pathlib import Path

__all__ = ["KIND", "Hashes", "Interrupted", "digest", "from_disk"]

KIND = "BLAKE2b-128"
"""The hash that results have in a session's store, too; ``b2sum --length 128`` makes the same."""
_BLOCK = 1 << 22


class Interrupted(Exception):
    """Reading was told to end."""


@dataclass(frozen=True, slots=True)
class Hashes:
    """What a file holds, in hexadecimal."""

    digest: str
    """BLAKE2b of 128 bits: what ledgers and manifests keep."""
    md5: str
    """To compare with what rsync says of the file that it read."""


def digest(path: Path, stopped: threading.Event | None = None) -> str:
    """BLAKE2b of 128 bits of a file, in hexadecimal.

    Raises
    ------
    OSError
        If it cannot be read.
    Interrupted
        If it was told to stop.
    """
    with path.open("rb", buffering=0) as file:
        return _of(file.fileno(), stopped).digest


def from_disk(path: Path, stopped: threading.Event | None = None) -> Hashes:
    """Hashes of a file after what was written is on the disk and no longer in memory.

    A copy that is read back out of memory would be compared with itself. A network file system may
    still answer from the memory of its server.

    Raises
    ------
    OSError
        If it cannot be read.
    Interrupted
        If it was told to stop.
    """
    with path.open("rb", buffering=0) as file:
        handle = file.fileno()
        os.fsync(handle)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        return _of(handle, stopped)


def _of(handle: int, stopped: threading.Event | None) -> Hashes:
    made = hashlib.blake2b(digest_size=16)
    md5 = hashlib.md5(usedforsecurity=False)
    while block := os.read(handle, _BLOCK):
        made.update(block)
        md5.update(block)
        if stopped is not None and stopped.is_set():
            raise Interrupted
    return Hashes(made.hexdigest(), md5.hexdigest())
