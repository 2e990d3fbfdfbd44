"""Where movies are copied from: a folder that this machine sees, or one of another machine."""

import os
import stat
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from icestream.facility.duties.duty import Outage
from icestream.facility.transfer.address import Address
from icestream.facility.transfer.digest import digest
from icestream.facility.transfer.names import is_excluded, unnamed
from icestream.facility.transfer.rsync import Between, Listed, list_files, run_rsync
from icestream.formats.watch import MOVIE_SUFFIXES, FolderWatch

__all__ = ["Looked", "MountedSource", "RemoteSource", "Source", "is_movie", "source_of"]

_LISTING = 20.0
"""Seconds that finding files may take at once; the rest is found in the next round."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a file at the source is now."""

    size: int
    modified: int
    """Nanoseconds since the epoch."""
    changed: int = -1
    """Of its inode, likewise; -1 where another machine does not tell it."""
    problem: str = ""
    """Why it cannot be copied."""


class Source(Protocol):
    """A place that files come from."""

    address: Address

    problems: dict[str, str]
    """What cannot be read or copied of what was found, by name, with the reason."""

    def find(self, now: float) -> list[str]:
        """Names of files that were not found before, and of those known to have changed."""

    def as_of(self, now: float) -> float:
        """The time to which what `look` says of files is true."""

    def look(self, name: str) -> Looked | None:
        """What a file is now; None when it is not there."""

    def path(self, name: str) -> Path | None:
        """The file, if this machine can open it."""

    def digest_is(
        self, target: Path, names: Sequence[str], stopped: threading.Event | None
    ) -> dict[str, str]:
        """Compare files with copies of them: what is wrong with each; empty text for nothing."""

    def remove(self, target: Path, names: Sequence[str]) -> dict[str, str]:
        """Remove files that a copy holds: what is wrong with each; empty text for nothing."""


def is_movie(name: str) -> bool:
    """Whether a name is that of a movie, and not of something that tells about one."""
    return name.lower().endswith(MOVIE_SUFFIXES)


def source_of(address: Address, exclude: Sequence[str], every: float) -> Source:
    """The source at an address.

    Parameters
    ----------
    exclude
        Patterns of what is left out.
    every
        Seconds between listings of another machine's folder.
    """
    if address.folder is not None:
        return MountedSource(address, exclude)
    return RemoteSource(address, exclude, every)


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


class RemoteSource:
    """A folder that rsync reaches, by ssh or a daemon; it is listed as a whole now and then."""

    def __init__(self, address: Address, exclude: Sequence[str] = (), every: float = 30.0) -> None:
        self.address = address
        self._exclude = exclude
        self._every = every
        self._listed: dict[str, Listed] = {}
        self._next = 0.0
        self._at = 0.0
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

    def digest_is(
        self, target: Path, names: Sequence[str], stopped: threading.Event | None
    ) -> dict[str, str]:
        """Let both machines read the files whole: rsync compares what they hold."""
        options = ["--dry-run", "--checksum"]
        ended = run_rsync(
            Between(self.address, Address(str(target))), names, options, stopped=stopped
        )
        said = dict.fromkeys(names, "the other machine said nothing of it")
        for name, differs in ended.done.items():
            said[name] = "" if differs is None else "the copy holds something else"
        return said | {name: why for name, why in ended.failed.items() if name in said}

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
