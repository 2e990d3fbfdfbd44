"""Pictures that were drawn once, kept on disk for the next who asks, as many as there is room for.

Each has a key of all that it was made from; when one of them changes the key does, and the older
picture goes when its turn comes.
"""

import contextlib
import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path

from icestream.whole import UNFINISHED, written_whole

__all__ = ["PictureCache"]

MOST = 1_000_000_000
"""Bytes that are kept, where nobody says."""


class PictureCache:
    """Keeps files that are costly to make, and lets those go that were not asked for longest.

    Parameters
    ----------
    folder
        Where they lie; what an earlier process left there is used.
    most
        Bytes that are kept at most, besides the newest file.
    """

    def __init__(self, folder: Path, most: int = MOST) -> None:
        self.folder = folder
        self._most = most
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._bytes = 0
        self._turn = threading.Lock()
        self._busy: dict[str, threading.Lock] = {}
        self._room = threading.BoundedSemaphore(max(1, (os.cpu_count() or 1) - 1))
        """Few are made at once: each takes a core, and memory for a micrograph."""
        self._take_stock()

    def _take_stock(self) -> None:
        """Find what is there, the file that was used last at the end."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in self.folder.glob(UNFINISHED):
            left.unlink(missing_ok=True)
        found: list[tuple[float, str, int]] = []
        for path in self.folder.iterdir():
            with contextlib.suppress(OSError):
                about = path.stat()
                found.append((about.st_mtime, path.name, about.st_size))
        for _, name, size in sorted(found):
            self._sizes[name] = size
            self._bytes += size

    @property
    def size(self) -> int:
        """Bytes that are kept now."""
        return self._bytes

    def get(self, key: str, suffix: str, make: Callable[[], bytes]) -> Path:
        """The file of a key, made now if it is not there.

        Whoever asks for one that is being made waits for it: it is made once.

        Parameters
        ----------
        key
            All that the file depends on, in words.
        suffix
            Of its name, with the point.
        make
            Makes its content, without asking this cache for another file; what it raises goes to
            whoever asked.
        """
        name = f"{tag_of(key)}{suffix}"
        path = self.folder / name
        with self._alone(name):
            if name in self._sizes and path.exists():
                self._touch(name, path)
                return path
            with self._room:
                content = make()
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # somebody may clear it
            with written_whole(path) as unfinished:
                unfinished.write_bytes(content)
            self._keep(name, len(content))
        return path

    @contextlib.contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        with self._turn:
            lock = self._busy.setdefault(name, threading.Lock())
        with lock:
            try:
                yield
            finally:
                with self._turn:
                    self._busy.pop(name, None)

    def _touch(self, name: str, path: Path) -> None:
        with self._turn:
            if name in self._sizes:
                self._sizes.move_to_end(name)
        with contextlib.suppress(OSError):
            os.utime(path)

    def _keep(self, name: str, size: int) -> None:
        with self._turn:
            self._bytes += size - self._sizes.pop(name, 0)
            self._sizes[name] = size
            while self._bytes > self._most and len(self._sizes) > 1:
                oldest, freed = self._sizes.popitem(last=False)
                self._bytes -= freed
                with contextlib.suppress(OSError):
                    (self.folder / oldest).unlink()


def tag_of(key: str) -> str:
    """A short name for a key that no other key has."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]
