"""What lies in a session's place: every file once, with its class of data. Links are not followed.

A look at 180,000 files takes a while; what it came to is kept beside the session's ledgers with
the time of the look, and pages show that.
"""

import json
import os
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from icestream.documents import read_json
from icestream.facility.keep.known import OTHER, KnownFiles, Layout, known_files
from icestream.whole import written_whole

__all__ = [
    "FOLDERS",
    "LINKS",
    "ClassedFile",
    "FileTally",
    "Inventory",
    "kept_inventory",
    "look",
    "take_inventory",
]

FOLDERS, LINKS = "folders", "links"
"""What folders themselves, and symbolic links, take of the disk."""
_SHOWN = 20
"""Names of unknown files that are kept for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassedFile:
    """One file of a place, as it was found."""

    path: str
    """Relative to the place."""
    kind: str
    status: os.stat_result
    """Of the file itself, where it is a link."""

    @property
    def is_file(self) -> bool:
        """An ordinary file."""
        return stat.S_ISREG(self.status.st_mode)


@dataclass(frozen=True, slots=True)
class FileTally:
    """Files of one class."""

    files: int = 0
    bytes: int = 0
    """What is in them; a file with two names is counted once."""
    disk: int = 0
    """What they take of the disk, as ``du`` counts it."""

    def __add__(self, other: "FileTally") -> "FileTally":
        return FileTally(self.files + other.files, self.bytes + other.bytes, self.disk + other.disk)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What a look at a place came to."""

    at: float
    """When it was looked at, seconds since the epoch."""
    seconds: float
    """How long that took."""
    tallies: Mapping[str, FileTally] = field(default_factory=dict)
    """By class of data; also `other`, `records`, what was put aside, folders and links."""
    unknown: tuple[str, ...] = ()
    """Some of the files that nobody knows."""
    unread: tuple[str, ...] = ()
    """Folders that cannot be read: what is in them is not in the sums."""
    elsewhere: tuple[str, ...] = ()
    """Folders on another file system, which are not in the sums either."""
    problem: str = ""
    """Why the session's store could not be asked."""

    @property
    def total(self) -> FileTally:
        """All of it."""
        return sum(self.tallies.values(), FileTally())


def look(layout: Layout, known: KnownFiles, taken: "_Taken | None" = None) -> Iterator[ClassedFile]:
    """Every file and link of a place, in the order of the folders."""
    taken = _Taken() if taken is None else taken
    device = os.lstat(layout.place).st_dev
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        full = os.path.join(layout.place, folder)  # noqa: PTH118 - 180,000 times
        try:
            with os.scandir(full) as entries:
                found = sorted(entries, key=lambda one: one.name)
        except OSError:
            taken.unread.append(folder or ".")
            continue
        for entry in found:
            path = f"{folder}/{entry.name}" if folder else entry.name
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue  # it is gone again
            if not stat.S_ISDIR(status.st_mode):
                yield ClassedFile(path=path, kind=known.kind(path), status=status)
            elif status.st_dev != device:
                taken.elsewhere.append(path)
            else:
                taken.add(FOLDERS, status)
                waiting.append(path)


def take_inventory(layout: Layout, known: KnownFiles | None = None) -> Inventory:
    """Look at every file of a place, and keep what that came to.

    Raises
    ------
    OSError
        If the place cannot be read, or the session's folder not written.
    """
    began, at = time.monotonic(), time.time()
    known = known_files(layout) if known is None else known
    taken = _Taken()
    taken.add(FOLDERS, os.lstat(layout.place))
    for found in look(layout, known, taken):
        kind = LINKS if stat.S_ISLNK(found.status.st_mode) else found.kind
        taken.add(kind, found.status)
        if kind == OTHER and len(taken.unknown) < _SHOWN:
            taken.unknown.append(found.path)
    made = Inventory(
        at=at,
        seconds=time.monotonic() - began,
        tallies=taken.tallies,
        unknown=tuple(taken.unknown),
        unread=tuple(taken.unread),
        elsewhere=tuple(taken.elsewhere),
        problem=known.problem,
    )
    _keep(layout, made)
    return made


def kept_inventory(folder: Path) -> Inventory | None:
    """What the last look at a session's place came to; None before the first."""
    try:
        said = read_json(_file(folder).read_bytes())
        said["tallies"] = {name: FileTally(**each) for name, each in said["tallies"].items()}
        for name in ("unknown", "unread", "elsewhere"):
            said[name] = tuple(said[name])
        return Inventory(**said)
    except (OSError, ValueError, KeyError, TypeError):
        return None


@dataclass(slots=True)
class _Taken:
    """Sums while a place is looked at."""

    tallies: dict[str, FileTally] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    _seen: set[int] = field(default_factory=set)
    """Files with several names."""

    def add(self, kind: str, status: os.stat_result) -> None:
        before = self.tallies.get(kind, FileTally())
        if status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode):
            if status.st_ino in self._seen:
                self.tallies[kind] = before + FileTally(1, 0, 0)
                return
            self._seen.add(status.st_ino)
        size = 0 if stat.S_ISDIR(status.st_mode) else status.st_size
        files = 0 if stat.S_ISDIR(status.st_mode) else 1
        self.tallies[kind] = before + FileTally(files, size, status.st_blocks * 512)


def _file(folder: Path) -> Path:
    return folder / ".facility" / "inventory.json"


def _keep(layout: Layout, made: Inventory) -> None:
    target = _file(layout.folder)
    target.parent.mkdir(exist_ok=True)
    said: dict[str, Any] = asdict(made)
    with written_whole(target) as unfinished:
        unfinished.write_text(json.dumps(said) + "\n")
