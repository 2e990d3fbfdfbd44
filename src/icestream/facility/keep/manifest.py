"""The manifest of a removal: which files, what they were, by which rule, and where copies are.

It is written before the first file is moved, and kept for good: JSON lines, the first of which says
whose files and why.
"""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = ["ManifestHead", "ManifestLine", "read_head", "read_lines", "write_manifest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestHead:
    """What a manifest says of itself."""

    removal: int
    session: str
    key: str
    """The session's identity."""
    place: str
    kind: str
    rule: str
    who: str
    at: float
    """Seconds since the epoch."""
    when: str = ""
    """The same for people, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestLine:
    """One file of a removal."""

    path: str
    """Relative to the place."""
    size: int
    modified: int
    """Nanoseconds since the epoch."""
    mode: int
    uid: int
    gid: int
    inode: int
    links: int
    """Names that it has: with more than one, removing this one frees nothing."""
    digest: str = ""
    """BLAKE2b of 128 bits; empty where nobody had read it."""
    copies: tuple[str, ...] = ()
    """Backups that have a verified copy."""

    def is_of(self, status: os.stat_result) -> bool:
        """Whether a file is this one, and has not been written to since."""
        return (status.st_ino, status.st_size, status.st_mtime_ns) == (
            self.inode, self.size, self.modified,
        )  # fmt: skip


def write_manifest(path: Path, head: ManifestHead, lines: list[ManifestLine]) -> None:
    """Write a manifest, on the disk before this returns; for nobody else to change."""
    told = asdict(head) | {"when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(head.at))}
    partial = path.with_suffix(".part")
    with partial.open("w", encoding="utf-8") as file:
        for one in (told, *map(asdict, lines)):
            file.write(json.dumps(one) + "\n")
        file.flush()
        os.fsync(file.fileno())
    partial.chmod(0o440)
    partial.replace(path)


def read_head(path: Path) -> ManifestHead:
    """The first line of a manifest."""
    with path.open(encoding="utf-8") as file:
        return ManifestHead(**json.loads(file.readline()))


def read_lines(path: Path) -> Iterator[ManifestLine]:
    """The files of a manifest."""
    with path.open(encoding="utf-8") as file:
        file.readline()
        for line in file:
            told = json.loads(line)
            yield ManifestLine(**{**told, "copies": tuple(told["copies"])})
