"""Files that were seen and are not taken yet, in the order in which they are looked at."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Pending", "WaitingLine"]


@dataclass(slots=True)
class Pending:
    """What is known of one file; times are seconds of the caller's clock."""

    changed: float
    """When it was last seen to change."""
    size: int = -1
    """Bytes; -1 before the first look."""
    modified: int = -1
    whole: float | None = None
    """When it was first judged whole."""
    next_look: float = 0.0
    lacking: bool = False
    """It was given up because no metadata were there."""
    unreadable: bool = False
    """It was given up, and could not be opened."""
    later: bool = False
    """Others go first."""

    def note(self, status: os.stat_result, now: float, *, watched: bool) -> None:
        """Note a look at the file; when it has changed, all that was thought of it is void.

        With `watched` somebody may be writing it. Else an old file is judged by its own time.
        """
        if (status.st_size, status.st_mtime_ns) == (self.size, self.modified):
            return
        first = self.size < 0
        self.size, self.modified = status.st_size, status.st_mtime_ns
        self.changed, self.whole = now, None
        if first and not watched:
            self.changed = min(now, status.st_mtime)


class WaitingLine:
    """Files that wait to be whole, and those that were given up and may be mended."""

    def __init__(self) -> None:
        self._files: dict[Path, Pending] = {}
        self._given_up: dict[Path, Pending] = {}

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, path: Path) -> Pending:
        return self._files[path]

    def __contains__(self, path: object) -> bool:
        return path in self._files

    def join(self, path: Path, now: float, *, later: bool = False) -> None:
        """Take a file that was seen into the line, unless it is there; `later`: others go first."""
        self._files.setdefault(path, Pending(now, later=later))

    def leave(self, path: Path) -> None:
        """Forget a file: it was taken, or is none to be taken."""
        del self._files[path]

    def to_the_end(self, path: Path) -> None:
        """Let all others be looked at before this one is again."""
        self._files[path] = self._files.pop(path)

    def due(self, now: float, budget: float = 0.5) -> Iterator[Path]:
        """Files that it is time to look at, for as long as `budget` seconds have not passed."""
        deadline = time.perf_counter() + budget
        due = [(path, file) for path, file in self._files.items() if file.next_look <= now]
        for path, _ in sorted(due, key=lambda one: one[1].later):
            yield path
            if time.perf_counter() > deadline:
                return

    def late(self, now: float, after: float) -> dict[Path, Pending]:
        """Files that were looked at and have not changed for more than `after` seconds."""
        looked_at = {path: file for path, file in self._files.items() if file.size >= 0}
        return {path: file for path, file in looked_at.items() if now - file.changed > after}

    def give_up(self, path: Path, *, lacking: bool = False) -> None:
        """Put a file aside; `lacking` says that it is whole, but that metadata are missing."""
        file = self._files.pop(path)
        file.lacking = lacking
        file.unreadable = not os.access(path, os.R_OK)
        self._given_up[path] = file

    def look_again(self, now: float, has_metadata: Callable[[Path], bool]) -> None:
        """Look at one file that was given up, in turn; when it was mended it joins the line again.

        A transfer may go on after an outage, and metadata may come late.
        """
        path = next(iter(self._given_up), None)
        if path is None:
            return
        file = self._given_up.pop(path)
        try:
            status = os.stat(path)  # noqa: PTH116 - hot
        except OSError:
            if path.is_symlink():
                self._given_up[path] = file
            return
        changed = (status.st_size, status.st_mtime_ns) != (file.size, file.modified)
        opened = file.unreadable and os.access(path, os.R_OK)
        if changed or opened or (file.lacking and has_metadata(path)):
            self._files[path] = Pending(now)
        else:
            self._given_up[path] = file  # to the end of the line
