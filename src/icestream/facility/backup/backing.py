"""Backing one session up, round by round, while it runs.

The order is what makes a backup one that a session can go on from: first a copy of the store as it
is at this moment, then the files, among them all that this store names, and the store into its
place when they are there.
"""

import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from icestream.facility.backup.ledger import Kept, Ledger
from icestream.facility.backup.manifest import MANIFEST, write_manifest
from icestream.facility.backup.stores import is_part_of_a_store, named_files, snapshot, stamp
from icestream.facility.backup.target import Volume, free_bytes, volume_of
from icestream.facility.backup.tree import Found, Tree
from icestream.facility.transfer.address import Address
from icestream.facility.transfer.arriving import ARRIVING
from icestream.facility.transfer.digest import Interrupted, from_disk
from icestream.facility.transfer.names import is_excluded
from icestream.facility.transfer.rsync import Between, Outage, run_rsync
from icestream.model import safe_file_name
from icestream.store import sqlite
from icestream.store.open import FILE
from icestream.store.pointer import POINTER

__all__ = ["CARD", "LEDGER", "MOVIES", "PROCESSING", "Backed", "Backing", "Backup", "What"]

MOVIES, PROCESSING = "movies", "processing"
CARD = "backup.json"
"""What a backup says of itself: whose it is, from where, and as of when."""
LEDGER = "backup.db"
"""Copy of the ledger in the backup."""
_FORMER = "former"
_MOST = 2000
_BYTES = 4e9
"""Of a batch: then it is asked again whether the disk is there, and whether to stop."""
_TRIES = 3
"""Copies of the store that are made until all that it names is in the backup."""
_LEFT_OUT = (".scratch", "coordinator.lock", "archived.json", POINTER)
"""Names at the top of a session's folder that a backup does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """Where backups go, and how."""

    name: str
    target: Address
    what: tuple[str, ...] = (MOVIES, PROCESSING)
    exclude: tuple[str, ...] = ()
    limit: float = 0.0
    """Bytes per second; 0 for no limit."""
    reserve: int = 0
    """Bytes that stay free on its disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class What:
    """A session that is backed up."""

    session: str
    processing: Path
    movies: Path | None
    """Where its movies are: its copy of them, or the microscope's folder; None for nowhere."""
    place: Path | None = None
    """Folder of the session in the facility's tree."""

    @property
    def ledgers(self) -> Path:
        """Folder of the ledgers of the session."""
        return self.processing / ".facility"


@dataclass(slots=True)
class Backed:
    """What one round came to."""

    copied: int = 0
    bytes: int = 0
    gone: int = 0
    looked: int = 0
    """Files that were asked whether they changed."""
    failed: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    """Files that the session's store names and that are not in the backup: the session has lost
    them itself."""
    outage: str = ""
    seconds: float = 0.0


