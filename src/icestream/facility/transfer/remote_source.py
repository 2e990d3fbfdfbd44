"""Movies in a folder of another machine, which rsync reaches."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path

from icestream.facility.duties.duty import Outage
from icestream.facility.transfer.address import Address
from icestream.facility.transfer.carry import carry, compared
from icestream.facility.transfer.manner import Told
from icestream.facility.transfer.names import is_excluded, unnamed
from icestream.facility.transfer.rsync import Between, Listed, RsyncRun, list_files, run_rsync
from icestream.facility.transfer.source import BROUGHT, Looked

__all__ = ["RemoteSource"]


class RemoteSource:
    """A folder that rsync reaches, by ssh or a daemon; it is listed as a whole now and then."""

    def __init__(self, address: Address, exclude: Sequence[str] = (), every: float = 30.0) -> None:
        self.address = address
        self._exclude = exclude
        self._every = every
        self._listed: dict[str, Listed] = {}
        self._next = 0.0
        self._at = 0.0
        self.lands_whole = False
        self.problems: dict[str, str] = {}
        """Names that another machine told and that cannot be copied."""

    def find(self, now: float) -> list[str]:
        """Names of files that are new in this listing, or differ from the one before."""
        if now < self._next:
            return []
        began = time.monotonic()
        listed = {}
        for each in list_files(self.address):
            if is_excluded(each.name, self._exclude):
                continue
            if wrong := unnamed(each.name):
                self.problems[each.name] = wrong
                continue
            listed[each.name] = each
        before, self._listed, self._at = self._listed, listed, now
        # A folder of very many files is not listed more often than it can be.
        self._next = now + max(self._every, 10.0 * (time.monotonic() - began))
        return [name for name, each in listed.items() if before.get(name) != each]

    def as_of(self, now: float) -> float:
        """When the folder was listed."""
        return self._at

    def look(self, name: str) -> Looked | None:
        """What the last listing said of a file."""
        found = self._listed.get(name)
        return None if found is None else Looked(found.size, found.modified)

    def path(self, name: str) -> Path | None:
        """Nothing: another machine has the file."""
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
        """Let rsync copy files."""
        between = Between(self.address, Address(str(staging)))
        return carry(between, names, BROUGHT, limit=limit, told=told, stopped=stopped)

    def digest_is(
        self, target: Path, names: Sequence[str], stopped: threading.Event | None
    ) -> dict[str, str]:
        """Let both machines read the files whole: rsync compares what they hold."""
        return compared(Between(self.address, Address(str(target))), names, stopped)

    def remove(self, target: Path, names: Sequence[str]) -> dict[str, str]:
        """Let the other machine remove files, each after it was compared with its copy again."""
        options = ["--checksum", "--remove-source-files"]
        try:
            ended = run_rsync(Between(self.address, Address(str(target))), names, options)
        except Outage as error:
            return dict.fromkeys(names, str(error))
        left = {each.name for each in list_files(self.address)}
        return {
            name: ended.failed.get(name, "the other machine kept it") if name in left else ""
            for name in names
        }
