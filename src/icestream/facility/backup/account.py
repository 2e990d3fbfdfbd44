"""What is where of a session: at the source, in the copy, in each backup, and verified or not.

Plain questions to the ledgers, for reports and for rules of what may be deleted. Nothing here looks
into the backups themselves: that is what verifying them is for, and when that was is told.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from icestream.facility.backup.ledger import BackupLedger
from icestream.facility.transfer.ledger import CopyEntry
from icestream.facility.transfer.ledger import CopyLedger as TransferLedger
from icestream.facility.transfer.session import LEDGERS, ledger_of, route_of

__all__ = [
    "BackupAccount",
    "FileCopies",
    "SessionAccount",
    "SourceAccount",
    "account",
    "backup_ledgers",
    "copies_of",
    "safe_to_delete",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAccount:
    """What of the movies is at the source and in the copy."""

    source: str
    copy: str
    """Empty where they are read at the source."""
    found_files: int
    found_bytes: int
    copied_files: int
    copied_bytes: int
    """Verified: each was read back and compared with what was read at the source."""
    cleaned_files: int
    cleaned_bytes: int
    """Among those, removed at the source."""
    failed_files: int
    failed_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupAccount:
    """What one backup holds of a part of a session."""

    backup: str
    part: str
    """``movies`` or ``processing``."""
    files: int
    bytes: int
    gone_files: int
    gone_bytes: int
    """Among those, what the session has no more."""
    wrong: int
    """Files that were found not to be what they were."""
    whole: float
    """When the backup last had all that the session had; 0 for never. Seconds since the epoch."""
    verified: float
    """When all of it was last read again and found right; 0 for never."""
    volumes: tuple[str, ...]
    """Disks that it is on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionAccount:
    """What is where of a session."""

    movies: SourceAccount | None
    """None where it was not begun with a source."""
    backups: tuple[BackupAccount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCopies:
    """Where one file is beside the session."""

    name: str
    """Relative to the folder of the part."""
    size: int
    modified: int
    """Nanoseconds since the epoch; of the file that was backed up."""
    digest: str
    backups: tuple[str, ...]
    """Backups that hold it as it was read back then, and where nothing was found wrong since."""


def account(processing: Path) -> SessionAccount:
    """What is where of the session in a folder."""
    backups = []
    for name, path in backup_ledgers(processing).items():
        ledger = BackupLedger(path, readonly=True)
        try:
            for part, sums in sorted(ledger.sums().items()):
                backups.append(
                    BackupAccount(
                        backup=name,
                        part=part,
                        files=sums.files,
                        bytes=sums.bytes,
                        gone_files=sums.gone_files,
                        gone_bytes=sums.gone_bytes,
                        wrong=sums.wrong,
                        whole=float(ledger.noted("whole") or 0.0),
                        verified=float(ledger.noted("verified") or 0.0),
                        volumes=tuple(ledger.volumes()),
                    )
                )
        finally:
            ledger.close()
    return SessionAccount(movies=_movies(processing), backups=tuple(backups))


def backup_ledgers(processing: Path) -> dict[str, Path]:
    """The ledgers of the backups of a session, by the name of the backup."""
    found = sorted((processing / LEDGERS).glob("backup-*.db"))
    return {path.stem.removeprefix("backup-"): path for path in found}


def copies_of(processing: Path, part: str) -> Iterator[FileCopies]:
    """Where each file of a part is beside the session, in the order of their names.

    Parameters
    ----------
    part
        ``movies`` or ``processing``.
    """
    ledgers = {n: BackupLedger(p, readonly=True) for n, p in backup_ledgers(processing).items()}
    try:
        names = set().union(*(ledger.names(f"{part}/") for ledger in ledgers.values()))
        for name in sorted(names):
            held = [(backup, ledger.get(name)) for backup, ledger in ledgers.items()]
            good = [(b, kept) for b, kept in held if kept is not None and not kept.wrong]
            if not good:
                continue
            newest = max((kept for _, kept in good), key=lambda kept: kept.modified)
            yield FileCopies(
                name=name.partition("/")[2],
                size=newest.size,
                modified=newest.modified,
                digest=newest.digest,
                backups=tuple(
                    backup
                    for backup, kept in good
                    if (kept.size, kept.modified, kept.digest)
                    == (newest.size, newest.modified, newest.digest)
                ),
            )
    finally:
        for ledger in ledgers.values():
            ledger.close()


def safe_to_delete(processing: Path, part: str, root: Path, copies: int = 1) -> Iterator[Path]:
    """Files that are in so many backups as they are now: those that may be deleted here.

    A file that changed since it was backed up, or of which a backup was found to be wrong, is none.
    Before something is deleted on the strength of this, `icestream.facility.backup.verifying` reads
    the backups again.

    Parameters
    ----------
    root
        The folder of the part.
    """
    for each in copies_of(processing, part):
        if len(each.backups) < copies or not each.digest:
            continue
        path = root / each.name
        try:
            status = path.stat()
        except OSError:
            continue
        if (status.st_size, status.st_mtime_ns) == (each.size, each.modified):
            yield path


def _movies(processing: Path) -> SourceAccount | None:
    route = route_of(processing)
    if route is None:
        return None
    path = ledger_of(processing)
    entries: Iterator[CopyEntry] = iter(())
    ledger = TransferLedger(path, readonly=True) if path.exists() else None
    try:
        sums = {"found": [0, 0], "copied": [0, 0], "cleaned": [0, 0], "failed": [0, 0]}
        for entry in entries if ledger is None else ledger.every():
            if entry.state in ("gone", "older"):
                continue
            _add(sums["found"], entry.size)
            if entry.copied_size >= 0 and entry.state != "failed":
                _add(sums["copied"], entry.copied_size)
            if entry.state in ("cleaned", "failed"):
                _add(sums[entry.state], entry.size)
    finally:
        if ledger is not None:
            ledger.close()
    return SourceAccount(
        source=route.source,
        copy=route.copy,
        found_files=sums["found"][0],
        found_bytes=sums["found"][1],
        copied_files=sums["copied"][0],
        copied_bytes=sums["copied"][1],
        cleaned_files=sums["cleaned"][0],
        cleaned_bytes=sums["cleaned"][1],
        failed_files=sums["failed"][0],
        failed_bytes=sums["failed"][1],
    )


def _add(sums: list[int], size: int) -> None:
    sums[0] += 1
    sums[1] += max(0, size)
