"""Which files have a verified copy, asked of whatever keeps copies."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from icestream.facility.keep.known import Layout, rows
from icestream.facility.keep.rules import Copy

__all__ = ["BackupCopies", "KnownCopies"]


class KnownCopies(Protocol):
    """Whatever keeps copies of sessions' files."""

    def of(self, layout: Layout) -> Mapping[str, Sequence[Copy]]:
        """Verified copies of a session's files, by their paths in its place."""
        ...


class BackupCopies:
    """What the ledgers of backups say, which lie beside the session's store.

    A copy is verified when it was read back where it is, and had what the file had: then the
    ledger has its digest. One that was found wrong later, or whose backup gave it up, is none.

    Parameters
    ----------
    names
        Backups that the facility has; what others once held, nobody looks after any more. All that
        have a ledger when not given.
    """

    def __init__(self, names: Collection[str] | None = None) -> None:
        self._names = names

    def of(self, layout: Layout) -> Mapping[str, Sequence[Copy]]:
        """Verified copies of a session's files, by their paths in its place."""
        found: dict[str, list[Copy]] = {}
        for ledger in self.ledgers(layout.folder):
            backup = ledger.stem.removeprefix("backup-")
            if self._names is not None and backup not in self._names:
                continue
            for path, copy in _kept(layout, ledger, backup):
                found.setdefault(path, []).append(copy)
        return found

    @staticmethod
    def ledgers(folder: Path) -> list[Path]:
        """The ledgers of a session's backups."""
        return sorted((folder / ".facility").glob("backup-*.db"))


def _kept(layout: Layout, ledger: Path, backup: str) -> Iterator[tuple[str, Copy]]:
    start = {b"movies": layout.raw, b"processing": layout.processing}
    asked = (
        "SELECT name, size, modified, digest, at, volume FROM kept"
        " WHERE digest != '' AND wrong = ''"
    )
    for name, size, modified, digest, at, volume in rows(ledger, asked):
        part, _, rest = name.partition(b"/")
        if part in start:
            above = f"{start[part]}/" if start[part] else ""
            yield above + os.fsdecode(rest), Copy(backup, size, modified, digest, at, volume)
