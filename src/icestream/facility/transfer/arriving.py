"""From what rsync brought to a file of the copy: read back, compared, and renamed into its place.

rsync writes below a hidden folder of the copy, so that nobody who watches the copy sees a file
before it is whole and known to be right.
"""

import os
import threading
from dataclasses import dataclass
from pathlib import Path

from icestream.facility.transfer.digest import from_disk
from icestream.facility.transfer.source import Looked
from icestream.formats.completeness import Bad, Growing, judge

__all__ = ["ARRIVING", "Arrived", "arrived", "landed", "make_folders", "put_in_place", "whole"]

ARRIVING = ".arriving"
"""Folder in the copy where files are until they are verified."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that rsync has brought."""

    wrong: str = ""
    """Why it may not get into its place; empty where it may."""
    digest: str = ""
    later: bool = False
    """It is not wrong, but not all of it: it is to be copied again."""


def whole(path: Path, rest: float, quiet: float, patience: float) -> tuple[bool, str]:
    """Whether a movie may be copied, and what is to be said of it.

    One that stays cut is copied all the same once nothing was added to it for `patience` seconds:
    it may be all that there is.
    """
    judged = judge(path, quiet=quiet, rest=rest, patience=patience)
    if isinstance(judged, Growing):
        return False, f"it is not whole yet: {judged.reason}"
    if isinstance(judged, Bad) and judged.not_whole:
        return quiet >= patience, f"it is not whole at the source: {judged.reason}"
    return True, ""


def landed(staged: Path, expected: Looked) -> bool:
    """Whether a file is there with the size and the time that it has at the source.

    Of another machine's files the times are known in whole seconds.
    """
    try:
        status = staged.stat()
    except OSError:
        return False
    step = 1 if expected.changed >= 0 else 10**9
    same_time = status.st_mtime_ns // step == expected.modified // step
    return status.st_size == expected.size and same_time


def arrived(
    staged: Path, expected: Looked, md5: str, stopped: threading.Event | None = None
) -> Arrived:
    """Read back what was copied, and compare it with what rsync read at the source.

    Parameters
    ----------
    expected
        What the source was when copying began.
    md5
        What rsync said of the file; empty where that was compared already.
    """
    if not landed(staged, expected):
        return Arrived("it changed while it was copied", later=True)
    try:
        found = from_disk(staged, stopped)
    except OSError as error:
        return Arrived(f"the copy cannot be read back: {error.strerror or error}")
    if md5 and found.md5 != md5:
        return Arrived("the copy, read back, holds something else than was sent")
    return Arrived(digest=found.digest)


def put_in_place(staged: Path, place: Path, mode: int | None, folder_mode: int | None) -> None:
    """Rename a file into its place, with its permissions; its folders are made.

    Raises
    ------
    OSError
        If it cannot be done.
    """
    if mode is not None:
        staged.chmod(mode)
    if place.is_dir() and not place.is_symlink():
        raise IsADirectoryError(21, "a folder of that name is in the copy")
    make_folders(place.parent, folder_mode)
    staged.replace(place)


def make_folders(folder: Path, mode: int | None) -> None:
    """Make a folder and those above it that are not there, with permissions of their own.

    The group comes from the folder above where that hands it down.
    """
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        if mode is not None:
            os.chmod(each, mode)  # noqa: PTH101 - beside os.mkdir's mask
