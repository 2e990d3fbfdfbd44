"""Backing one session up, round by round, while it runs.

The order is what makes a backup one that a session can go on from: first a copy of the store as it
is at this moment, then the files, among them all that this store names, and the store into its
place when they are there.
"""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from icestream.facility.backup.comparing import compare_copies
from icestream.facility.backup.ledger import BackedFile, BackupLedger
from icestream.facility.backup.parts import MOVIES, PROCESSING, Part, Parts, What
from icestream.facility.backup.sealing import room_for_copies, seal
from icestream.facility.backup.stores import named_files, snapshot, stamp
from icestream.facility.backup.target import BackupVolume, free_bytes, volume_of
from icestream.facility.backup.tree import FoundFile
from icestream.facility.duties.duty import Outage
from icestream.facility.transfer.address import Address
from icestream.facility.transfer.carry import carry
from icestream.facility.transfer.digest import Hashes, Interrupted
from icestream.facility.transfer.manner import Manner
from icestream.facility.transfer.rsync import Between
from icestream.model import safe_file_name
from icestream.store.open import FILE
from icestream.store.pointer import POINTER

__all__ = ["Backed", "Backing", "Backup"]

_FORMER = "former"
"""Folder in a backup of what was replaced in it."""
_MOST = 2000
_BYTES = 4e9
"""Of a batch: then it is asked again whether there is room, and whether to stop."""
_TRIES = 3
"""Copies of the store that are made until all that it names is in the backup."""
_SHOWN = 100


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


@dataclass(frozen=True, slots=True)
class _Turn:
    """One round."""

    volume: BackupVolume
    ended: Backed
    now: float
    stopped: threading.Event


