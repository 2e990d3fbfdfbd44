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
        self._later: dict[Path, Pending] = {}
        """Files behind all of those."""
        self._given_up: dict[Path, Pending] = {}

    def __len__(self) -> int:
        return len(self._files) + len(self._later)

    def __getitem__(self, path: Path) -> Pending:
        return self._of(path)[path]

    def __contains__(self, path: object) -> bool:
        return path in self._files or path in self._later

    def join(self, path: Path, now: float, *, later: bool = False) -> None:
        """Take a file that was seen into the line, unless it is there; `later`: others go first."""
        if path not in self:
            (self._later if later else self._files)[path] = Pending(now)

    def leave(self, path: Path) -> None:
        """Forget a file: it was taken, or is none to be taken."""
        del self._of(path)[path]

    def to_the_end(self, path: Path) -> None:
        """Let all others of its part of the line be looked at before this one is again."""
        line = self._of(path)
        line[path] = line.pop(path)

    def due(self, now: float, budget: float = 0.5) -> Iterator[Path]:
        """Files that it is time to look at, for as long as `budget` seconds have not passed."""
        deadline = time.perf_counter() + budget
        for line in (self._files, self._later):
            for path, file in list(line.items()):
                if file.next_look <= now:
                    yield path
                    if time.perf_counter() > deadline:
                        return

    def late(self, now: float, after: float) -> dict[Path, Pending]:
        """Files that were looked at and have not changed for more than `after` seconds."""
        files = (*self._files.items(), *self._later.items())
        return {p: file for p, file in files if file.size >= 0 and now - file.changed > after}

    def give_up(self, path: Path, *, lacking: bool = False) -> None:
        """Put a file aside; `lacking` says that it is whole, but that metadata are missing."""
        file = self._of(path).pop(path)
        file.lacking = lacking
        file.unreadable = not os.access(path, os.R_OK)
        self._given_up[path] = file

    def _of(self, path: Path) -> dict[Path, Pending]:
        """The part of the line that a file is in."""
        return self._files if path in self._files else self._later

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
