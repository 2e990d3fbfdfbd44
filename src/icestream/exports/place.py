"""Files of a session in a project: of the project's own, so that nothing done there harms it.

A hard or symbolic link is the session's file itself, and a program that writes into it in place
changes the session. A clone (reflink), where the file system has them, takes no space until one of
the two is written to, and a copy always can be made. Raw movies alone are symbolic links: they are
not the session's, and too large to be copied.
"""

import fcntl
import os
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

from icestream.whole import written_whole

__all__ = ["NoRoom", "check_room", "is_there", "link", "place"]

_FICLONE = 0x40049409
"""Linux's request for a clone of a file, ``ioctl_ficlone(2)``."""
_CLOCK = 2 * 10**9
"""Nanoseconds by which a file system may round the time of a change."""


class NoRoom(OSError):
    """The project does not fit on its disk."""


def place(source: Path, target: Path) -> None:
    """Put a clone of `source`, or else a copy, at `target`; what is there already stays.

    Its time of change is that of `source`, by which the next export knows it.
    """
    if is_there(source, target):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(target) as unfinished:
        if not _clone(source, unfinished):
            shutil.copyfile(source, unfinished)
        given = source.stat()
        os.utime(unfinished, ns=(given.st_atime_ns, given.st_mtime_ns))


def is_there(source: Path, target: Path) -> bool:
    """Whether `target` is a file of its own with what is in `source`, as an export left it."""
    try:
        there = target.lstat()
        given = source.stat()
    except FileNotFoundError:
        return False
    shared = target.is_symlink() or (there.st_dev, there.st_ino) == (given.st_dev, given.st_ino)
    same = there.st_size == given.st_size
    return not shared and same and abs(there.st_mtime_ns - given.st_mtime_ns) < _CLOCK


def link(source: Path, target: Path) -> None:
    """A symbolic link to raw data, which stay where they are."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_symlink() or target.exists():
        if target.is_symlink() and target.readlink() == source:
            return
        target.unlink()
    target.symlink_to(source)


def check_room(files: Iterable[tuple[Path, int]], project: Path) -> None:
    """See that files of so many bytes fit into the folder `project`, with what is there already.

    Raises
    ------
    NoRoom
        If they have to be copied, and there is less room than they take.
    """
    listed = list(files)
    needed = sum(size for _, size in listed) - _bytes_in(project)
    free = shutil.disk_usage(project).free
    if not listed or needed < free or _clones(listed[0][0], project):
        return
    raise NoRoom(
        f"the project takes {needed / 1e9:.1f} GB more and {project} has {free / 1e9:.1f} GB free; "
        "name a folder on another disk, or one on the session's own disk if its file system can "
        "clone files (Btrfs, XFS)"
    )


def _bytes_in(project: Path) -> int:
    """Bytes of the images of earlier exports that are the project's own."""
    places = ("*/job[0-9]*/Movies/*", "micrographs/*", "particles/*")
    found = (path.lstat() for pattern in places for path in project.glob(pattern))
    return sum(one.st_size for one in found if stat.S_ISREG(one.st_mode) and one.st_nlink == 1)


def _clones(source: Path, folder: Path) -> bool:
    """Whether files can be cloned from the place of `source` into `folder`."""
    trial = folder / f".clone-trial.{os.getpid()}.tmp"
    try:
        return _clone(source, trial)
    finally:
        trial.unlink(missing_ok=True)


def _clone(source: Path, target: Path) -> bool:
    """Make `target` a clone of `source`; False where that cannot be."""
    try:
        with source.open("rb") as read, target.open("wb") as written:
            fcntl.ioctl(written.fileno(), _FICLONE, read.fileno())
    except OSError:
        # Another file system, one that cannot clone, or a source that the copy will complain of.
        return False
    return True
