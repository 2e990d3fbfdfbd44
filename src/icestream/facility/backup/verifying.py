"""Reading a backup again, whole, and letting go of what it need not keep any more."""

import contextlib
import math
import tempfile
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from icestream.facility.backup.ledger import BackedFile, BackupLedger
from icestream.facility.backup.target import BackupVolume, volume_of
from icestream.facility.transfer.address import Address
from icestream.facility.transfer.carry import carry
from icestream.facility.transfer.digest import Interrupted, from_disk
from icestream.facility.transfer.rsync import Between

__all__ = ["Verified", "prune", "verify"]

_MOST = 500
"""Files of another machine that are fetched and read at once."""
_BYTES = 4e9


@dataclass(slots=True)
class Verified:
    """What reading a backup again came to."""

    files: int = 0
    bytes: int = 0
    wrong: dict[str, str] = field(default_factory=dict)
    """Files that are not what was backed up; the next round copies again what is still there."""
    elsewhere: int = 0
    """Files on disks that are not there now."""


def verify(
    ledger: BackupLedger,
    target: Address,
    folder: Address,
    *,
    since: float = math.inf,
    until: float = math.inf,
    stopped: threading.Event | None = None,
) -> Verified:
    """Read each file of a session's backup and compare it with the digest of when it was made.

    Files of another machine are fetched for that, a few at a time.

    Parameters
    ----------
    target, folder
        The backup, and the session's folder in it.
    since
        Files that were read after this are not read again; seconds since the epoch.
    until
        When to leave the rest for another time, by the monotonic clock.

    Raises
    ------
    Outage
        If the backup is away.
    """
    volume = volume_of(None, target)
    done = Verified()
    batch: list[BackedFile] = []
    began = time.time()
    for kept in ledger.every():
        if kept.link or not kept.digest or (kept.checked or 0.0) >= since:
            continue
        if kept.volume != volume.id:
            done.elsewhere += 1
            continue
        batch.append(kept)
        if len(batch) >= _MOST or sum(each.size for each in batch) > _BYTES:
            _verify(ledger, folder, batch, done, stopped)
            batch = []
            if time.monotonic() > until:
                return done
    _verify(ledger, folder, batch, done, stopped)
    if stopped is None or not stopped.is_set():
        ledger.note("read", f"{began:.3f}")
        if not (done.elsewhere or done.wrong):
            ledger.note("verified", f"{time.time():.3f}")
    return done


def _verify(
    ledger: BackupLedger,
    folder: Address,
    batch: list[BackedFile],
    done: Verified,
    stopped: threading.Event | None,
) -> None:
    if not batch or (stopped is not None and stopped.is_set()):
        return
    with contextlib.ExitStack() as held:
        root, failed = folder.folder, {}
        if root is None:
            root = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="icestream-verify-")))
            between = Between(folder, Address(str(root)))
            failed = carry(between, [kept.name for kept in batch], stopped=stopped).failed
        now = time.time()
        for kept in batch:
            wrong = failed.get(kept.name) or _read(root / kept.name, kept, stopped)
            if stopped is not None and stopped.is_set():
                return
            ledger.checked(kept.name, now, wrong)
            if wrong:
                done.wrong[kept.name] = wrong
            done.files += 1
            done.bytes += kept.size


def _read(path: Path, kept: BackedFile, stopped: threading.Event | None) -> str:
    try:
        same = from_disk(path, stopped).digest == kept.digest
    except FileNotFoundError:
        return "it is not in the backup any more"
    except OSError as error:
        return f"it cannot be read: {error.strerror or error}"
    except Interrupted:
        return kept.wrong
    return "" if same else "it holds something else than what was backed up"


def prune(
    ledger: BackupLedger,
    folder: Path,
    volume: BackupVolume,
    before: float,
    spared: Collection[str] = (),
) -> int:
    """Remove what was replaced, and what is gone from the session, since before a time; bytes.

    Only in a folder of this machine, and only what is on the disk that is there.

    Parameters
    ----------
    spared
        Files that went from the session because the backup has them: they stay.
    """
    removed = 0
    for _, place, size, _ in ledger.former(before):
        path = folder / place
        if path.exists():
            path.unlink()
            removed += size
        ledger.drop_former(place)
    for kept in ledger.gone_since(before):
        if kept.volume == volume.id and kept.name not in spared:
            with contextlib.suppress(FileNotFoundError):
                (folder / kept.name).unlink()
                removed += kept.size
            ledger.forget(kept.name)
    return removed
