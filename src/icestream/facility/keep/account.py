"""Where every byte of the facility's sessions is, and what nobody accounts for."""

import os
import shutil
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from icestream.facility.keep.copies import BackupCopies
from icestream.facility.keep.inventory import FileTally, Inventory, kept_inventory, take_inventory
from icestream.facility.keep.known import Layout, rows
from icestream.facility.keep.planning import layout_of
from icestream.facility.opened import Facility
from icestream.facility.registry.records import KnownSession
from icestream.facility.registry.sessions import sessions

__all__ = [
    "BackedUpBytes",
    "PlaceAccount",
    "StorageAccount",
    "UnclaimedBytes",
    "account",
    "age_words",
    "unclaimed",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUpBytes:
    """What one backup holds of a session, as its ledger says."""

    backup: str
    files: int
    bytes: int
    verified: int
    """Files that were read back there and found right."""
    wrong: int
    """Files that were found wrong."""
    gone_bytes: int
    """Of files that the session itself has no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceAccount:
    """What of one session is where."""

    session: KnownSession
    here: Inventory | None
    """What is in its place, as of the last look; None: nobody has looked yet, or it is gone."""
    source: Mapping[str, FileTally] = field(default_factory=dict)
    """Files at the microscope by their state, as the ledger of the copy knows them; empty where
    nothing is copied."""
    backups: tuple[BackedUpBytes, ...] = ()
    problem: str = ""
    """Why its place was not looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnclaimedBytes:
    """What is in the folder of the sessions and in no session's place."""

    tally: FileTally
    names: tuple[str, ...]
    """The folders and files at the top of it, relative to the folder of the sessions."""
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageAccount:
    """Where every byte is."""

    sessions: tuple[PlaceAccount, ...]
    unclaimed: UnclaimedBytes | None
    """None where only some sessions were asked for."""
    disk: int
    """Size of the file system of the sessions."""
    free: int

    @property
    def total(self) -> FileTally:
        """All that was looked at."""
        seen = (one.here.total for one in self.sessions if one.here is not None)
        return sum(seen, FileTally() if self.unclaimed is None else self.unclaimed.tally)


def account(
    facility: Facility,
    *,
    session: str | None = None,
    project: str | None = None,
    microscope: str | None = None,
    fresh: bool = False,
) -> StorageAccount:
    """Where every byte is, of all sessions or of some.

    Places are not looked at, but for those that never were; the age of each look is in it.

    Parameters
    ----------
    session
        Name of one.
    project, microscope
        Only sessions of it.
    fresh
        Look at every file now: with many sessions this takes long.
    """
    with facility.registry.read() as connection:
        found = sessions(connection, project=project, microscope=microscope)
    if session is not None:
        found = tuple(one for one in found if session in (one.name, one.folder, one.place, one.key))
    whole = session is None and project is None and microscope is None
    disk = shutil.disk_usage(facility.sessions)
    return StorageAccount(
        sessions=tuple(_of(facility, one, fresh=fresh) for one in found),
        unclaimed=unclaimed(facility.sessions, _places(found)) if whole else None,
        disk=disk.total,
        free=disk.free,
    )


def unclaimed(root: Path, places: Sequence[Path]) -> UnclaimedBytes:
    """What is below a folder and in none of the places."""
    claimed = set(places)
    above = {parent for place in places for parent in place.parents}
    tally, names, unread = FileTally(0, 0, os.lstat(root).st_blocks * 512), [], []
    seen: set[int] = set()
    waiting = [(root, True)]
    while waiting:
        folder, is_top = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                found = list(entries)
        except OSError:
            unread.append(str(folder.relative_to(root)))
            continue
        for entry in found:
            path = Path(entry.path)
            if path in claimed:
                continue
            status = entry.stat(follow_symlinks=False)
            tally += _once(status, seen)
            leads = path in above
            if is_top and not leads:
                names.append(str(path.relative_to(root)))
            if stat.S_ISDIR(status.st_mode):
                waiting.append((path, is_top and leads))
    return UnclaimedBytes(tally=tally, names=tuple(sorted(names)), unread=tuple(sorted(unread)))


def _once(status: os.stat_result, seen: set[int]) -> FileTally:
    if stat.S_ISDIR(status.st_mode):
        return FileTally(0, 0, status.st_blocks * 512)
    if status.st_nlink > 1:
        if status.st_ino in seen:
            return FileTally(1, 0, 0)
        seen.add(status.st_ino)
    return FileTally(1, status.st_size, status.st_blocks * 512)


def _places(found: Sequence[KnownSession]) -> list[Path]:
    return [Path(one.place) for one in found]


def _of(facility: Facility, session: KnownSession, *, fresh: bool) -> PlaceAccount:
    layout = layout_of(facility, session)
    if layout is None:
        why = f"its folder {session.folder} is not in its place {session.place}"
        return PlaceAccount(session=session, here=None, problem=why)
    here, problem = None if fresh else kept_inventory(layout.folder), ""
    if here is None:
        try:
            here = take_inventory(layout)
        except OSError as error:
            problem = f"{error.filename or layout.place}: {error.strerror or error}"
    return PlaceAccount(
        session=session,
        here=here,
        source=_source(layout),
        backups=tuple(_backups(layout)),
        problem=problem,
    )


def _source(layout: Layout) -> dict[str, FileTally]:
    asked = "SELECT state, COUNT(*), SUM(MAX(size, 0)) FROM file GROUP BY state"
    told = rows(layout.folder / ".facility" / "transfer.db", asked)
    return {state: FileTally(files, size or 0, 0) for state, files, size in told}


def _backups(layout: Layout) -> Iterator[BackedUpBytes]:
    asked = (
        "SELECT COUNT(*), COALESCE(SUM(size), 0), COALESCE(SUM(digest != '' AND wrong = ''), 0),"
        " COALESCE(SUM(wrong != ''), 0),"
        " COALESCE(SUM(CASE WHEN gone IS NULL THEN 0 ELSE size END), 0) FROM kept"
    )
    for ledger in BackupCopies.ledgers(layout.folder):
        for files, size, verified, wrong, gone in rows(ledger, asked):
            yield BackedUpBytes(
                backup=ledger.stem.removeprefix("backup-"), files=files, bytes=size,
                verified=verified, wrong=wrong, gone_bytes=gone,
            )  # fmt: skip


def age_words(inventory: Inventory | None, now: float | None = None) -> str:
    """How long ago a place was looked at."""
    if inventory is None:
        return "never looked at"
    minutes = ((time.time() if now is None else now) - inventory.at) / 60
    if minutes < 2:
        return "now"
    return f"{minutes:.0f} min ago" if minutes < 120 else f"{minutes / 60:.0f} h ago"
