"""Home: the folder and the store in which a session began, and whether they are still there.

A folder that was moved, deleted or unmounted under a running session must not be made again: what
is written there then would be lost, or stand in another folder than the rest.
"""

import contextlib
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
        self._open: int | None = None
        """The folder itself, whatever it is called."""
        self._counted = False
        """Whether the file system counts links of folders; some never do."""
        with contextlib.suppress(OSError):
            self._open = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            weakref.finalize(self, os.close, self._open)
            self._counted = os.fstat(self._open).st_nlink > 0

    def is_deleted(self) -> bool:
        """Whether the folder was deleted for good, and was not moved or unmounted.

        Nothing can bring it back: what is put into its place is another. Where the file system
        does not say it, as that of another machine, it is taken to be away.
        """
        if self._open is None:
            return False
        try:
            return self._counted and os.fstat(self._open).st_nlink == 0
        except OSError:
            return False

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


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino
