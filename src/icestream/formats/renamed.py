"""Files that have another name since they were taken."""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from icestream.model import Movie

__all__ = ["Gone", "present_path", "written_at"]


def written_at(status: os.stat_result) -> datetime:
    """When a file was last changed, as an exposure records it: a new name does not change it."""
    return datetime.fromtimestamp(status.st_mtime, UTC)


def present_path(movie: Movie) -> Path:
    """The path of a movie, or that of the one file in its folder which can only be it.

    That is a file with the same suffix, bytes and time of change, to the microsecond. Where there
    is none, or more than one, it is the path under which the movie was taken, and who opens it
    says that it is not there.
    """
    written = None if movie.details is None else movie.details.written
    if written is None or not movie.size or movie.path.exists():
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


class Gone:
    """Files that were taken in an earlier run and are not there now, by their time of change.

    Parameters
    ----------
    taken
        Path, bytes (0 where they were not recorded) and time of change of each that was taken.
    """

    def __init__(self, taken: Iterable[tuple[Path, int, datetime]]) -> None:
        self._taken: dict[datetime, list[tuple[Path, int]]] = {}
        for path, size, written in taken:
            self._taken.setdefault(written, []).append((path, size))

    def before(self, path: Path, status: os.stat_result) -> Path | None:
        """The path that a file had when it was taken; None where it was not, or may not have been.

        It is that of the only file with these bytes and this time of change that is gone.
        """
        same = [
            old
            for old, size in self._taken.get(written_at(status), ())
            if size in (0, status.st_size) and old.suffix == path.suffix and not old.exists()
        ]
        return same[0] if len(same) == 1 and same[0] != path else None
