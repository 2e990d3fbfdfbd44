"""Which folder of a microscope's a new session's movies are in: the newest ones, to choose from."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from icestream.facility.opened import Facility
from icestream.facility.registry.sessions import sessions
from icestream.facility.transfer.session import route_of
from icestream.formats.watch import MOVIE_SUFFIXES

__all__ = ["MovieFolder", "newest_folders", "taken_folders"]

_SESSIONS = 50
"""The last sessions of a microscope, whose folders are taken."""
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
    taken: bool = False
    """Another session takes its movies."""


def taken_folders(facility: Facility, microscope: str) -> frozenset[Path]:
    """Folders whose movies the microscope's last sessions take."""
    with facility.registry.read() as connection:
        known = sessions(connection, microscope=microscope)[:_SESSIONS]
    routes = (route_of(Path(one.folder)) for one in known)
    return frozenset(Path(one.source) for one in routes if one is not None)


def newest_folders(
    folder: Path, *, most: int = 5, taken: Collection[Path] = ()
) -> tuple[MovieFolder, ...]:
    """Folders right below one, the one that changed last first.

    Only a few files of each are looked at, since a microscope's disk has many. A folder that has
    files, but none such as microscopes write, comes last; one that is empty may get movies soon.

    Parameters
    ----------
    folder
        The microscope's.
    most
        So many at most.
    taken
        Those that other sessions take, which come behind the others.
    """
    try:
        with os.scandir(folder) as inside:
            shown = [one for one in inside if not one.name.startswith(".") and one.is_dir()]
        names = {one.name for one in shown}
        shown = [one for one in shown if one.name.removesuffix(_TRUTH) not in names - {one.name}]
        found = [
            MovieFolder(Path(one.path), _changed(one), Path(one.path) in taken)
            for one in shown[:_LOOKED_INTO]
        ]
    except OSError:
        return ()
    newest = sorted(found, key=lambda one: (-one.changed, one.path))[: most + _OTHERS]
    last = sorted(newest, key=lambda one: (one.taken, _has_others_alone(one.path)))
    return tuple(last[:most])


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