class Backing:
    """The backup of one session to one place; `round` again and again brings what is new."""

    def __init__(self, what: What, backup: Backup) -> None:
        self.what, self.backup = what, backup
        self.ledger = Ledger(what.ledgers / f"backup-{backup.name}.db")
        self.folder = backup.target.below(safe_file_name(what.session))
        self._trees: dict[str, Tree] = {}
        if PROCESSING in backup.what:
            self._trees[PROCESSING] = Tree(what.processing, self._skips)
        if MOVIES in backup.what and what.movies is not None:
            self._trees[MOVIES] = Tree(what.movies, self._skips_movie)
        self._stamps: dict[str, str] = {}
        self._unreached: dict[str, Found] = {}
        """Files that are to be copied and were not, in an earlier round."""

    def close(self) -> None:
        """Give the ledger up."""
        self.ledger.close()

    def _skips(self, name: str) -> bool:
        top = name.split("/", 1)[0]
        if top == ".facility":
            base = name.rpartition("/")[2]
            return base.startswith("backup-") or is_part_of_a_store(name)
        hidden = any(part.startswith(".") for part in name.split("/"))
        return (
            hidden
            or name in _LEFT_OUT
            or is_part_of_a_store(name)
            or is_excluded(name, self.backup.exclude)
        )

    def _skips_movie(self, name: str) -> bool:
        hidden = any(part.startswith(".") for part in name.split("/"))
        return hidden or name.split("/", 1)[0] == ARRIVING or is_excluded(name, self.backup.exclude)

    def round(self, now: float | None = None, stopped: threading.Event | None = None) -> Backed:
        """Bring what is new or has changed; what is gone stays in the backup.

        Nothing that happens to files, disks or machines is raised: it is in what comes back.
        """
        began, now = time.monotonic(), time.time() if now is None else now
        ended, stopped = Backed(), stopped or threading.Event()
        try:
            volume = volume_of(self.backup.name, self.backup.target)
            if self.folder.folder is not None:
                self.folder.folder.mkdir(exist_ok=True)
            self._all(volume, ended, now, stopped)
            if ended.copied or not self.ledger.noted("manifest"):
                self._seal(volume, now)
        except Outage as error:
            ended.outage = str(error)
        except Interrupted:
            pass
        except OSError as error:
            ended.outage = f"{error.filename or self.folder}: {error.strerror or error}"
        self.ledger.note("outage", ended.outage)
        self.ledger.note("round", f"{now:.3f}")
        self.ledger.note("missing", json.dumps(ended.missing[:100]))
        self.ledger.note("failed", json.dumps(dict(list(ended.failed.items())[:100])))
        if not (ended.outage or ended.failed or ended.missing or stopped.is_set()):
            self.ledger.note("whole", f"{now:.3f}")
        ended.seconds = time.monotonic() - began
        return ended

    # -- what is to be copied -----------------------------------------------------------

    def _all(
        self, volume: Volume, ended: Backed, now: float, stopped: threading.Event
    ) -> None:
        # Movies first: they are what cannot be made again.
        if MOVIES in self._trees:
            movies = self._changed(MOVIES, volume, ended, now)
            self._bring(MOVIES, self.what.movies, movies, volume, ended, now, stopped)
        if PROCESSING not in self._trees:
            return
        with tempfile.TemporaryDirectory(
            prefix=f"backup-{self.backup.name}-", dir=self._held()
        ) as held:
            for _ in range(_TRIES):
                found = self._changed(PROCESSING, volume, ended, now)
                stores = self._snapshots(found, Path(held), volume)
                # A file that came since the tree was looked at may be named in the store.
                found |= self._changed(PROCESSING, volume, ended, now)
                files = {name: each for name, each in found.items() if not each.store}
                self._bring(
                    PROCESSING, self.what.processing, files, volume, ended, now, stopped
                )
                ended.missing = self._missing(Path(held) / FILE)
                if not ended.missing or stopped.is_set():
                    break
            if not stopped.is_set():
                self._bring(PROCESSING, Path(held), stores, volume, ended, now, stopped)

    def _held(self) -> Path:
        """Where copies of stores are while files are copied: beside the ledgers."""
        self.what.ledgers.mkdir(parents=True, exist_ok=True)
        for left in self.what.ledgers.glob(f"backup-{self.backup.name}-*"):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)  # of one that was killed
        return self.what.ledgers

    def _changed(
        self, part: str, volume: Volume, ended: Backed, now: float
    ) -> dict[str, Found]:
        """Files of a part that the backup does not hold as they are."""
        tree = self._trees[part]
        if not tree.root.is_dir():
            # The whole folder is away: that is no reason to take its files for gone.
            ended.failed[part] = f"{tree.root} is not there"
            return {}
        waiting = {
            name: each
            for name, each in self._unreached.items()
            if name.startswith(f"{part}/") and os.path.lexists(tree.root / each.name)
        }
        for found in tree.changes():
            name = f"{part}/{found.name}"
            waiting.pop(name, None)
            if not self._holds(name, found, volume):
                waiting[name] = found
        ended.looked += tree.looked
        ended.failed |= {f"{part}/{name}": why for name, why in tree.unreadable.items()}
        if tree.gone:
            self.ledger.lost((f"{part}/{name}" for name in tree.gone), now)
            ended.gone += len(tree.gone)
        self._unreached = {
            name: each
            for name, each in self._unreached.items()
            if not name.startswith(f"{part}/")
        } | waiting
        return waiting

    def _holds(self, name: str, found: Found, volume: Volume) -> bool:
        if found.store:
            return False
        kept = self.ledger.get(name)
        if kept is None or kept.gone is not None or kept.wrong:
            return False
        # A movie on another disk is backed up; a session goes on from one disk.
        here = kept.volume == volume.id or name.startswith(f"{MOVIES}/")
        same = (kept.size, kept.modified, kept.link) == (found.size, found.modified, found.link)
        return here and same

    def _snapshots(self, found: dict[str, Found], held: Path, volume: Volume) -> dict[str, Found]:
        """Copies of the stores that were written since the last backup."""
        folder = self.what.processing
        names = {each.name for each in found.values() if each.store}
        if (folder / POINTER).exists():
            names.add(FILE)  # it is somewhere else
        made = {}
        for name in sorted(names):
            mark = f"{volume.id}/{stamp(folder / name)}"
            elsewhere = name == FILE and (folder / POINTER).exists()
            if not elsewhere and mark == self.ledger.noted(f"stamp:{name}"):
                found.pop(f"{PROCESSING}/{name}", None)
                continue
            copy = snapshot(folder, name, held)
            status = copy.stat()
            self._stamps[name] = mark
            made[f"{PROCESSING}/{name}"] = Found(
                name, status.st_size, status.st_mtime_ns, store=True
            )
        return made

    def _missing(self, store: Path) -> list[str]:
        if not store.exists():
            return []
        kept = (self.ledger.get(f"{PROCESSING}/{name}") for name in named_files(store))
        del kept
        return [
            name
            for name in named_files(store)
            if self.ledger.get(f"{PROCESSING}/{name}") is None
            and not self._skips(name)
        ]

    # -- copying ------------------------------------------------------------------------

    def _bring(
        self,
        part: str,
        root: Path | None,
        found: Mapping[str, Found],
        volume: Volume,
        ended: Backed,
        now: float,
        stopped: threading.Event,
    ) -> None:
        assert root is not None
        for name, each in found.items():
            if each.link:
                self.ledger.keep(
                    Kept(name=name, volume=volume.id, size=0, modified=each.modified,
                         link=each.link, at=now, checked=now)
                )  # fmt: skip
                self._unreached.pop(name, None)
        files = {name: each for name, each in found.items() if not each.link}
        for batch in _batches(files):
            if stopped.is_set():
                return
            self._require_room(sum(each.size for each in batch.values()))
            self._run(part, root, batch, volume, ended, now, stopped)

    def _run(
        self,
        part: str,
        root: Path,
        batch: dict[str, Found],
        volume: Volume,
        ended: Backed,
        now: float,
        stopped: threading.Event,
    ) -> None:
        names = {each.name: name for name, each in batch.items()}
        former = f"{_FORMER}/{time.strftime('%Y%m%dT%H%M%S', time.gmtime(now))}/{part}"
        options = ("-I", "--backup", f"--backup-dir=../{former}", "--partial-dir=.partial")
        target = self.folder.below(part)
        if target.folder is not None:
            target.folder.mkdir(exist_ok=True)
        else:
            options = ("--mkpath", *options)
        between = Between(Address(str(root)), target)
        run = run_rsync(between, list(names), options, limit=self.backup.limit, stopped=stopped)
        came = {n: md5 for n, md5 in run.done.items() if n in names and md5}
        wrong = self._compare(between, came, stopped)
        for short, name in names.items():
            each = batch[name]
            why = run.failed.get(short) or wrong.get(short, "it did not arrive")
            if isinstance(why, str) and why:
                ended.failed[name] = why
                continue
            self._note(name, each, str(wrong.get(short) or ""), volume, former, now)
            ended.copied += 1
            ended.bytes += each.size

    def _compare(
        self, between: Between, came: Mapping[str, str], stopped: threading.Event
    ) -> dict[str, str]:
        raise NotImplementedError

    def _note(
        self, name: str, each: Found, digest: str, volume: Volume, former: str, now: float
    ) -> None:
        raise NotImplementedError

    def _require_room(self, wanted: int) -> None:
        free = free_bytes(self.backup.target)
        if free is not None and wanted > free - self.backup.reserve:
            raise Outage(
                f"the disk of the backup {self.backup.name} ({self.backup.target}) is full: "
                f"{wanted} bytes are to be copied, and {max(0, free - self.backup.reserve)} are "
                "free; put another disk in its place and prepare it (icestream facility backup "
                f"--prepare {self.backup.name}), or make room"
            )
