"""Whose a folder is that an export is written into, and who writes there now."""

import errno
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from icestream.store.records import SessionRecord

__all__ = ["MARKER", "claim_folder"]

MARKER = ".icestream-export"
"""In every export of several files that is written again: what it is, and of which session."""
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)
"""What file systems without locks say, such as Lustre where it is mounted without ``flock``."""


@contextmanager
def claim_folder(out: Path, session: SessionRecord, kind: str, join: str) -> Iterator[None]:
    """Make the folder of an export, or see that it is one of this kind and session.

    Nobody else writes an export there meanwhile: files that stay, as a project's tables, would be
    of one of the two, and files that were taken away of the other.

    Parameters
    ----------
    out
        The folder.
    session
        Whose export it is to be.
    kind
        As people read it: ``RELION project``.
    join
        How two of different sessions are put together.

    Raises
    ------
    FileExistsError
        If it holds something else, or another export is written there now.
    """
    marker = out / MARKER
    if out.exists() and any(out.iterdir()) and not marker.exists():
        raise FileExistsError(
            f"{out} is not empty and was not written by an earlier export; "
            "name an empty or new folder"
        )
    out.mkdir(parents=True, exist_ok=True)
    with _opened(marker) as file:
        if not _locked(file):
            raise FileExistsError(
                f"another export is being written into {out}: wait until it is done, or name "
                "another folder"
            )
        _check(out, file.read(), session, kind, join)
        file.seek(0)
        file.truncate()
        json.dump({"kind": kind, "session": session.name, "uid": session.uid}, file)
        file.flush()
        yield


def _check(out: Path, said: str, session: SessionRecord, kind: str, join: str) -> None:
    """Refuse a folder whose marker says that it is something else."""
    owner = json.loads(said) if said else {}
    is_now = owner.get("kind", "RELION project")  # the only one when no kind was written
    if owner and is_now != kind:
        raise FileExistsError(f"{out} is a {is_now}, and no {kind}; name an empty or new folder")
    if session.uid and owner.get("uid", session.uid) != session.uid:
        raise FileExistsError(
            f"{out} is a {kind} of the session {owner.get('session')}, and this is "
            f"{session.name}; name an empty or new folder, and {join}"
        )


def _opened(marker: Path) -> TextIO:
    number = os.open(marker, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    return os.fdopen(number, "r+", encoding="utf-8")


def _locked(file: TextIO) -> bool:
    """Whether nobody else holds the marker; where a file system knows no locks, nobody is seen."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    return True
