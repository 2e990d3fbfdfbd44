"""Files that were removed on purpose: what a session has is not damaged for it, nor made again.

They are written down in the session's folder, line by line, whatever its store is and wherever the
folder goes.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["REMOVED", "RemovedFile", "note_removed", "note_restored", "removed_files"]

REMOVED = "removed.jsonl"
"""Its name in the session's folder."""


@dataclass(frozen=True, slots=True)
class RemovedFile:
    """A file that was removed on purpose."""

    removal: int
    """Number of the removal, by which it can be brought back for a time."""
    kind: str
    """Class of data."""
    time: float
    """When, seconds since the epoch."""


def note_removed(folder: Path, paths: Iterable[Path], removed: RemovedFile) -> None:
    """Write down that files are removed: absolute paths, of the session or of what it took in."""
    told = {"removal": removed.removal, "class": removed.kind, "time": removed.time}
    _append(folder, {**told, "removed": [_shortened(folder, path) for path in paths]})


def note_restored(folder: Path, paths: Iterable[Path]) -> None:
    """Write down that files are there again."""
    _append(folder, {"restored": [_shortened(folder, path) for path in paths]})


def removed_files(folder: Path) -> Mapping[Path, RemovedFile]:
    """All files that were removed and are not back, by their absolute paths."""
    found: dict[Path, RemovedFile] = {}
    try:
        lines = (folder / REMOVED).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return found
    for line in lines:
        try:
            told = json.loads(line)
        except ValueError:
            continue  # the last one, of a process that was killed: nothing was removed yet
        if "removed" in told:
            one = RemovedFile(told["removal"], told["class"], told["time"])
            found.update((_whole(folder, path), one) for path in told["removed"])
        for path in told.get("restored", ()):
            found.pop(_whole(folder, path), None)
    return found


def _shortened(folder: Path, path: Path) -> str:
    """Relative to the session's folder where it is near: a place that is moved is moved whole."""
    if path.is_relative_to(folder):
        return str(path.relative_to(folder))
    if path.is_relative_to(folder.parent):
        return os.path.join("..", path.relative_to(folder.parent))  # noqa: PTH118 - a name
    return str(path)


def _whole(folder: Path, path: str) -> Path:
    return Path(os.path.normpath(folder / path))


def _append(folder: Path, told: dict[str, object]) -> None:
    with (folder / REMOVED).open("a", encoding="utf-8") as file:
        if file.tell() and not _ends_a_line(folder / REMOVED):
            file.write("\n")
        file.write(json.dumps(told) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
