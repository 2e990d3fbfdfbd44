"""Home: the folder and the store in which a session began, and whether they are still there.

A folder that was moved, deleted or unmounted under a running session must not be made again: what
is written there then would be lost, or stand in another folder than the rest.
"""

import errno
import os
import weakref
from collections.abc import Iterable
from pathlib import Path

__all__ = ["Home", "NotHere", "make_below"]


class NotHere(OSError):
    """What a session began with is not there: trouble with storage, which may pass."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(errno.ESTALE, f"{path} {what}")


class Home:
    """Remembers which folder and files a session began with, whatever is there later.

    Parameters
    ----------
    folder
        The session's.
    files
        Files that belong to it and are never replaced: its store.
    """

    def __init__(self, folder: Path, files: Iterable[Path] = ()) -> None:
        self._known = {path: _identity(path) for path in (folder, *files)}
        self._held: dict[Path, int] = {}
        """The folder and the files themselves, whatever they are called."""
        for path in self._known:
            held = _hold(path)
            if held is not None:
                weakref.finalize(self, os.close, held)
                self._held[path] = held

    def deleted(self) -> Path | None:
        """What was deleted for good, and was not moved or unmounted: the folder, or a file.

        Nothing can bring it back: what is put into its place is another. Where the file system
        does not say it, as that of another machine, it is taken to be away.
        """
        return next((path for path, held in self._held.items() if _links(held) == 0), None)

    def check(self) -> None:
        """Do nothing when everything is where it was.

        Raises
        ------
        NotHere
            If it is not, with what to do.
        """
        for path, known in self._known.items():
            try:
                same = _identity(path) == known
            except OSError as error:
                advice = "was it moved, deleted or unmounted? Bring it back, or end the session"
                raise NotHere(path, f"is not there ({error.strerror}): {advice}") from error
            if not same:
                raise NotHere(
                    path,
                    "is another than the session began with: bring that one back, or end the "
                    "session and process it where it is now",
                )


def make_below(root: Path, folder: Path) -> None:
    """Make `folder`, which is inside `root`; `root` itself is never made.

    Raises
    ------
    FileNotFoundError
        If `root` is not there.
    """
    if folder == root:
        return
    try:
        folder.mkdir()
    except FileExistsError:
        if not folder.is_dir():
            raise
    except FileNotFoundError:
        if root not in folder.parents or not root.is_dir():
            raise
        make_below(root, folder.parent)
        folder.mkdir(exist_ok=True)


def _hold(path: Path) -> int | None:
    """A descriptor that says how many links a thing has; None where they are not counted.

    The thing is not opened: to close a store of SQLite would take away all locks that this process
    has on it (sqlite.org/howtocorrupt.html).
    """
    try:
        held = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return None
    if _links(held):  # some file systems never count those of folders
        return held
    os.close(held)
    return None


def _links(held: int) -> int | None:
    try:
        return os.fstat(held).st_nlink
    except OSError:
        return None


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino
