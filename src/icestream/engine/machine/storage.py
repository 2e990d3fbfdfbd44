"""Trouble with the disk or the store: what counts as such, and whether it is over."""

import contextlib
import errno
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.exc import DBAPIError

__all__ = ["Away", "describe", "is_full", "is_trouble", "mended", "unread", "what_is_away"]

_ERRNO = {
    *(errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EIO),
    *(errno.ENOTDIR, errno.EISDIR),  # something else lies where results are to go
    errno.ESTALE,
}
_SAID = (
    "disk is full",
    "disk I/O error",
    "readonly database",
    "unable to open database file",
    "database is locked",
)
_FULL = {errno.ENOSPC, errno.EROFS, errno.EDQUOT}
_OF_READING = {errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EREMOTEIO, errno.ENXIO}
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


class Away(NamedTuple):
    """A folder that cannot be used now."""

    folder: Path
    reason: str


def what_is_away(session: Path, outside: Iterable[Path], error: OSError) -> Away | None:
    """What `error` was raised for: a folder that cannot be used, or None when all of them can.

    Parameters
    ----------
    session
        Folder that is written to.
    outside
        Files that are read: a folder that is away takes all its files along, so one that only
        lacks a file is there.
    error
        Of a method that writes in the one and reads the others, whatever it says itself.
    """
    try:
        _write(session)
    except OSError as trouble:
        return Away(session, f"cannot be written: {trouble.strerror or trouble}")
    for folder in dict.fromkeys(path.parent for path in outside):
        try:
            if not _has_entries(folder):
                return Away(folder, "is empty: is what was mounted there away?")
        except FileNotFoundError:
            return Away(folder, "is not there: is what was mounted there away?")
        except OSError as trouble:
            return Away(folder, f"cannot be read: {trouble.strerror or trouble}")
    return _folder_of_error(error)


def _folder_of_error(error: OSError) -> Away | None:
    """The folder of the file that an error names, where it cannot be listed.

    Nobody has said that it was ever there, so one that is missing holds nobody; and a file that
    cannot be read, in a folder that can, is a matter of its item.
    """
    if not isinstance(error.filename, str) or not Path(error.filename).is_absolute():
        return None
    folder = Path(error.filename).parent
    try:
        _has_entries(folder)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as trouble:
        return Away(folder, f"cannot be read: {trouble.strerror or trouble}")
    return None


def unread(outside: Sequence[Path], error: OSError) -> Path | None:
    """The file outside of the session that could not be read; None where it was something else.

    Asked when nothing is away: then one file alone has gone, or lies where its disk is broken.
    A method that reads a part of a file says nothing of its name; it is the item's, then.
    """
    if isinstance(error.filename, str):
        return next((path for path in outside if str(path) == error.filename), None)
    return next(iter(outside), None) if error.errno in _OF_READING else None


def describe(folder: Path, error: BaseException | str, away: Path | None = None) -> str:
    """What is wrong, where, and how much room is left; `away` is what cannot be read."""
    said = error if isinstance(error, str) else str(getattr(error, "orig", None) or error)
    goes_on = "processing is held and goes on by itself when this is fixed"
    if away is not None and away != folder:
        return f"{said.strip()}; {goes_on}"
    try:
        free = f"{shutil.disk_usage(folder).free / 2**20:.0f} MiB free"
    except OSError as gone:
        free = f"it cannot be reached: {gone}"
    return f"cannot write in {folder} ({said.strip()}; {free}); {goes_on}"


def mended(folder: Path, away: Path | None = None) -> bool:
    """Whether the session's folder can be written again, and what was away can be read."""
    try:
        _write(folder)
        return away is None or away == folder or _has_entries(away)
    except OSError:
        return False


def _write(folder: Path) -> None:
    """Write a mebibyte, and take it away again."""
    probe = folder / f".probe.{os.getpid()}"
    try:
        with probe.open("wb") as file:
            file.write(b"\0" * _PROBE)
            file.flush()
            os.fsync(file.fileno())
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()


def _has_entries(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        return next(entries, None) is not None
