"""Sessions that were put away: still there, and not in the list unless it is asked for."""

import json
import time
from contextlib import suppress
from pathlib import Path

__all__ = ["archive", "is_archived", "unarchive"]

_MARK = "archived.json"
"""File in the session's folder: wherever that is moved, the session stays put away."""


def is_archived(folder: Path) -> bool:
    """Whether a session was put away."""
    return (folder / _MARK).exists()


def archive(folder: Path, who: str) -> None:
    """Put a session away; PermissionError where its folder cannot be written."""
    said = json.dumps({"who": who, "time": time.time()})
    with suppress(FileExistsError), (folder / _MARK).open("x") as written:
        written.write(said + "\n")


def unarchive(folder: Path) -> None:
    """Take a session out again; PermissionError where its folder cannot be written."""
    (folder / _MARK).unlink(missing_ok=True)
