"""Which folder of a microscope's a new session's movies are in: the newest ones, to choose from."""

import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["MovieFolder", "newest_folders"]

_LOOKED_INTO = 2000
"""Folders of the microscope's that are looked at, at most."""


@dataclass(frozen=True, slots=True)
class MovieFolder:
    """A folder that somebody has made below that of a microscope."""

    path: Path
    changed: float
    """When something was last put right into it, or into a folder in it, seconds since the epoch.
    """


def newest_folders(folder: Path, *, most: int = 5) -> tuple[MovieFolder, ...]:
    """Folders right below one, the one that changed last first.

    Only the folders in each are looked at, not their files: a microscope's disk has many.
    """
    try:
        with os.scandir(folder) as inside:
            shown = [one for one in inside if not one.name.startswith(".") and one.is_dir()]
        found = [MovieFolder(Path(one.path), _changed(one)) for one in shown[:_LOOKED_INTO]]
    except OSError:
        return ()
    return tuple(sorted(found, key=lambda one: (-one.changed, one.path))[:most])


def _changed(folder: "os.DirEntry[str]") -> float:
    newest = folder.stat().st_mtime
    try:
        with os.scandir(folder.path) as inside:
            for one in inside:
                if one.is_dir(follow_symlinks=False):
                    newest = max(newest, one.stat().st_mtime)
    except OSError:
        pass
    return newest
