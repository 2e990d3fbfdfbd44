"""The files of a session: listed with their bytes, and found without ever leaving its folder."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["FolderListing", "SessionFile", "inside", "list_folder"]

MOST = 5000
"""Entries of one folder that are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFile:
    """A file or folder of a session."""

    name: str
    path: str
    """Relative to the session's folder, with slashes."""
    kind: Literal["file", "folder", "link"]
    """A link leads out of the session, and is not followed."""
    bytes: int
    """Of a folder: of all files below it."""
    files: int
    """Below a folder; 1 for a file."""
    changed: float
    """Seconds since the epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderListing:
    """What is in a folder of a session, folders first."""

    path: str
    entries: tuple[SessionFile, ...]
    bytes: int
    """Of all files below it."""
    files: int
    more: int
    """Entries that are not listed: there are too many."""


def inside(session: Path, path: str) -> Path:
    """The file or folder of a session with a path relative to its folder.

    Parameters
    ----------
    session
        The session's folder.
    path
        As it was asked for.

    Raises
    ------
    PermissionError
        If it leads out of the session, however: by dots, by a link, or as an absolute path.
    FileNotFoundError
        If there is none.
    """
    root = session.resolve()
    try:
        found = (root / path).resolve()
        there = found.exists()
    except (OSError, RuntimeError, ValueError) as error:  # too long, a loop of links, no name
        raise FileNotFoundError(2, "this cannot be the path of a file", path) from error
    if not found.is_relative_to(root):
        raise PermissionError(f"{path!r} leads out of the session's folder, and is not shown")
    if not there:
        raise FileNotFoundError(2, "there is no such file in the session", path)
    return found


def list_folder(session: Path, path: str = "") -> FolderListing:
    """What is in a folder of a session; errors are those of `inside`.

    NotADirectoryError where it is a file.
    """
    root, folder = session.resolve(), inside(session, path)
    if not folder.is_dir():
        raise NotADirectoryError(20, "this is a file, and no folder", path)
    entries: list[SessionFile] = []
    more = 0
    total = count = 0
    with os.scandir(folder) as found:
        for one in sorted(found, key=lambda each: each.name):
            entry = _entry(root, one)
            if entry is None:
                continue
            total, count = total + entry.bytes, count + entry.files
            if len(entries) < MOST:
                entries.append(entry)
            else:
                more += 1
    entries.sort(key=lambda entry: (entry.kind != "folder", entry.name))
    shown = folder.relative_to(root).as_posix()
    return FolderListing(
        path="" if shown == "." else shown,
        entries=tuple(entries),
        bytes=total,
        files=count,
        more=more,
    )


def _entry(root: Path, found: "os.DirEntry[str]") -> SessionFile | None:
    """One entry; None where it has gone in the meantime."""
    try:
        about = found.stat(follow_symlinks=False)
        if stat.S_ISLNK(about.st_mode):
            target = Path(found.path).resolve()
            if not target.is_relative_to(root) or not target.exists():
                return _made(root, found, "link", 0, 0, about.st_mtime)
            about = target.stat()
        if stat.S_ISDIR(about.st_mode):
            sizes = list(_sizes(Path(found.path)))
            return _made(root, found, "folder", sum(sizes), len(sizes), about.st_mtime)
    except OSError:
        return None
    return _made(root, found, "file", about.st_size, 1, about.st_mtime)


def _made(
    root: Path,
    found: "os.DirEntry[str]",
    kind: Literal["file", "folder", "link"],
    size: int,
    files: int,
    changed: float,
) -> SessionFile:
    path = Path(found.path).relative_to(root).as_posix()
    return SessionFile(
        name=found.name, path=path, kind=kind, bytes=size, files=files, changed=changed
    )


def _sizes(folder: Path) -> Iterator[int]:
    """Bytes of each file below a folder; links are not followed."""
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                about = os.lstat(os.path.join(where, name))  # noqa: PTH118 - 10,000 files at once
            except OSError:
                continue
            if stat.S_ISREG(about.st_mode):
                yield about.st_size
