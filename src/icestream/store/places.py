"""Where things that belong to the machine rather than to a session are kept."""

import os
from pathlib import Path

import psutil

__all__ = ["is_network", "state_folder"]

_NETWORK = {
    "9p", "afs", "beegfs", "ceph", "cifs", "fuse.ceph", "fuse.glusterfs", "fuse.sshfs",
    "gpfs", "lustre", "nfs", "nfs4", "panfs", "smb3", "smbfs", "wekafs",
}  # fmt: skip


def state_folder() -> Path:
    """The folder of this user's machine-wide state: ``ICESTREAM_STATE``, or the XDG one."""
    given = os.environ.get("ICESTREAM_STATE")
    if given:
        return Path(given)
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "icestream"


def is_network(folder: Path) -> bool:
    """Whether `folder` is on a network file system, where SQLite's log is unsafe."""
    resolved = folder.resolve()
    best = ("", "")
    for mount in psutil.disk_partitions(all=True):
        # Of two mounts at one place the later covers the earlier: an automounter's own entry.
        if resolved.is_relative_to(mount.mountpoint) and len(mount.mountpoint) >= len(best[0]):
            best = (mount.mountpoint, mount.fstype)
    return best[1] in _NETWORK
