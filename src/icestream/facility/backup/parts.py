"""The two parts of a session that are backed up: its movies, and all that was made of them."""

import fnmatch
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from icestream.facility.backup.stores import is_part_of_a_store
from icestream.facility.backup.tree import FolderTree, FoundFile
from icestream.facility.transfer.names import is_excluded
from icestream.store.pointer import POINTER

__all__ = ["MOVIES", "PROCESSING", "LookedAt", "Part", "Parts", "What"]

MOVIES, PROCESSING = "movies", "processing"
_LEDGERS = ".facility"
_LEFT_OUT = ("coordinator.lock", POINTER)
"""Files of a session that belong to the process that runs it, or to the machine."""
_OFTEN = ("report/", "logs/", ".facility/")
"""What is written anew all the time: what it was before is of no use to anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class What:
    """A session that is backed up."""

    session: str
    processing: Path
    movies: Path | None = None
    """Where its movies are: its copy of them, or the microscope's folder; None for nowhere."""
    place: Path | None = None
    """The session's place, in which the other folders may be."""
    since: float = 0.0
    until: float = math.inf
    """Movies that were last changed before or after are other sessions', where a folder of the
    microscope is that of all; seconds since the epoch."""
    within: str = ""
    """Pattern of the folders right below it whose movies are its own; empty for all."""

    def has(self, found: FoundFile) -> bool:
        """Whether a movie of that folder is the session's."""
        return self.since <= found.modified * 1e-9 <= self.until

    @property
    def ledgers(self) -> Path:
        """Folder of the ledgers of the session."""
        return self.processing / _LEDGERS


@dataclass(frozen=True, slots=True)
class LookedAt:
    """What a look at a part came to."""

    looked: int
    gone: list[str]
    unreadable: dict[str, str]


@dataclass(slots=True)
class Part:
    """One part, and what of it is to be copied."""

    name: str
    root: Path
    tree: FolderTree
    waiting: dict[str, FoundFile] = field(default_factory=dict)
    """Files that the backup does not hold as they are, by name."""

    def look(self, holds: Callable[[str, FoundFile], bool]) -> LookedAt:
        """Note what has changed since the last look, but for what `holds` says is held."""
        for found in self.tree.changes():
            if holds(f"{self.name}/{found.name}", found):
                self.waiting.pop(found.name, None)
            else:
                self.waiting[found.name] = found
        for name in self.tree.gone:
            self.waiting.pop(name, None)
        return LookedAt(self.tree.looked, self.tree.gone, self.tree.unreadable)

    def done(self, name: str) -> None:
        """A file is in the backup as it was when it was looked at."""
        self.waiting.pop(name, None)

    def keeps(self, found: FoundFile) -> bool:
        """Whether what a file held before is kept when it is replaced."""
        return not found.store and not self.changes_often(found.name)

    @staticmethod
    def changes_often(name: str) -> bool:
        """Whether a file is one that is written anew all the time."""
        return name.startswith(_OFTEN)


class Parts:
    """The parts of a session that a backup holds."""

    def __init__(self, what: What, wanted: tuple[str, ...], exclude: tuple[str, ...]) -> None:
        self._exclude = exclude
        self._parts = {}
        if PROCESSING in wanted:
            tree = FolderTree(what.processing, self.skips)
            self._parts[PROCESSING] = Part(PROCESSING, what.processing, tree)
        self._within = what.within
        if MOVIES in wanted and what.movies is not None:
            tree = FolderTree(what.movies, self._skips_movie)
            self._parts[MOVIES] = Part(MOVIES, what.movies, tree)

    def of(self, name: str) -> Part | None:
        """The part of a name; None where it is not backed up."""
        return self._parts.get(name)

    def skips(self, name: str) -> bool:
        """Whether something of a session's folder is left out."""
        parts = name.split("/")
        if parts[0] == _LEDGERS:
            return len(parts) > 1 and (parts[1].startswith("backup-") or is_part_of_a_store(name))
        hidden = any(part.startswith(".") for part in parts)
        beside = name in _LEFT_OUT or is_part_of_a_store(name)
        return hidden or beside or is_excluded(name, self._exclude)

    def _skips_movie(self, name: str) -> bool:
        parts = name.split("/")
        hidden = any(part.startswith(".") for part in parts)
        other = self._within and not fnmatch.fnmatchcase(parts[0], self._within)
        return hidden or bool(other) or is_excluded(name, self._exclude)
