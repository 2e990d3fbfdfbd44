"""Files that have another name since they were taken."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from icestream.model import Movie

__all__ = ["Former", "Gone", "Listed", "present_path", "written_at"]


def written_at(status: os.stat_result) -> datetime:
    """When a file was last changed, as an exposure records it: a new name does not change it."""
    return datetime.fromtimestamp(status.st_mtime, UTC)


def _tells(written: datetime) -> bool:
    """Whether a time of change can tell files apart: not where it was kept in whole seconds."""
    return written.microsecond != 0


Listed = dict[Path, list[tuple[str, int, datetime]]]
"""Names, bytes and times of change of the files of folders that were looked into."""


def present_path(movie: Movie, listed: Listed | None = None) -> Path:
    """The path of a movie, or that of the one file in its folder which can only be it.

    That is a file with the same suffix, bytes and time of change, to the microsecond. Where there
    is none, or more than one, or times are kept in whole seconds, it is the path under which the
    movie was taken, and who opens it says that it is not there.

    Whoever asks for many movies gives the same `listed`, so that each folder is read once.
    """
    written = None if movie.details is None else movie.details.written
    if written is None or not _tells(written) or not movie.size or movie.path.exists():
        return movie.path
    folder, listed = movie.path.parent, {} if listed is None else listed
    if folder not in listed:
        listed[folder] = _files_in(folder)
    found = [
        name
        for name, size, changed in listed[folder]
        if name.endswith(movie.path.suffix) and size == movie.size and changed == written
    ]
    return folder / found[0] if len(found) == 1 else movie.path


def _files_in(folder: Path) -> list[tuple[str, int, datetime]]:
    """Of each file its name, bytes and time of change; nothing of a folder that cannot be read."""
    try:
        with os.scandir(folder) as entries:
            stats = [(entry.name, entry.stat()) for entry in entries if entry.is_file()]
    except OSError:
        return []
    return [(name, status.st_size, written_at(status)) for name, status in stats]


@dataclass(frozen=True, slots=True)
class Former:
    """What a file was when it was first taken."""

    path: Path
    exposure: str


class Gone:
    """Files that were taken in earlier runs, by their time of change: some may have new names.

    Parameters
    ----------
    taken
        Exposure, path, bytes (0 where they were not recorded) and time of change of each that was
        taken, the first first. An exposure that has been renamed before has several paths.
    """

    def __init__(self, taken: Iterable[tuple[str, Path, int, datetime]]) -> None:
        self._taken: dict[datetime, dict[str, list[tuple[Path, int]]]] = {}
        for exposure, path, size, written in taken:
            self._taken.setdefault(written, {}).setdefault(exposure, []).append((path, size))

    def before(self, path: Path, status: os.stat_result) -> Former | None:
        """What a file with another name was; None where it was not taken, or may not have been.

        It is the only exposure whose file had these bytes and this time of change and is gone, or
        one that was taken under this name too since then.
        """
        written = written_at(status)
        same = {
            exposure: paths
            for exposure, paths in self._taken.get(written, {}).items()
            if paths[0][1] in (0, status.st_size) and paths[0][0].suffix == path.suffix
        }
        for exposure, paths in same.items():
            if any(known == path for known, _ in paths):
                first = paths[0][0]
                return Former(first, exposure) if first != path else None
        if not _tells(written):
            return None
        gone = [(e, p) for e, p in same.items() if not any(known.exists() for known, _ in p)]
        return Former(gone[0][1][0][0], gone[0][0]) if len(gone) == 1 else None
