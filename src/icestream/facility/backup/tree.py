"""What a folder holds, asked again and again without asking every file every time.

Only folders whose time of change moved are listed again, the two newest, and some of the others in
turn: what is written in place does not move the time of its folder.
"""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["FolderTree", "FoundFile"]

_TURNS = 20
"""Looks after which every folder has been listed again."""
_SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that may be new, or have changed."""

    name: str
    """Relative to the folder."""
    size: int
    modified: int
    """Nanoseconds since the epoch."""
    link: str = ""
    """Where a symbolic link leads; empty for a file."""
    store: bool = False
    """It is a SQLite database, which is never copied as a file."""


@dataclass(slots=True)
class _Folder:
    changed: int = -1
    names: set[str] = field(default_factory=set)


class FolderTree:
    """A folder and all below it.

    Parameters
    ----------
    root
        The folder.
    skip
        Says of a relative name whether it is left out; a folder with all that is in it.
    """

    def __init__(self, root: Path, skip: Callable[[str], bool] = lambda _: False) -> None:
        self.root = root
        self._skip = skip
        self._folders: dict[str, _Folder] = {}
        self._turn = 0
        self.gone: list[str] = []
        """Files that were there before the last look, and were not any more."""
        self.unreadable: dict[str, str] = {}
        """Folders that could not be read in it, with the reason."""
        self.looked = 0
        """Files that were asked in the last look."""

    def changes(self) -> Iterator[FoundFile]:
        """Files of the folders that changed since the last look; all in the first."""
        self.gone, self.unreadable, self.looked = [], {}, 0
        waiting = sorted(self._due())
        seen = set(waiting)
        while waiting:
            name = waiting.pop()
            found, inner = self._list(name)
            yield from found
            fresh = [each for each in inner if each not in self._folders and each not in seen]
            seen.update(fresh)
            waiting += fresh
        self._turn = (self._turn + 1) % _TURNS

    def _due(self) -> set[str]:
        if not self._folders:
            return {""}
        due = set()
        for number, (name, known) in enumerate(self._folders.items()):
            try:
                changed = os.stat(self.root / name).st_mtime_ns  # noqa: PTH116 - hot
            except OSError:
                changed = -1
            if changed != known.changed or number % _TURNS == self._turn:
                due.add(name)
        newest = sorted(self._folders, key=lambda name: self._folders[name].changed)[-2:]
        return due | set(newest)

    def _list(self, folder: str) -> tuple[list[FoundFile], list[str]]:
        """Files and folders of a folder."""
        found, inner, names = [], [], set()
        before = self._folders.setdefault(folder, _Folder())
        path = self.root / folder
        try:
            before.changed = os.stat(path).st_mtime_ns  # noqa: PTH116 - hot
            with os.scandir(path) as entries:
                for entry in entries:
                    name = f"{folder}/{entry.name}" if folder else entry.name
                    if self._skip(name):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        inner.append(name)
                        continue
                    names.add(entry.name)
                    if (each := self._look(entry, name)) is not None:
                        found.append(each)
        except FileNotFoundError:
            self._forget(folder)
            return [], []
        except OSError as error:
            self.unreadable[folder] = error.strerror or str(error)
            return [], []
        gone = before.names - names
        self.gone += [f"{folder}/{name}" if folder else name for name in sorted(gone)]
        before.names = names
        return found, inner

    def _look(self, entry: "os.DirEntry[str]", name: str) -> FoundFile | None:
        self.looked += 1
        try:
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISLNK(status.st_mode):
                return FoundFile(name, 0, status.st_mtime_ns, link=os.readlink(entry.path))  # noqa: PTH115
        except OSError:
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        return FoundFile(name, status.st_size, status.st_mtime_ns, store=_is_store(entry, status))

    def _forget(self, folder: str) -> None:
        """A folder that is gone, with all that was known to be in it."""
        below = [n for n in self._folders if n == folder or n.startswith(f"{folder}/")]
        for name in below:
            known = self._folders.pop(name)
            self.gone += [f"{name}/{each}" if name else each for each in sorted(known.names)]


def _is_store(entry: "os.DirEntry[str]", status: os.stat_result) -> bool:
    if not entry.name.endswith((".db", ".sqlite", ".sqlite3")) or status.st_size < len(_SQLITE):
        return False
    try:
        with open(entry.path, "rb") as file:  # noqa: PTH123 - hot
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return True  # what cannot be read now may be one
