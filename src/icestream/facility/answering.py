"""Whether disks answer: whoever asks one itself may wait for ever.

A file system of another machine that is mounted hard holds who asks it until that machine is back,
and nothing but the end of the process frees him. So disks are asked by threads of their own, and
what is on one that does not answer is left alone meanwhile.
"""

import contextlib
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Disks", "Silent"]

_PATIENCE = 20.0
"""Seconds in which a disk answers."""
_HOLDS = 5.0
"""Seconds for which an answer holds."""


class Silent(OSError):
    """A disk does not answer; the message names it."""


@dataclass(slots=True)
class _Asked:
    """One disk, and who asks it."""

    answered: threading.Event = field(default_factory=threading.Event)
    at: float = field(default_factory=time.monotonic)
    """When it was asked."""
    heard: float = float("-inf")
    """When it last answered."""


class Disks:
    """The disks of a facility, each asked by one thread at most.

    Parameters
    ----------
    roots
        Folders that may be on disks of their own, and what each is for people. What is below one is
        on the same disk.
    """

    def __init__(self, roots: Mapping[Path, str] | None = None) -> None:
        self.roots = dict(roots or {})
        self._asked: dict[Path, _Asked] = {}
        self._turn = threading.Lock()

    def silent(self, path: Path) -> float | None:
        """How many seconds the disk of a path has not answered; None where it does.

        An error is an answer.
        """
        one = self._ask(path)
        if one.answered.wait(max(0.0, one.at + _PATIENCE - time.monotonic())):
            return None
        return time.monotonic() - one.at

    def _ask(self, path: Path) -> _Asked:
        """Ask the disk of a path, unless it is being asked or has just answered."""
        root = self._root(path)
        with self._turn:
            one = self._asked.get(root)
            if one is None or (one.answered.is_set() and time.monotonic() - one.heard > _HOLDS):
                one = self._asked[root] = _Asked()
                thread = threading.Thread(target=_ask, args=(root, one), daemon=True)
                thread.name = f"disk {root}"
                thread.start()
            return one

    def silent_roots(self) -> list[str]:
        """All that do not answer, in words; they are asked at once."""
        for root in self.roots:
            self._ask(root)
        waited = [(root, self.silent(root)) for root in self.roots]
        return [self.said(root, since) for root, since in waited if since is not None]

    def require(self, *paths: Path | None) -> None:
        """See that the disks of paths answer.

        Raises
        ------
        Silent
            Naming the first that does not.
        """
        for path in paths:
            since = None if path is None else self.silent(path)
            if path is not None and since is not None:
                raise Silent(self.said(path, since))

    def said(self, path: Path, since: float) -> str:
        """That the disk of a path does not answer, in words.

        Parameters
        ----------
        since
            Seconds.
        """
        root = self._root(path)
        what = f"{self.roots[root]}, {root}" if root in self.roots else str(root)
        return (
            f"the disk of {what} has not answered for {since:.0f} s: is the machine that has it "
            "up, and the network?"
        )

    def _root(self, path: Path) -> Path:
        found = (one for one in self.roots if path.is_relative_to(one))
        return max(found, key=lambda one: len(one.parts), default=path)


def _ask(root: Path, one: _Asked) -> None:
    with contextlib.suppress(OSError):
        os.statvfs(root)  # what the kernel remembers of a file system does not answer this
    one.heard = time.monotonic()
    one.answered.set()
