"""A session in its place, with real files of every class, a store, and ledgers of copies."""

import json
import os
import sqlite3
import time
from contextlib import closing
from hashlib import blake2b
from pathlib import Path

from sqlalchemy import insert

from icestream.facility.backup.kinds import BackupPlace
from icestream.facility.keep.known import Layout
from icestream.facility.keep.planning import RemovalPlan, decisions, facts_of, plan_removal
from icestream.facility.opened import Facility
from icestream.facility.registry import removals as rows
from icestream.facility.registry.people import keep_person, keep_project
from icestream.facility.registry.records import KnownSession, Removal
from icestream.facility.registry.sessions import Whose, keep_session, session
from icestream.store import tables as t
from icestream.store.open import open_store

DAY = 86400.0
KEPT = """
CREATE TABLE IF NOT EXISTS kept (name BLOB PRIMARY KEY, volume TEXT NOT NULL, size INTEGER NOT NULL,
 modified INTEGER NOT NULL, digest TEXT NOT NULL DEFAULT '', link BLOB NOT NULL DEFAULT x'',
 at REAL NOT NULL, gone REAL, checked REAL, wrong TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
"""
COPIED = "CREATE TABLE file (name BLOB, state TEXT, size INTEGER, digest TEXT)"


class KeptPlace:
    """The place, and what a test does to it."""

    def __init__(self, facility: Facility, name: str = "p-1", *, ended: float = 30.0) -> None:
        self.facility = facility
        self.place = facility.sessions / name
        self.folder = self.place / "processing"
        self.ended = time.time() - ended * DAY
        for path, text in FILES.items():
            self.write(path, text)
        self._make_store()
        self._copy_from_microscope()
        with facility.registry.write() as connection:
            keep_person(connection, "pia", email="pia@example.org")
            keep_person(connection, "otto", email="otto@example.org")
            keep_project(connection, "p", team="lab", pi="pia")
            keep_session(
                connection, f"key-{name}", Whose(microscope="krios1", project="p", operator="otto"),
                name=name, place=str(self.place), folder=str(self.folder), state="done",
                began=self.ended - DAY, ended=self.ended,
            )  # fmt: skip
        self.name = name

    @property
    def session(self) -> KnownSession:
        with self.facility.registry.read() as connection:
            return session(connection, self.name)

    @property
    def layout(self) -> Layout:
        found = Layout.of(self.session, "raw")
        assert found is not None
        return found

    def write(self, path: str, text: str) -> Path:
        file = self.place / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o640)
        os.utime(file, ns=(10**18, 10**18 + len(path)))
        return file

    def back_up(self, *paths: str, backup: str = "usb") -> None:
        """Write down that a backup has verified copies of these files, as they are now."""
        ledger = self.folder / ".facility" / f"backup-{backup}.db"
        self.facility.file.backup.setdefault(backup, BackupPlace(to="/mnt/backup"))
        with closing(sqlite3.connect(ledger)) as connection, connection:
            connection.executescript(KEPT)
            for path in paths:
                status = (self.place / path).stat()
                digest = blake2b((self.place / path).read_bytes(), digest_size=16).hexdigest()
                row = (
                    *(os.fsencode(_named(path)), "disk1", status.st_size, status.st_mtime_ns),
                    *(digest, time.time() + 1.0),
                )
                connection.execute(
                    "INSERT OR REPLACE INTO kept (name, volume, size, modified, digest, at)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    row,
                )

    def spoil(self, path: str, what: str = "it was cut", backup: str = "usb") -> None:
        """Write down that a copy was found wrong."""
        ledger = self.folder / ".facility" / f"backup-{backup}.db"
        with closing(sqlite3.connect(ledger)) as connection, connection:
            name = os.fsencode(_named(path))
            connection.execute("UPDATE kept SET wrong = ? WHERE name = ?", (what, name))

    def state(self) -> dict[str, tuple[str, int, int]]:
        """What each file holds, its permissions and its time of change."""
        return {
            path: (
                (self.place / path).read_text(),
                (self.place / path).stat().st_mode,
                (self.place / path).stat().st_mtime_ns,
            )
            for path in FILES
            if (self.place / path).exists()
        }

    def _copy_from_microscope(self) -> None:
        ledger = self.folder / ".facility" / "transfer.db"
        ledger.parent.mkdir()
        with closing(sqlite3.connect(ledger)) as connection, connection:
            connection.execute(COPIED)
            for path in FILES:
                if path.startswith("raw/") and path != "raw/mine.txt":
                    row = (os.fsencode(path[4:]), "verified", 6, "")
                    connection.execute("INSERT INTO file VALUES (?, ?, ?, ?)", row)

    def _make_store(self) -> None:
        with closing(open_store(self.folder)) as store, store.write() as connection:
            row = {"name": "s", "workflow": "w", "order": "newest", "state": "done", "epoch": 1}
            times = {"created": self.ended, "changed": self.ended}
            connection.execute(insert(t.session).values(id=1, branch_id=1, **row, **times))
            branch = {"name": "main", "workflow": "{}", "state": "active", "created": 0.0}
            connection.execute(insert(t.branch).values(id=1, **branch))
            for number, (types, paths) in enumerate(RESULTS.items(), start=1):
                pictures = [["x", path, "", ""] for path in paths if path.endswith(".jpg")]
                connection.execute(
                    insert(t.result).values(
                        id=number, key=f"k{number}", step_id=1, revision_id=1, subject_id=1,
                        document="{}", epoch=1, attempt=1, started=0.0, seconds=1.0, host="h",
                        types=json.dumps({"x": f"icestream.model:{types}"}),
                        pictures=json.dumps(pictures),
                    )
                )  # fmt: skip
                for path in paths:
                    size = len(FILES[f"processing/{path}"])
                    row = {"result_id": number, "path": path, "size": size, "hash": ""}
                    connection.execute(insert(t.file).values(row))
        for path in self.folder.glob("icestream.db*"):
            os.utime(path, (self.ended, self.ended))


RESULTS = {
    "Micrograph": ("align/a.mrc", "align/a.jpg"),
    "Particles": ("extract/a.mrcs",),
    "Ctf": ("ctf/a.mrc",),
}
FILES = {
    "raw/a.tiff": "movie a",
    "raw/Sq 1/b.tiff": "movie b",
    "raw/Sq 1/b.xml": "metadata",
    "raw/mine.txt": "a note that somebody left",
    "processing/align/a.mrc": "a micrograph",
    "processing/align/a.jpg": "its picture",
    "processing/extract/a.mrcs": "particles",
    "processing/ctf/a.mrc": "a spectrum",
    "processing/report/index.html": "the report",
    "processing/mine.txt": "another note",
    "handover/list.txt": "for people",
}
RAW = ("raw/a.tiff", "raw/Sq 1/b.tiff", "raw/Sq 1/b.xml")


def _named(path: str) -> str:
    """A path as a backup has it."""
    return f"movies/{path[4:]}" if path.startswith("raw/") else path


def plan(kept: KeptPlace, kind: str = "raw") -> RemovalPlan:
    keep = kept.facility.file.keep
    assert keep is not None
    facts = facts_of(kept.facility, kept.session, kept.layout)
    (decision,) = (one for one in decisions(keep, facts) if one.kind == kind)
    return plan_removal(kept.session, kept.layout, decision)


def the_removal(kept: KeptPlace) -> Removal:
    with kept.facility.registry.read() as connection:
        return rows.removals(connection)[-1]


def there(kept: KeptPlace) -> set[str]:
    return {path for path in FILES if (kept.place / path).exists()}
