"""Taken away: what was removed on purpose, and what that means for a session that goes on.

Results whose files were removed stay results, and are not made again. A task that needs such a file
fails for that reason, and holds nobody up: a folder whose movies were removed is empty, and is not
waited for as one that is away.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from icestream.engine.executors.contract import Ended, Ending
from icestream.store.removed import RemovedFile, removed_files

__all__ = ["TAKEN", "TakenAway", "taken_words"]

TAKEN = "files.removed"
"""Of the alert that files of the session were removed."""


class TakenAway:
    """Files of a session that is opened that were removed on purpose."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = removed_files(folder)
        self._folders = {path.parent: one for path, one in self._files.items()}

    def words(self) -> str:
        """What people are told; empty where nothing was removed."""
        return taken_words(self._files)

    def judged(self, ended: Sequence[Ended]) -> list[Ended]:
        """What became of leases, where that a file was removed is the end of its task."""
        if not self._files:
            return list(ended)
        return [
            replace(one, endings=tuple(self._judged(ending) for ending in one.endings))
            for one in ended
        ]

    def _judged(self, ending: Ending) -> Ending:
        if ending.outcome not in ("storage", "unread", "again"):
            return ending
        found = self._of(Path(ending.away)) if ending.away else self._named(ending.reason)
        if found is None:
            return ending
        why = (
            f"what it needs was removed on {_day(found.time)} ({found.kind}, removal "
            f"{found.removal}): icestream facility undo-removal {found.removal} brings it back "
            "while it can"
        )
        return replace(ending, outcome="item", reason=why, away="")

    def _of(self, away: Path) -> RemovedFile | None:
        """Of a file, or of the folder that it left empty."""
        if away == self._folder or (away in self._folders and _has_files(away)):
            return None
        return self._files.get(away) or self._folders.get(away)

    def _named(self, reason: str) -> RemovedFile | None:
        """The removed file that an error names; nothing where it names none."""
        start, end = reason.find("'/"), reason.rfind("'")
        return self._files.get(Path(reason[start + 1 : end])) if 0 <= start < end else None


def taken_words(files: Mapping[Path, RemovedFile]) -> str:
    """How many files of which classes were removed, when, and how they come back."""
    if not files:
        return ""
    counts = Counter((one.removal, one.kind, one.time) for one in files.values())
    each = ", ".join(
        f"{count} of {kind} on {_day(when)} (removal {number})"
        for (number, kind, when), count in sorted(counts.items())
    )
    many = len(files)
    return (
        f"{many} {'file was' if many == 1 else 'files were'} removed on purpose: {each}. Results "
        "stay as they are; what would have to be made from these files fails until icestream "
        "facility undo-removal brings them back"
    )


def _has_files(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except OSError:
        return False


def _day(when: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(when))
