"""Where a backup is kept: a folder, a disk that comes and goes, or a folder of another machine.

A file in it tells that it is meant: where a disk is not mounted there is only the empty folder that
it would be mounted on, and writing there would fill the wrong disk and back up nothing.
"""

import json
import shutil
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from icestream.documents import read_json
from icestream.facility.duties.duty import Outage
from icestream.facility.transfer.address import Address
from icestream.facility.transfer.carry import carry
from icestream.facility.transfer.rsync import Between

__all__ = ["MARKER", "AlreadyPrepared", "BackupVolume", "free_bytes", "prepare", "volume_of"]

MARKER = ".icestream-backup.json"
"""The file that makes a folder one that backups go to."""


class AlreadyPrepared(ValueError):
    """The folder is a backup's already."""


@dataclass(frozen=True, slots=True)
class BackupVolume:
    """One disk or folder that holds a part of a backup."""

    name: str
    """The backup's."""
    id: str
    """Its own: another disk has another."""


def prepare(name: str, target: Address) -> BackupVolume:
    """Mark a folder as one that the backup `name` goes to.

    Raises
    ------
    AlreadyPrepared
        If it is marked already.
    Outage
        If it is not there, or cannot be written.
    """
    folder = target.folder
    try:
        known = volume_of(None, target)
    except Outage:
        if folder is not None and not folder.is_dir():
            raise Outage(f"{folder} is not there: make the folder, or mount the disk") from None
    else:
        raise AlreadyPrepared(f"{target} is the backup {known.name!r} already (disk {known.id})")
    made = BackupVolume(name, uuid.uuid4().hex[:12])
    said = json.dumps({"name": made.name, "volume": made.id, "made": time.time()}) + "\n"
    if folder is not None:
        try:
            (folder / MARKER).write_text(said)
        except OSError as error:
            raise Outage(f"{folder} cannot be written: {error.strerror or error}") from None
        return made
    with tempfile.TemporaryDirectory(prefix="icestream-backup-") as held:
        (Path(held) / MARKER).write_text(said)
        carry(Between(Address(held), target), [MARKER])
    return made


def volume_of(name: str | None, target: Address) -> BackupVolume:
    """The disk that is there now.

    Parameters
    ----------
    name
        Of the backup that it must belong to; None for any.

    Raises
    ------
    Outage
        If none is there, or another backup's.
    """
    with tempfile.TemporaryDirectory(prefix="icestream-backup-") as held:
        folder = target.folder or Path(held)
        if target.folder is None:
            carry(Between(target, Address(held)), [MARKER])
        try:
            said = read_json((folder / MARKER).read_bytes())
            found = BackupVolume(str(said["name"]), str(said["volume"]))
        except FileNotFoundError:
            raise Outage(
                f"{target} has no {MARKER}: the disk is not mounted, or the folder was never "
                f"prepared (icestream facility backup --prepare {name or 'NAME'})"
            ) from None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise Outage(f"{target}/{MARKER} cannot be read: {error}") from None
    if name is not None and found.name != name:
        raise Outage(f"{target} belongs to the backup {found.name!r}, and not to {name!r}")
    return found


def free_bytes(target: Address) -> int | None:
    """Bytes that are free there; None where another machine does not tell."""
    return None if target.folder is None else shutil.disk_usage(target.folder).free
