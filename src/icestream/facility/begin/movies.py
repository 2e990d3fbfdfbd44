"""Which folder of a microscope's a new session's movies are in: the newest ones, to choose from."""

import os
from dataclasses import dataclass
from pathlib import Path

from icestream.formats.watch import MOVIE_SUFFIXES

__all__ = ["MovieFolder", "newest_folders"]

_LOOKED_INTO = 2000
"""Folders of the microscope's that are looked at, at most."""
_OTHERS = 5
"""Newest folders that may be something else, and are looked into beyond those that are wanted."""
_TRUTH = "_truth"
"""Behind the name of a simulated session: what is known of it is no movies."""
_MOST = 500
"""Files of a folder that are looked at, at most."""
_WRITTEN = (
    *MOVIE_SUFFIXES,
    *(".xml", ".dm", ".mdoc", ".jpg", ".gain", ".dm4", ".nav", ".tif.mdoc", ".gz", ".zip"),
)
"""Endings of what microscopes and their cameras write."""


@dataclass(frozen=True, slots=True)
class MovieFolder:
    """A folder that somebody has made below that of a microscope."""

    path: Path
    changed: float
    """When something was last put right into it, or into a folder in it, seconds since the epoch.
    """


def newest_folders(folder: Path, *, most: int = 5) -> tuple[MovieFolder, ...]:
    """Folders right below one, the one that changed last first.

    Only a few files of each are looked at, since a microscope's disk has many. A folder that has
    files, but none such as microscopes write, comes last; one that is empty may get movies soon.
    """
    try:
        with os.scandir(folder) as inside:
            shown = [one for one in inside if not one.name.startswith(".") and one.is_dir()]
        names = {one.name for one in shown}
        shown = [one for one in shown if one.name.removesuffix(_TRUTH) not in names - {one.name}]
        found = [MovieFolder(Path(one.path), _changed(one)) for one in shown[:_LOOKED_INTO]]
    except OSError:
        return ()
    newest = sorted(found, key=lambda one: (-one.changed, one.path))[: most + _OTHERS]
    return tuple(sorted(newest, key=lambda one: _has_others_alone(one.path))[:most])


def _has_others_alone(folder: Path) -> bool:
    """Whether a folder has files, and none of the first is one that a microscope writes."""
    looked = 0
    for _, folders, files in os.walk(folder):
        folders.sort(reverse=True)  # names have the time in them: the newest first
        for name in files:
            if name.lower().endswith(_WRITTEN):
                return False
            looked += 1
        if looked > _MOST:
            break
    return looked > 0


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
