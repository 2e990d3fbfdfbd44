"""Files that have another name since they were taken."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from icestream.model import Movie

__all__ = ["Former", "Gone", "present_path", "written_at"]


def written_at(status: os.stat_result) -> datetime:
    """When a file was last changed, as an exposure records it: a new name does not change it."""
    return datetime.fromtimestamp(status.st_mtime, UTC)


def _tells(written: datetime) -> bool:
    """Whether a time of change can tell files apart: not where it was kept in whole seconds."""
    return written.microsecond != 0


def present_path(movie: Movie) -> Path:
    """The path of a movie, or that of the one file in its folder which can only be it.

    That is a file with the same suffix, bytes and time of change, to the microsecond. Where there
    is none, or more than one, or times are kept in whole seconds, it is the path under which the
    movie was taken, and who opens it says that it is not there.
    """
    written = None if movie.details is None else movie.details.written
    if written is None or not _tells(written) or not movie.size or movie.path.exists():
        return movie.path
    found = []
    try:
        with os.scandir(movie.path.parent) as entries:
            for entry in entries:
                if not entry.name.endswith(movie.path.suffix) or not entry.is_file():
                    continue
                status = entry.stat()
                if status.st_size == movie.size and written_at(status) == written:
                    found.append(movie.path.parent / entry.name)
    except OSError:
        return movie.path
    return found[0] if len(found) == 1 else movie.path


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
