"""What a place is asked that movies are copied from, wherever it is."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from icestream.facility.transfer.address import Address
from icestream.facility.transfer.manner import Manner, Told
from icestream.facility.transfer.rsync import RsyncRun
from icestream.formats.watch import MOVIE_SUFFIXES

__all__ = ["BROUGHT", "Looked", "Source", "is_movie"]

BROUGHT = Manner(resumes=True, bare=True)
"""How files are brought into the hidden folder in which they are verified."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a file at the source is now."""

    size: int
    modified: int
    """Nanoseconds since the epoch. A store of objects tells seconds: what is behind them is made of
    the object's ETag, so that another one of the same second has another time."""
    changed: int = -1
    """Of its inode, likewise; -1 where another machine does not tell it."""
    problem: str = ""
    """Why it cannot be copied."""


class Source(Protocol):
    """A place that files come from."""

    address: Address

    problems: dict[str, str]
    """What cannot be read or copied of what was found, by name, with the reason."""

    lands_whole: bool
    """Whether what is found is never written any more."""

    def find(self, now: float) -> list[str]:
        """Names of files that were not found before, and of those known to have changed."""

    def as_of(self, now: float) -> float:
        """The time to which what `look` says of files is true."""

    def look(self, name: str) -> Looked | None:
        """What a file is now; None when it is not there."""

    def path(self, name: str) -> Path | None:
        """The file, if this machine can open it."""

    def bring(
        self,
        staging: Path,
        names: Sequence[str],
        *,
        limit: float,
        told: Told,
        stopped: threading.Event,
    ) -> RsyncRun:
        """Copy files into a folder; what came of one that is interrupted is gone on with.

        Parameters
        ----------
        limit
            Bytes per second; 0 for as fast as it goes.
        told
            Is called when a file has come.

        Raises
        ------
        Outage
            If nothing can be copied.
        """

    def digest_is(
        self, target: Path, names: Sequence[str], stopped: threading.Event | None
    ) -> dict[str, str]:
        """Compare files with copies of them: what is wrong with each; empty text for nothing."""

    def remove(self, target: Path, names: Sequence[str]) -> dict[str, str]:
        """Remove files that a copy holds: what is wrong with each; empty text for nothing."""


def is_movie(name: str) -> bool:
    """Whether a name may be that of a movie, and not of something that tells about one."""
    return name.lower().endswith(MOVIE_SUFFIXES)
