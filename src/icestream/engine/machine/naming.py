"""The name of a session on this machine: of its leases, its share and its doorbell."""

import hashlib
from pathlib import Path

__all__ = ["name_here"]


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
