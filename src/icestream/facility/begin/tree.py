"""Making a session's place: its folders, their permissions and their group."""

import contextlib
import grp
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from icestream.facility.begin.kinds import Tree

__all__ = ["CannotMake", "SessionPlace", "make_place", "unmake_place"]


class CannotMake(OSError):
    """A session's place cannot be made; the message says what to do."""


@dataclass(frozen=True, slots=True)
class SessionPlace:
    """A session's folders in the tree."""

    folder: Path
    raw: Path
    """Movies, where they are copied."""
    processing: Path
    """The session itself."""


def make_place(tree: Tree, root: Path, place: SessionPlace, group: str) -> tuple[Path, ...]:
    """Make the folders of a place that is not there yet; those that were made, outer ones first.

    Folders above it that are new get the same permissions. Nobody is told of the place before
    all of it is made.

    Parameters
    ----------
    root
        Folder of all sessions, which has to be there: its disk may not be mounted.
    group
        Of the system; empty: that of the process, or of the folder above.

    Raises
    ------
    FileExistsError
        If the place is there already.
    CannotMake
        If it cannot be made.
    """
    if not root.is_dir():
        raise CannotMake(
            f"the folder of the sessions, {root}, is not there: make it, or mount its disk"
        )
    number, folder = _group(group), place.folder
    above = [one for one in reversed(folder.parents) if one != root and root in one.parents]
    made: list[Path] = []
    try:
        for one in above:
            with contextlib.suppress(FileExistsError):
                _make(one, tree.mode, number)
                made.append(one)
        _make(folder, tree.mode, number)
        made.append(folder)
        for inside in (place.raw, place.processing, *(folder / name for name in tree.folders)):
            _make(inside, tree.mode, number)
            made.append(inside)
    except FileExistsError:
        raise
    except OSError as error:
        for one in reversed(made):
            with contextlib.suppress(OSError):
                one.rmdir()
        raise CannotMake(f"{error.filename or folder} cannot be made: {error.strerror}") from None
    return tuple(made)


def unmake_place(place: SessionPlace, made: Sequence[Path]) -> None:
    """Remove a place that was just made, and in which nothing has begun.

    Parameters
    ----------
    made
        What `make_place` made.
    """
    shutil.rmtree(place.folder, ignore_errors=True)
    for one in reversed(made):
        with contextlib.suppress(OSError):  # others have made their places in it meanwhile
            one.rmdir()


def _group(name: str) -> int | None:
    if not name:
        return None
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise CannotMake(
            f"this system has no group {name!r}, which [tree] of the facility file asks for: make "
            "it, or leave `group` out"
        ) from None


def _make(folder: Path, mode: int, group: int | None) -> None:
    folder.mkdir()
    try:
        if group is not None:
            os.chown(folder, -1, group)
        folder.chmod(mode)  # after the group: to change it takes away the bit that hands it on
    except OSError:
        folder.rmdir()
        raise