class Backing:
    """The backup of one session to one place; `round` again and again brings what is new."""

    def __init__(self, what: What, backup: Backup) -> None:
        self.what, self.backup = what, backup
        self.ledger = BackupLedger(what.ledgers / f"backup-{backup.name}.db")
        self.folder = backup.target.below(safe_file_name(what.session))
        self._volume = ""
        self.look_anew()
        self._stores: set[str] = set()
        self._marks: dict[str, str] = {}
        """What stores were when they were last copied here."""

    def look_anew(self) -> None:
        """Look at all files in the next round: what is in the backup may not be what it was."""
        self._parts = Parts(self.what, self.backup.what, self.backup.exclude)

    def close(self) -> None:
        """Give the ledger up."""
        self.ledger.close()

    def round(self, now: float | None = None, stopped: threading.Event | None = None) -> Backed:
        """Bring what is new or has changed; what is gone stays in the backup.

        Nothing that happens to files, disks or machines is raised: it is in what comes back.
        """
        began, now = time.monotonic(), time.time() if now is None else now
        ended, stopped = Backed(), stopped or threading.Event()
        try:
            volume = volume_of(self.backup.name, self.backup.target)
            if volume.id != self._volume:
                self._volume = volume.id
                self.look_anew()
            if self.folder.folder is not None:
                self.folder.folder.mkdir(exist_ok=True)
            self._all(_Turn(volume, ended, now, stopped))
            if (ended.copied or ended.gone) and not stopped.is_set():
                seal(self.ledger, self.what, self.folder, volume, now)
        except Outage as error:
            ended.outage = str(error)
        except Interrupted:
            pass
        except OSError as error:
            ended.outage = f"{error.filename or self.folder}: {error.strerror or error}"
        self._write_down(ended, now, stopped.is_set())
        ended.seconds = time.monotonic() - began
        return ended

    def _write_down(self, ended: Backed, now: float, stopped: bool) -> None:
        failed = dict(list(ended.failed.items())[:_SHOWN])
        with self.ledger.writing():
            self.ledger.note("outage", ended.outage)
            self.ledger.note("round", f"{now:.3f}")
            self.ledger.note("missing", json.dumps(ended.missing[:_SHOWN]))
            self.ledger.note("failed", json.dumps(failed))
            if not (ended.outage or ended.failed or stopped):
                self.ledger.note("whole", f"{now:.3f}")

    # -- what is to be copied -----------------------------------------------------------

    def _all(self, turn: _Turn) -> None:
        # Movies first: they are what cannot be made again.
        if (movies := self._parts.of(MOVIES)) is not None:
            self._bring(movies, movies.root, self._changed(movies, turn), turn)
        if (processing := self._parts.of(PROCESSING)) is None or turn.stopped.is_set():
            return
        with room_for_copies(self.what, self.backup.name) as held:
            stores: dict[str, FoundFile] = {}
            for _ in range(_TRIES):
                files = self._changed(processing, turn)
                stores |= self._snapshots(held, turn.volume)
                # A file that came since the tree was looked at may be named in the store.
                files |= self._changed(processing, turn)
                plain = {name: each for name, each in files.items() if not each.store}
                self._bring(processing, processing.root, plain, turn)
                turn.ended.missing = self._missing(held)
                if not turn.ended.missing or turn.stopped.is_set():
                    break
            if not turn.stopped.is_set():
                self._bring(processing, held, stores, turn)
                for name in stores:
                    if f"{PROCESSING}/{name}" not in turn.ended.failed:
                        self.ledger.note(f"stamp:{name}", self._marks[name])

    def _changed(self, part: Part, turn: _Turn) -> dict[str, FoundFile]:
        """Files of a part that the backup does not hold as they are."""
        if not part.root.is_dir():
            # The whole folder is away: that is no reason to take its files for gone.
            turn.ended.failed[part.name] = f"{part.root} is not there"
            return {}
        looked = part.look(lambda name, found: self._holds(name, found, turn.volume))
        turn.ended.looked += looked.looked
        for folder, why in looked.unreadable.items():
            turn.ended.failed[f"{part.name}/{folder}"] = f"the folder cannot be read: {why}"
        if looked.gone:
            self.ledger.lost((f"{part.name}/{name}" for name in looked.gone), turn.now)
            turn.ended.gone += len(looked.gone)
        return dict(part.waiting)

    def _holds(self, name: str, found: FoundFile, volume: BackupVolume) -> bool:
        if found.store:
            self._stores.add(found.name)
            return True  # it has its own way
        if name.startswith(f"{MOVIES}/") and not self.what.has(found):
            return True  # it is none of the session's
        kept = self.ledger.get(name)
        if kept is None or kept.gone is not None or kept.wrong:
            return False
        # A movie on another disk is backed up; a session goes on from one disk.
        here = kept.volume == volume.id or name.startswith(f"{MOVIES}/")
        same = (kept.size, kept.modified, kept.link) == (found.size, found.modified, found.link)
        return here and same

    def _snapshots(self, held: Path, volume: BackupVolume) -> dict[str, FoundFile]:
        """Copies of the stores that were written since the last backup."""
        folder, made = self.what.processing, {}
        elsewhere = (folder / POINTER).exists()
        for name in sorted(self._stores | ({FILE} if elsewhere else set())):
            if not elsewhere and not (folder / name).exists():
                continue
            mark = f"{volume.id}/{stamp(folder / name)}"
            same = mark == self.ledger.noted(f"stamp:{name}") and not (name == FILE and elsewhere)
            if same and not self._is_wrong(f"{PROCESSING}/{name}"):
                continue
            status = snapshot(folder, name, held).stat()
            self._marks[name] = mark
            made[name] = FoundFile(name, status.st_size, status.st_mtime_ns, store=True)
        return made

    def _missing(self, held: Path) -> list[str]:
        """Files that a copy of the session's store names and that are not in the backup."""
        if not (held / FILE).exists():
            return []
        kept = self.ledger.names(f"{PROCESSING}/")
        skips = self._parts.skips
        return [
            name
            for name in named_files(held)
            if f"{PROCESSING}/{name}" not in kept and not skips(name)
        ]

    # -- copying ------------------------------------------------------------------------

    def _bring(self, part: Part, root: Path, files: Mapping[str, FoundFile], turn: _Turn) -> None:
        for name, each in files.items():
            if each.link:
                self.ledger.keep(
                    BackedFile(
                        name=f"{part.name}/{name}",
                        volume=turn.volume.id,
                        size=0,
                        modified=each.modified,
                        link=each.link,
                        at=turn.now,
                        checked=turn.now,
                    )
                )
                part.done(name)
        plain = {name: each for name, each in files.items() if not each.link}
        # Size and time of a rotten file are what they were: rsync would leave it.
        rotten = {
            name: each for name, each in plain.items() if self._is_wrong(f"{part.name}/{name}")
        }
        sound = {name: each for name, each in plain.items() if name not in rotten}
        for chosen in (sound, rotten):
            for batch in _batches(chosen):
                if turn.stopped.is_set():
                    return
                self._require_room(sum(each.size for each in batch.values()))
                self._run(part, root, batch, turn, anew=chosen is rotten)

    def _is_wrong(self, name: str) -> bool:
        kept = self.ledger.get(name)
        return kept is not None and bool(kept.wrong)

    def _run(
        self,
        part: Part,
        root: Path,
        batch: Mapping[str, FoundFile],
        turn: _Turn,
        *,
        anew: bool,
    ) -> None:
        target = self.folder.below(part.name)
        former = f"{_FORMER}/{time.strftime('%Y%m%dT%H%M%S', time.gmtime(turn.now))}/{part.name}"
        keeps = not anew and part.keeps(next(iter(batch.values())))
        manner = Manner(
            resumes=True,
            anew=anew,
            aside=self._former(former) if keeps else "",
            makes=target.folder is None,
        )
        if target.folder is not None:
            target.folder.mkdir(exist_ok=True)
        between = Between(Address(str(root)), target)
        limit, stopped = self.backup.limit, turn.stopped
        run = carry(between, list(batch), manner, limit=limit, stopped=stopped)
        compared = compare_copies(between, run, list(batch), stopped)
        for name, each in batch.items():
            found = compared.get(name, run.failed.get(name, "it did not arrive"))
            if isinstance(found, str):
                turn.ended.failed[f"{part.name}/{name}"] = found
                continue
            kept = f"{former}/{name}" if run.done[name] and not anew else ""
            self._note(part, each, found, kept, turn)
            turn.ended.copied += 1
            turn.ended.bytes += each.size

    def _former(self, name: str) -> str:
        """A folder in the session's backup, as seen from a part of it."""
        module = self.folder.module
        # A daemon takes no path that leads up, and begins with its module.
        return f"../{name}" if module is None else f"/{module[1]}/{name}"

    def _note(self, part: Part, each: FoundFile, found: Hashes, former: str, turn: _Turn) -> None:
        name = f"{part.name}/{each.name}"
        before = self.ledger.get(name)
        with self.ledger.writing():
            here = before is not None and before.volume == turn.volume.id and not before.link
            if before is not None and former and here and part.keeps(each):
                self.ledger.replaced(before, former, turn.now)
            self.ledger.keep(
                BackedFile(
                    name=name,
                    volume=turn.volume.id,
                    size=each.size,
                    modified=each.modified,
                    digest=found.digest,
                    at=turn.now,
                    checked=turn.now,
                )
            )
        part.done(each.name)

    def _require_room(self, wanted: int) -> None:
        free = free_bytes(self.backup.target)
        left = None if free is None else max(0, free - self.backup.reserve)
        if left is not None and wanted > left:
            name = self.backup.name
            raise Outage(
                f"the disk of the backup {name} ({self.backup.target}) is full: {wanted} bytes are "
                f"to be copied, and {left} are free; put another disk in its place and prepare it "
                f"(icestream facility backup --prepare {name}), or make room"
            )


def _batches(files: Mapping[str, FoundFile]) -> Iterator[dict[str, FoundFile]]:
    """Files in parts of a bearable size; those whose former content is kept apart from others."""
    batch: dict[str, FoundFile] = {}
    total = 0
    for name in sorted(files, key=lambda name: (Part.changes_often(name), name)):
        often = batch and Part.changes_often(name) != Part.changes_often(next(iter(batch)))
        if batch and (often or len(batch) >= _MOST or total + files[name].size > _BYTES):
            yield batch
            batch, total = {}, 0
        batch[name] = files[name]
        total += files[name].size
    if batch:
        yield batch
