"""A session's folder with stores and files, and a place that it is backed up to."""

import contextlib
import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path

from icestream.facility.backup.backing import Backed, Backing, Backup
from icestream.facility.backup.parts import What
from icestream.facility.backup.target import prepare
from icestream.facility.transfer.address import Address


@dataclass
class Backups:
    """What looks like a session, its movies, and a disk."""

    folder: Path
    target: Address | None = None
    exclude: tuple[str, ...] = ()
    now: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        for path in (self.processing / "align", self.movies / "disc", self.disk):
            path.mkdir(parents=True, exist_ok=True)
        (self.movies / "disc" / "a.mrc").write_bytes(b"a" * 1000)
        (self.processing / "align" / "a.mrc").write_bytes(b"aligned")
        (self.processing / "coordinator.lock").touch()
        (self.processing / ".scratch").mkdir()
        (self.processing / ".scratch" / "x").touch()
        self.write("one")
        if self.target is None:
            prepare("usb", self.to)
        self.backing = self.again()

    @property
    def place(self) -> Path:
        return self.folder / "place"

    @property
    def processing(self) -> Path:
        return self.place / "processing"

    @property
    def movies(self) -> Path:
        return self.place / "raw"

    @property
    def disk(self) -> Path:
        return self.folder / "usb"

    @property
    def to(self) -> Address:
        return self.target or Address(str(self.disk))

    @property
    def held(self) -> Path:
        """The session's folder in the backup."""
        return self.disk / "s"

    def again(self) -> Backing:
        """The backup as a process that has begun anew sees it."""
        what = What(session="s", processing=self.processing, movies=self.movies, place=self.place)
        backup = Backup(name="usb", target=self.to, exclude=self.exclude)
        self.backing = Backing(what, backup)
        return self.backing

    def round(self, step: float = 100.0) -> Backed:
        self.now += step
        return self.backing.round(self.now)

    def write(self, word: str) -> None:
        """Write into a ledger of the session, and leave it open in SQLite's log."""
        (self.processing / ".facility").mkdir(exist_ok=True)
        with contextlib.closing(sqlite3.connect(self.processing / ".facility" / "sink.db")) as db:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("CREATE TABLE IF NOT EXISTS said (word TEXT)")
            db.execute("INSERT INTO said VALUES (?)", [word])
            db.commit()


def words_of(store: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as db:
        return [word for (word,) in db.execute("SELECT word FROM said")]
