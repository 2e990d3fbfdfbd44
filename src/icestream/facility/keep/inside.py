"""A folder in which nothing is reached over a link: what is moved or removed is really in it."""

import contextlib
import os
import stat
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Self

__all__ = ["Inside", "is_ordinary"]

_OPEN = 64
"""Folders that are kept open."""
_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_LINKS = {1, 22, 38, 95}
"""EPERM, EINVAL, ENOSYS, EOPNOTSUPP: what file systems without hard links say."""


class Inside:
    """A folder whose files are named relative to it; a link on the way is an error.

    Every method raises OSError where something is in the way: a link in the place of a folder is
    "Not a directory".
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._root = os.open(root, _FLAGS)
        self._open: OrderedDict[str, int] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give up all folders."""
        self._forget()
        os.close(self._root)

    def status(self, path: str) -> os.stat_result:
        """What is at a path; of a link itself."""
        self._trim()
        folder, name = self._parent(path)
        return os.stat(name, dir_fd=folder, follow_symlinks=False)

    def exists(self, path: str) -> bool:
        """Whether something is at a path, a link included."""
        try:
            self.status(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def open(self, path: str) -> int:
        """A file for reading; never over a link."""
        self._trim()
        folder, name = self._parent(path)
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)

    def move(self, path: str, to: str) -> None:
        """Give a file another name; folders on the way are made, for nobody else to read."""
        self._trim()
        here, name = self._parent(path)
        there, new = self._parent(to, make=True)
        os.rename(name, new, src_dir_fd=here, dst_dir_fd=there)

    def put_back(self, path: str, to: str) -> None:
        """Give a file another name that nothing has; its folder has to be there.

        Raises
        ------
        FileExistsError
            If something is there, even where that comes at this moment.
        """
        self._trim()
        here, name = self._parent(path)
        there, new = self._parent(to)
        try:
            os.link(name, new, src_dir_fd=here, dst_dir_fd=there, follow_symlinks=False)
        except FileExistsError:
            found = (
                os.stat(name, dir_fd=here, follow_symlinks=False),
                os.stat(new, dir_fd=there, follow_symlinks=False),
            )
            if not os.path.samestat(*found):
                raise  # otherwise who did this was killed in between
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            if _is_there(new, there):
                raise FileExistsError(17, "something is there", str(self.root / to)) from None
            os.rename(name, new, src_dir_fd=here, dst_dir_fd=there)
            return
        os.unlink(name, dir_fd=here)

    def remove(self, path: str) -> None:
        """Remove a file for good."""
        self._trim()
        folder, name = self._parent(path)
        os.unlink(name, dir_fd=folder)

    def sync(self, path: str) -> None:
        """Have a folder's names on the disk."""
        os.fsync(self._folder(path))

    def make(self, path: str) -> None:
        """Make a folder, and those above it, for nobody else to read."""
        self._folder(path, make=True)

    def files(self, path: str) -> Iterator[str]:
        """Paths of all that is below a folder and is none, in no order."""
        waiting = [path]
        while waiting:
            folder = waiting.pop()
            try:
                number = self._folder(folder)
            except FileNotFoundError:
                continue
            with os.scandir(number) as entries:
                found = [(one.name, one.is_dir(follow_symlinks=False)) for one in entries]
            for name, is_folder in found:
                if is_folder:
                    waiting.append(f"{folder}/{name}")
                else:
                    yield f"{folder}/{name}"

    def prune(self, path: str) -> None:
        """Remove a folder and those below it, as far as they are empty."""
        self._forget()
        try:
            number = self._folder(path)
        except (FileNotFoundError, NotADirectoryError):
            return
        with os.scandir(number) as entries:
            below = [one.name for one in entries if one.is_dir(follow_symlinks=False)]
        for name in below:
            self.prune(f"{path}/{name}")
        self._forget()
        folder, name = self._parent(path)
        with contextlib.suppress(OSError):  # something is in it
            os.rmdir(name, dir_fd=folder)

    def _trim(self) -> None:
        """Close folders that were not used for long: none that is in use at this moment."""
        while len(self._open) > _OPEN:
            os.close(self._open.popitem(last=False)[1])

    def _forget(self) -> None:
        for number in self._open.values():
            os.close(number)
        self._open.clear()

    def _parent(self, path: str, *, make: bool = False) -> tuple[int, str]:
        folder, _, name = path.rpartition("/")
        if name in ("", ".", ".."):
            raise FileNotFoundError(2, "it is no name of a file", str(self.root / path))
        return self._folder(folder, make=make), name

    def _folder(self, path: str, *, make: bool = False) -> int:
        if not path:
            return self._root
        if path in self._open:
            self._open.move_to_end(path)
            return self._open[path]
        above, name = self._parent(path, make=make)
        try:
            if make:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(name, 0o700, dir_fd=above)
            number = os.open(name, _FLAGS, dir_fd=above)
        except OSError as error:
            raise type(error)(error.errno, error.strerror, str(self.root / path)) from None
        self._open[path] = number
        return number


def _is_there(name: str, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def is_ordinary(status: os.stat_result) -> bool:
    """Whether it is an ordinary file."""
    return stat.S_ISREG(status.st_mode)
