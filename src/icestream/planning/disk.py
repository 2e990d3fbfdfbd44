"""How fast a folder's disk takes and gives bytes, by writing and reading a file."""

import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DiskPace", "measure_disk"]

_PIECE = 8 * 2**20
_LARGEST = 2 * 2**30


@dataclass(frozen=True, slots=True)
class DiskPace:
    """Of one file at a time."""

    write: float
    """Bytes in a second, until the disk has them."""
    read: float
    """Bytes in a second, not from the memory of the machine."""
    size: int
    """Bytes of the file."""


def measure_disk(folder: Path, *, seconds: float = 2.5, largest: int = _LARGEST) -> DiskPace:
    """Write a file for some seconds until the disk has it, and read it back from there.

    Parameters
    ----------
    folder
        On the disk; nothing is left in it.
    seconds
        Of writing, and as many of reading.
    largest
        Bytes after which it ends earlier; never more than a quarter of what is free.

    Raises
    ------
    OSError
        If there is no room, or nothing can be written.
    """
    free = os.statvfs(folder)
    most = min(largest, free.f_bavail * free.f_frsize // 4)
    piece = os.urandom(_PIECE)  # what can be made small would be written in no time
    with tempfile.TemporaryFile(dir=folder, prefix=".icestream-plan-", buffering=0) as file:
        began, size = time.monotonic(), 0
        while size == 0 or (time.monotonic() - began < seconds and size < most):
            size += file.write(piece)
        os.fsync(file.fileno())
        written = time.monotonic() - began
        # Otherwise it would come from the memory of the machine.
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        file.seek(0)
        began, given = time.monotonic(), 0
        while given < size and time.monotonic() - began < seconds:
            given += len(file.read(_PIECE))
        return DiskPace(size / written, given / max(time.monotonic() - began, 1e-9), size)
