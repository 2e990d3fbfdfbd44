"""Movies in a bucket, where each object is whole as soon as it is listed."""

import threading
import time
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from icestream.facility.duties.duty import Outage
from icestream.facility.objects.address import ObjectAddress, misnamed
from icestream.facility.objects.bucket import ListedObject
from icestream.facility.objects.carrying import fetch_objects
from icestream.facility.objects.opened import opened
from icestream.facility.objects.troubles import ObjectTrouble
from icestream.facility.transfer.address import Address
from icestream.facility.transfer.carry import compared
from icestream.facility.transfer.manner import Told
from icestream.facility.transfer.names import is_excluded
from icestream.facility.transfer.rsync import Between, RsyncRun
from icestream.facility.transfer.source import Looked

__all__ = ["ObjectSource"]

_REST = 10.0
"""So many times as long as a listing took, none is asked for: with 100,000 objects it is a hundred
answers of the store."""


class ObjectSource:
    """Objects below a prefix of a bucket; they are listed as a whole now and then.

    Parameters
    ----------
    address
        As it was given.
    place
        The same, read.
    exclude
        Patterns of what is left out.
    every
        Seconds between listings, at least.
    """

    def __init__(
        self,
        address: Address,
        place: ObjectAddress,
        exclude: Sequence[str] = (),
        every: float = 30.0,
    ) -> None:
        self.address = address
        self.problems: dict[str, str] = {}
        """Objects that cannot be files, by name."""
        self.lands_whole = True
        self._place = place
        self._exclude = exclude
        self._every = every
        self._listed: dict[str, ListedObject] = {}
        self._next = 0.0
        self._at = 0.0
        self._compared: dict[str, str] = {}
        """ETags of objects that were found to be what their copies are."""

    def find(self, now: float) -> list[str]:
        """Names of objects that are new in this listing, or others than in the one before."""
        if now < self._next:
            return []
        began = time.monotonic()
        with opened(self._place) as bucket:
            found = bucket.listing(list(self._listed))
        listed, problems = self._usable(found)
        before, self._listed, self._at, self.problems = self._listed, listed, now, problems
        self._next = now + max(self._every, _REST * (time.monotonic() - began))
        return [name for name, each in listed.items() if before.get(name) != each]

    def _usable(
        self, found: Iterable[ListedObject]
    ) -> tuple[dict[str, ListedObject], dict[str, str]]:
        """Objects that can be files, and why others cannot."""
        listed: dict[str, ListedObject] = {}
        problems: dict[str, str] = {}
        for each in found:
            if not each.name or (each.name.endswith("/") and not each.size):
                continue  # how consoles of stores show a folder
            if wrong := misnamed(each.name):
                problems[each.name] = wrong
            elif not (each.name.startswith(".") or "/." in each.name) and not is_excluded(
                each.name, self._exclude
            ):
                listed[each.name] = each
        for name in _folders(listed) & listed.keys():
            problems[name] = "objects are below its name, which as a file it cannot be, too"
            del listed[name]
        return listed, problems

    def as_of(self, now: float) -> float:
        """When the bucket was listed; nothing that is listed is written any more."""
        return self._at if self._at else now

    def look(self, name: str) -> Looked | None:
        """What the last listing said of an object."""
        found = self._listed.get(name)
        if found is None:
            return None
        why = "it is in an archive, and has to be brought out of it first" if found.archived else ""
        return Looked(found.size, _modified(found), problem=why)

    def path(self, name: str) -> Path | None:
        """Nothing: the store has the object."""
        return None

    def bring(
        self,
        staging: Path,
        names: Sequence[str],
        *,
        limit: float,
        told: Told,
        stopped: threading.Event,
    ) -> RsyncRun:
        """Get objects, several at once."""
        known = {name: (self._listed[name], _modified(self._listed[name])) for name in names}
        with opened(self._place) as bucket:
            return fetch_objects(bucket, staging, known, limit=limit, told=told, stopped=stopped)

    def digest_is(
        self, target: Path, names: Sequence[str], stopped: threading.Event | None
    ) -> dict[str, str]:
        """Compare files with what the store says of its objects, or with those themselves."""
        said = compared(Between(self.address, Address(str(target))), names, stopped)
        for name, wrong in said.items():
            if not wrong and name in self._listed:
                self._compared[name] = self._listed[name].etag
        return said

    def remove(self, target: Path, names: Sequence[str]) -> dict[str, str]:
        """Remove objects that are still those which were compared with their copies."""
        said = {}
        with opened(self._place) as bucket:
            for name in names:
                try:
                    found = bucket.look(name)
                    if found is not None and found[0].etag != self._compared.get(name):
                        said[name] = "it changed at the source since it was compared"
                        continue
                    bucket.remove(name)
                    said[name] = ""
                except (Outage, ObjectTrouble) as error:
                    said[name] = str(error)
        return said


def _folders(names: Iterable[str]) -> set[str]:
    """All folders that names lead through."""
    found: set[str] = set()
    for name in names:
        above = name.rpartition("/")[0]
        while above and above not in found:
            found.add(above)
            above = above.rpartition("/")[0]
    return found


def _modified(found: ListedObject) -> int:
    return int(found.modified) * 10**9 + zlib.crc32(found.etag.encode()) % 10**9
