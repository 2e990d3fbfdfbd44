"""Within which folders files are read, where somebody may not have all read that is named.

A table names files: a table of particles its stacks, a list of lists the others. Whoever may look
into some folders only could have any other file read by such a name, or by a link. So readers open
files by `inside`, and look for them by `first_inside`; who runs them says with `read_within` what
is inside. Where nobody has said it, every file is.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from icestream.formats.errors import NotRead

__all__ = ["OutsideError", "first_inside", "inside", "may_be_read", "read_folders", "read_within"]

_folders: ContextVar[tuple[Path, ...] | None] = ContextVar("folders", default=None)


class OutsideError(NotRead):
    """A file is outside of the folders that are read; whether it is there is not said."""


@contextmanager
def read_within(folders: Iterable[Path | str] | None) -> Iterator[None]:
    """Read files below these folders only, wherever links lead; None: all.

    It holds for this thread, and for those of `icestream.threads.in_threads`.
    """
    said = None if folders is None else tuple(Path(one).resolve() for one in folders)
    token = _folders.set(said)
    try:
        yield
    finally:
        _folders.reset(token)


def read_folders() -> tuple[Path, ...] | None:
    """The folders below which files are read now; None: all. What is kept of files goes by it."""
    return _folders.get()


def may_be_read(path: Path | str) -> bool:
    """Whether a path leads to a file below a folder that is read, there or not."""
    folders = _folders.get()
    if folders is None:
        return True
    try:
        real = Path(path).resolve()
    except (OSError, RuntimeError, ValueError):  # a link to itself, or no path at all
        return False
    return any(real.is_relative_to(folder) for folder in folders)


def inside(path: Path | str) -> Path:
    """The path of a file that is to be read.

    Raises
    ------
    OutsideError
        If it leads out of the folders that are read.
    """
    if not may_be_read(path):
        raise OutsideError(
            path,
            expected="a file in the folders that this step may read",
            found="one outside of them",
            advice="move it there, have the folder added to the roots of the server and begin or "
            "change the step again, or set its parameters on the command line",
        )
    return Path(path)


def first_inside(places: Iterable[Path]) -> Path | None:
    """The first of some places where there is a file that may be read; None where none is."""
    return next((place for place in places if may_be_read(place) and _is_file(place)), None)


def _is_file(place: Path) -> bool:
    """Whether there is a file; a name that no file can have, and a pipe, are none."""
    try:
        return place.is_file()
    except OSError:  # too long, or in a folder of somebody else
        return False
