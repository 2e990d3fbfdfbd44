"""Movies in a folder that this machine sees: a disk, or a mounted file system of a microscope."""

import os
import stat
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from icestream.facility.duties.duty import Outage
from icestream.facility.transfer.address import Address
from icestream.facility.transfer.carry import carry
from icestream.facility.transfer.digest import digest
from icestream.facility.transfer.manner import Told
from icestream.facility.transfer.names import is_excluded
from icestream.facility.transfer.rsync import Between, RsyncRun
from icestream.facility.transfer.source import BROUGHT, Looked
from icestream.formats.watch import FolderWatch

__all__ = ["MountedSource"]

_LISTING = 20.0
"""Seconds that finding files may take at once; the rest is found in the next round."""


class MountedSource:
    """A folder that this machine sees: a disk, or a mounted file system of the microscope.

    Only its directories are asked whether they changed; see `icestream.formats.watch`.
    """

    def __init__(self, address: Address, exclude: Sequence[str] = ()) -> None:
        self.address = address
        assert address.folder is not None
        self._root = address.folder
        self._exclude = exclude
        self._watch: FolderWatch | None = None
        self.problems: dict[str, str] = {}
        self.lands_whole = False

    def find(self, now: float) -> list[str]:
        """Names of files that were not found before."""
        if not self._root.is_dir():
            self._watch = None
            raise Outage(f"{self._root} is not there: is the microscope's storage mounted?")
        if self._watch is None:
            # What is meant is the folder as it is called, brackets and all.
            self._watch = FolderWatch(f"{self._root}/**", ())
        found: list[str] = []
        until = time.monotonic() + _LISTING
        while True:
            found += [str(path)[len(str(self._root)) + 1 :] for path in self._watch.poll(now)]
            if self._watch.is_caught_up or time.monotonic() > until or not self._watch.folders:
                break
        self.problems = {
            str(path.relative_to(self._root)): f"the folder cannot be read: {reason}"
            for path, reason in self._watch.unreadable.items()
        }
        return [name for name in found if not is_excluded(name, self._exclude)]

    def as_of(self, now: float) -> float:
        """Now: files are asked themselves."""
        return now

    def look(self, name: str) -> Looked | None:
        """What a file is now; None when it is not there."""
        path = self._root / name
        try:
            status = os.stat(path)  # noqa: PTH116 - hot
        except FileNotFoundError:
            if path.is_symlink():
                return Looked(0, 0, 0, f"it is a link to {path.readlink()}, which is not there")
            return None
        except OSError as error:
            return Looked(0, 0, 0, f"it cannot be looked at: {error.strerror or error}")
        problem = ""
        if not stat.S_ISREG(status.st_mode):
            problem = "it is a pipe, a socket or a device, and no file"
        elif not path.resolve().is_relative_to(self._root.resolve()):
            problem = "it is a link that leads out of the folder"
        return Looked(status.st_size, status.st_mtime_ns, status.st_ctime_ns, problem)

    def path(self, name: str) -> Path | None:
        """The file."""
        return self._root / name

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
        """Compare files with the digests of copies, given as the names of ``name:digest``."""
        said = {}
        for name in names:
            try:
                ours, theirs = digest(self._root / name, stopped), digest(target / name, stopped)
            except OSError as error:
                said[name] = f"it cannot be read: {error.strerror or error}"
                continue
            said[name] = "" if ours == theirs else "the copy holds something else"
        return said

    def remove(self, target: Path, names: Sequence[str]) -> dict[str, str]:
        """Remove files; that their copies hold them was found out before."""
        said = {}
        for name in names:
            try:
                (self._root / name).unlink(missing_ok=True)
                said[name] = ""
            except OSError as error:
                said[name] = f"it cannot be removed: {error.strerror or error}"
        return said
