"""Trouble with the disk or the store: what counts as such, and whether it is over."""

import contextlib
import errno
import os
import re
import shutil
from pathlib import Path

from sqlalchemy.exc import DBAPIError

__all__ = ["describe", "is_full", "is_trouble", "mended"]

_ERRNO = {
    *(errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EIO),
    *(errno.ENOTDIR, errno.EISDIR),  # something else lies where results are to go
}
_SAID = (
    "disk is full",
    "disk I/O error",
    "readonly database",
    "unable to open database file",
    "database is locked",
)
_FULL = {errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.ESTALE}
_CUT_OFF = re.compile(r"\d+ requested and \d+ written")
"""What numpy says, without a number, when the disk takes only a part of an array."""
_PROBE = 1 << 20


def is_full(error: BaseException) -> bool:
    """Whether an error of a protocol says that its result cannot be written anywhere now."""
    if not isinstance(error, OSError):
        return False
    return error.errno in _FULL or bool(error.errno is None and _CUT_OFF.search(str(error)))


def is_trouble(error: BaseException) -> bool:
    """Whether an error comes from a disk or a store that cannot be written to now."""
    if isinstance(error, DBAPIError):
        lost = error.connection_invalidated or "connection" in str(error.orig).lower()
        return lost or any(said in str(error.orig) for said in _SAID)
    return is_full(error) or (isinstance(error, OSError) and error.errno in _ERRNO)


def describe(folder: Path, error: BaseException | str) -> str:
    """What is wrong, where, and how much room is left."""
    said = error if isinstance(error, str) else str(getattr(error, "orig", None) or error)
    try:
        free = f"{shutil.disk_usage(folder).free / 2**20:.0f} MiB free"
    except OSError as gone:
        free = f"it cannot be reached: {gone}"
    return (
        f"cannot write in {folder} ({said.strip()}; {free}); "
        "processing is held and goes on by itself when this is mended"
    )


def mended(folder: Path) -> bool:
    """Whether a mebibyte can be written in the session's folder again."""
    probe = folder / ".probe"
    try:
        with probe.open("wb") as file:
            file.write(b"\0" * _PROBE)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        return False
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()
    return True
