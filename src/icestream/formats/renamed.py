"""Where a movie is that has another name since it was taken."""

import os
from datetime import UTC, datetime
from pathlib import Path

from icestream.model import Movie

__all__ = ["present_path", "written_at"]


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
