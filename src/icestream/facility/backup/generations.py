"""The registry at a place of backups: one for each hour of a day, and for each day of a month.

Each has one file, which the next of the same hour or day replaces when it is there whole. So there
are never more than 55, and nothing has to be removed, which rsync cannot do everywhere.
"""

import re
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from icestream.facility.backup.archive import ARCHIVE, BadArchive, pack, read_archive
from icestream.facility.backup.comparing import compare_copies
from icestream.facility.duties.duty import Outage
from icestream.facility.objects.opened import opened
from icestream.facility.opened import Facility
from icestream.facility.registry.contents import NotTheSame
from icestream.facility.transfer.address import Address
from icestream.facility.transfer.carry import carry
from icestream.facility.transfer.manner import Manner
from icestream.facility.transfer.rsync import Between, list_files

__all__ = [
    "FOLDER",
    "Generation",
    "fetched",
    "find_generation",
    "generations",
    "keep_generation",
    "wrong_generations",
]

FOLDER = ".registry"
"""At a place of backups; sessions' names begin with no dot."""
_NAME = re.compile(r"(?:hour|day)-\d\d\.zip")


@dataclass(frozen=True, slots=True)
class Generation:
    """The registry as it was."""

    name: str
    """``hour-14`` or ``day-30``."""
    at: float
    """Seconds since the epoch."""
    bytes: int


def keep_generation(facility: Facility, target: Address, now: float | None = None) -> list[str]:
    """Bring the registry to a place, as it is now; what could not go along with it, and why.

    Raises
    ------
    Outage
        If it did not arrive as it is.
    """
    now = time.time() if now is None else now
    at = facility.local(now)
    names = [f"hour-{at:%H}{ARCHIVE}", f"day-{at:%d}{ARCHIVE}"]
    folder = target.below(FOLDER)
    with tempfile.TemporaryDirectory(prefix="icestream-registry-") as made:
        first, second = (Path(made) / name for name in names)
        try:
            packed = pack(facility, first, now)
            second.hardlink_to(first)
            if folder.folder is not None:
                folder.folder.mkdir(mode=0o700, exist_ok=True)
        except NotTheSame as error:
            raise Outage(str(error)) from None
        except OSError as error:
            what = error.filename or folder
            raise Outage(f"{what} cannot be written: {error.strerror or error}") from None
        between = Between(Address(made), folder)
        run = carry(between, names, Manner(makes=folder.folder is None))
        compared = compare_copies(between, run, names, threading.Event())
        for name in names:
            found = compared.get(name, run.failed.get(name, "it did not arrive"))
            if isinstance(found, str):
                raise Outage(f"{folder}/{name}: {found}")
    return [one.trouble for one in packed.files if one.trouble]


def generations(target: Address) -> list[Generation]:
    """Those that a place has, the newest first.

    Raises
    ------
    Outage
        If it cannot be listed.
    """
    folder = target.below(FOLDER)
    if folder.objects is not None:
        with opened(folder.objects) as bucket:
            found = [(one.name, one.modified, one.size) for one in bucket.listing()]
    elif folder.folder is None:
        found = [(one.name, one.modified / 1e9, one.size) for one in list_files(folder)]
    elif not folder.folder.is_dir():
        found = []
    else:
        listed = [(path, path.stat()) for path in folder.folder.iterdir() if path.is_file()]
        found = [(path.name, status.st_mtime, status.st_size) for path, status in listed]
    known = [
        Generation(name.removesuffix(ARCHIVE), at, size)
        for name, at, size in found
        if _NAME.fullmatch(name)
    ]
    return sorted(known, key=lambda one: (-one.at, one.name))


def find_generation(target: Address, name: str | None = None) -> Generation:
    """One of them by its name, or the newest.

    Raises
    ------
    LookupError
        If there is none.
    Outage
        If the place is away.
    """
    known = generations(target)
    if not known:
        raise LookupError(f"{target} has no registry: it was never backed up there")
    if name is None:
        return known[0]
    for one in known:
        if one.name == name:
            return one
    there = ", ".join(one.name for one in known)
    raise LookupError(f"{target} has no registry {name!r}; there are {there}")


def fetched(target: Address, generation: Generation, folder: Path) -> Path:
    """A generation as a file of this machine: where it is, or brought into `folder`.

    Raises
    ------
    Outage
        If it cannot be brought.
    """
    name, origin = f"{generation.name}{ARCHIVE}", target.below(FOLDER)
    if origin.folder is not None:
        return origin.folder / name
    run = carry(Between(origin, Address(str(folder))), [name])
    if name not in run.done:
        raise Outage(f"{origin}/{name}: {run.failed.get(name, 'it did not arrive')}")
    return folder / name


def wrong_generations(target: Address) -> Iterator[str]:
    """Read all of them again; those that are not what they were, and why.

    Raises
    ------
    Outage
        If the place is away.
    """
    with tempfile.TemporaryDirectory(prefix="icestream-registry-") as held:
        for one in generations(target):
            try:
                read_archive(fetched(target, one, Path(held)))
            except (BadArchive, OSError) as error:
                yield f"registry {one.name}: {error}"
