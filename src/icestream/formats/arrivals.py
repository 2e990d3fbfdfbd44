"""Movies that were taken: to notice copies of them, and changes made to them afterwards."""

import filecmp
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from icestream.formats.within import inside

__all__ = ["Change", "TakenFiles", "fingerprint"]

_PIECE = 65536
_LOOKS = 20


@dataclass(frozen=True, slots=True)
class _Taken:
    exposure: str
    size: int
    modified: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Change:
    """A movie that was changed after it was taken."""

    exposure: str
    sizes: str
    """Bytes before and after, in words."""


def fingerprint(path: Path) -> bytes:
    """A hash of a file's size, its first, its middle and its last 64 KiB."""
    with inside(path).open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        digest = hashlib.blake2b(size.to_bytes(8, "little"), digest_size=16)
        for offset in sorted({0, max(0, (size - _PIECE) // 2), max(0, size - _PIECE)}):
            digest.update(os.pread(file.fileno(), _PIECE, offset))
    return digest.digest()


class TakenFiles:
    """What was taken so far, by path and by content."""

    def __init__(self) -> None:
        self._taken: dict[Path, _Taken] = {}
        self._order: list[Path] = []
        self._contents: dict[bytes, Path] = {}
        self._known: dict[Path, str] = {}
        """Exposures of what was taken in earlier runs, and is there."""
        self._turn = 0

    def __len__(self) -> int:
        return len(self._taken)

    def __contains__(self, path: object) -> bool:
        return path in self._taken

    def copy_of(self, path: Path, content: bytes) -> Path | None:
        """The movie of the same content that was taken before under another name, if any.

        `content` is the `fingerprint` of the file. Two that are there are compared whole: movies
        may differ in a few counts between the pieces of the fingerprint.
        """
        same = self._contents.get(content)
        if same is None or same == path:
            return None
        try:
            return same if filecmp.cmp(same, path, shallow=False) else None
        except FileNotFoundError:
            return same  # it has another name now

    def exposure_of(self, path: Path) -> str:
        """The exposure of a movie that was taken."""
        taken = self._taken.get(path)
        return self._known[path] if taken is None else taken.exposure

    def know(self, path: Path, exposure: str, content: bytes) -> None:
        """Know what an earlier run took, of which copies may come before it is looked at again."""
        self._known[path] = exposure
        self._contents.setdefault(content, path)

    def take(self, path: Path, exposure: str, content: bytes, status: os.stat_result) -> None:
        """Remember a movie that was taken."""
        if path not in self._taken:
            self._order.append(path)
        self._taken[path] = _Taken(exposure, status.st_size, status.st_mtime_ns, content)
        self._contents[content] = path

    def look_back(self) -> list[Change]:
        """Look at some of the movies again: those that changed.

        Each call looks at the newest one and, in turn, at twenty others, so that its cost
        does not depend on how many there are. A file that is gone is no change: sessions are
        cleared away.
        """
        changed = []
        count = len(self._order)
        turn = [self._order[(self._turn + n) % count] for n in range(min(_LOOKS, count))]
        self._turn = (self._turn + _LOOKS) % max(count, 1)
        for path in {*turn, *self._order[-1:]}:
            known = self._taken[path]
            try:
                status = os.stat(path)  # noqa: PTH116 - hot
                if (status.st_size, status.st_mtime_ns) == (known.size, known.modified):
                    continue
                content = fingerprint(path)
            except OSError:
                continue
            if content != known.content:
                sizes = f"{known.size} -> {status.st_size} bytes"
                changed.append(Change(known.exposure, sizes))
            self._taken[path] = _Taken(known.exposure, status.st_size, status.st_mtime_ns, content)
        return changed
