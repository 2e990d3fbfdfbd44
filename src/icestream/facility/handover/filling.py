"""Filling the folder of an offer: links or copies of what a session has, and a list of digests."""

import contextlib
import errno
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from icestream.facility.backup.ledger import BackedFile, BackupLedger
from icestream.facility.backup.parts import Parts, What
from icestream.facility.backup.sealing import MANIFEST, manifest_lines
from icestream.facility.backup.tree import FolderTree, FoundFile
from icestream.facility.handover.offer import RECORDS, DataOffer, write_offer
from icestream.facility.transfer.digest import Interrupted, digest
from icestream.facility.transfer.ledger import FILE as TRANSFERRED
from icestream.facility.transfer.ledger import CopyLedger as TransferLedger
from icestream.store.open import FILE
from icestream.store.reading import uri
from icestream.whole import written_whole

__all__ = ["OfferedContents", "fill", "take_away"]

_FILE, _FOLDER = 0o644, 0o755


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedContents:
    """Where what is offered of a session is; None of what it has not."""

    processing: Path
    movies: Path | None = None
    exports: Path | None = None

    def trees(self, parts: tuple[str, ...]) -> Iterator[tuple[str, FolderTree]]:
        """Each part that is offered, with its folder."""
        inside = Parts(What(session="", processing=self.processing), ("processing",), ())

        def skips(name: str) -> bool:
            return inside.skips(name) or name.startswith((".facility", "report", "facility.json"))

        if "movies" in parts and self.movies is not None:
            yield "movies", FolderTree(self.movies, _hidden)
        if "results" in parts:
            yield "results", FolderTree(self.processing, skips)
        if "report" in parts and (self.processing / "report").is_dir():
            yield "report", FolderTree(self.processing / "report", _hidden)
        if "exports" in parts and self.exports is not None and self.exports.is_dir():
            yield "exports", FolderTree(self.exports, _hidden)


def _hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))


def fill(
    area: Path,
    offer: DataOffer,
    contents: OfferedContents,
    *,
    days: float,
    link: bool = True,
    stopped: threading.Event | None = None,
) -> DataOffer:
    """Bring the folder of an offer to what the session has now; the offer as it is then.

    What the session has no more is taken away, too. It may be interrupted at any moment.

    Raises
    ------
    OSError
        If it cannot be written, as on a full disk.
    """
    now, folder = time.time(), area / offer.name
    folder.mkdir(mode=_FOLDER, exist_ok=True)
    ledger = BackupLedger(area / RECORDS / f"{offer.name}.db")
    try:
        known = _digests(contents)
        changed = False
        seen: set[str] = set()
        for part, tree in contents.trees(offer.parts):
            for found in tree.changes():
                if found.link or found.store:
                    continue
                name = f"{part}/{found.name}"
                seen.add(name)
                changed |= _put(ledger, tree.root, folder, (name, found), (known, link, now))
                if stopped is not None and stopped.is_set():
                    return offer
        for name in ledger.names("") - seen:
            with contextlib.suppress(FileNotFoundError):
                (folder / name).unlink()
            ledger.forget(name)
            changed = True
        if changed or not (folder / MANIFEST).exists():
            with written_whole(folder / MANIFEST) as path, path.open("wb") as file:
                rows = ((kept.name, kept.digest) for kept in ledger.every())
                file.writelines(manifest_lines(rows))
                path.chmod(_FILE)
        sums = [(kept.size, kept.volume) for kept in ledger.every()]
    except Interrupted:
        return offer
    finally:
        ledger.close()
    last = now if changed or not offer.changed else offer.changed
    made = replace(
        offer,
        changed=last,
        expires=last + days * 86400.0,
        files=len(sums),
        bytes=sum(size for size, _ in sums),
        linked=sum(size for size, how in sums if how == "link"),
    )
    write_offer(area, made)
    return made


def _put(
    ledger: BackupLedger,
    root: Path,
    folder: Path,
    named: tuple[str, FoundFile],
    how: tuple[Mapping[Path, tuple[int, str]], bool, float],
) -> bool:
    """Put one file into the folder; false where it is there already."""
    (name, found), (known, link, now) = named, how
    kept, place = ledger.get(name), folder / name
    same = kept is not None and (kept.size, kept.modified) == (found.size, found.modified)
    if same and place.exists():
        return False
    source = root / found.name
    place.parent.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
    partial = place.with_name(f".{place.name[:200]}.part")
    partial.unlink(missing_ok=True)
    try:
        linked = link and _link(source, partial)
        if not linked:
            shutil.copy2(source, partial)
            partial.chmod(_FILE)
        size, made = known.get(source, (-1, ""))
        holds = made if made and size == found.size else digest(partial)
        partial.replace(place)
        # Renaming one link of a file onto another does nothing, and leaves both.
        partial.unlink(missing_ok=True)
    except FileNotFoundError:
        return False  # it went away meanwhile
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
    ledger.keep(
        BackedFile(
            name=name,
            volume="link" if linked else "copy",
            size=found.size,
            modified=found.modified,
            digest=holds,
            at=now,
        )
    )
    return True


def _link(source: Path, place: Path) -> bool:
    """Link a file; false where it has to be copied."""
    try:
        os.link(source, place, follow_symlinks=True)
    except OSError as error:
        if error.errno in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP):
            return False
        raise
    return True


def _digests(contents: OfferedContents) -> dict[Path, tuple[int, str]]:
    """Digests that were made before: of movies when they were copied, of results when made."""
    known: dict[Path, tuple[int, str]] = {}
    copied = contents.processing / ".facility" / TRANSFERRED
    if contents.movies is not None and copied.exists():
        ledger = TransferLedger(copied, readonly=True)
        try:
            for entry in ledger.every():
                if entry.digest:
                    known[contents.movies / entry.name] = (entry.copied_size, entry.digest)
        finally:
            ledger.close()
    with contextlib.suppress(sqlite3.Error):
        store = contents.processing / FILE
        with contextlib.closing(sqlite3.connect(uri(store, "?mode=ro"), uri=True)) as connection:
            for path, size, made in connection.execute("SELECT path, size, hash FROM file"):
                if made:
                    known[contents.processing / path] = (size, made)
    return known


def take_away(area: Path, offer: DataOffer) -> None:
    """Offer something no more: its folder and its record go, and the data stay where they are."""
    # Renamed first, so that nobody finds half of it by its name.
    gone = area / RECORDS / f"{offer.name}.gone"
    with contextlib.suppress(FileNotFoundError):
        (area / offer.name).rename(gone)
    shutil.rmtree(gone, ignore_errors=True)
    for ending in (".json", ".db", ".db-wal", ".db-shm"):
        (area / RECORDS / f"{offer.name}{ending}").unlink(missing_ok=True)
