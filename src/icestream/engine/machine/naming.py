"""Names on this machine: of a session, for its leases and its doorbell, and of a person."""

import getpass
import hashlib
import os
from pathlib import Path

__all__ = ["name_here", "person_here"]


def name_here(uid: str, folder: Path) -> str:
    """Name of the session `uid` in `folder` among all sessions of this machine.

    The folder counts by its device and inode, by whatever path it is called: so the name stays
    when the session is moved, and what a coordinator that was killed left behind is found. Its uid
    alone would not do: a copied folder is the same session twice, and each of its coordinators
    must end only its own programs and hear only its own bell. The inode alone would not do either:
    it is given to another folder when this one is deleted. 24 letters, since the path of a socket
    has a hundred bytes at most.
    """
    status = folder.stat()
    known = f"{uid} {status.st_dev} {status.st_ino}"
    return hashlib.blake2b(known.encode(), digest_size=12).hexdigest()


def person_here() -> str:
    """The name of whoever runs this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as somebody whom the system does not know
        return f"uid {os.getuid()}"
