"""Files that another machine has written, and that this one may not see yet.

A client of a file system over the network keeps for a while what it knows of a folder, also that a
name is not there. It asks the server again when the folder is opened.
"""

import contextlib
import os
import time
from collections.abc import Iterable
from pathlib import Path

__all__ = ["unseen", "wait_until_seen"]

_LOOK = 0.2
_LONGEST = 2.0
"""Seconds of the first and of the longest pause between two looks."""


def unseen(files: Iterable[Path]) -> list[Path]:
    """Those that are not there, as far as can be seen from here now."""
    missing = [file for file in files if not file.exists()]
    for folder in {file.parent for file in missing}:
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            next(entries, None)  # to open it is what makes the client ask
    return [file for file in missing if not file.exists()]


def wait_until_seen(files: Iterable[Path], patience: float) -> list[Path]:
    """Wait until all are there; returns those that are not after so many seconds."""
    if patience <= 0:
        return []
    until, pause = time.monotonic() + patience, _LOOK
    missing = unseen(files)
    while missing and time.monotonic() < until:
        time.sleep(pause)
        pause = min(_LONGEST, 2 * pause)
        missing = unseen(missing)
    return missing
