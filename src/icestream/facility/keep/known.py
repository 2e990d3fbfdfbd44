"""Which file of a session's place is of which class of data: by its store and its ledgers.

A folder alone tells little: people put files of their own wherever they can. What neither the
session's store nor the ledger of its copy knows is nobody's, and is never removed.
"""

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from icestream.facility.kinds import Name
from icestream.facility.registry.records import KnownSession
from icestream.model import ITEM_TYPES, Particles, from_document, map_paths
from icestream.store import tables as t
from icestream.store.migrate import OtherSchema
from icestream.store.open import FILE, NoStore, Store, open_store
from icestream.store.pointer import POINTER

__all__ = [
    "OTHER",
    "RECORDS",
    "TRASH",
    "FileClasses",
    "KnownFile",
    "KnownFiles",
    "Layout",
    "known_files",
    "rows",
]

TRASH = ".icestream-removed"
"""Folder in a place with what was put aside."""
OTHER, RECORDS = "other", "records"
"""What nobody knows; and what proves what was done: ledgers, the card. Neither is ever removed."""

_MICROGRAPH = "icestream.model:Micrograph"
_OWN = (FILE, f"{FILE}-wal", f"{FILE}-shm", POINTER)
_RECORDS = ("facility.json", "removed.jsonl", "archived.json", "coordinator.lock")
_FOLDERS = {".scratch": "project", ".kept": "project", "logs": "project", "report": "report"}


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts of a session are, relative to its place."""

    place: Path
    processing: str
    """Empty where the place is the session's folder itself."""
    raw: Name
    handover: Name = "handover"

    @classmethod
    def of(cls, session: KnownSession, raw: str) -> "Layout | None":
        """Of a session; None where its folder is not in its place."""
        place, folder = Path(session.place), Path(session.folder)
        if not folder.is_relative_to(place):
            return None
        below = folder.relative_to(place).as_posix()
        return cls(place, "" if below == "." else below, raw)

    @property
    def folder(self) -> Path:
        """The session's folder."""
        return self.place / self.processing

    def in_session(self, path: str) -> str | None:
        """A path relative to the session's folder; None where it is elsewhere."""
        if not self.processing:
            return path
        start = f"{self.processing}/"
        return path[len(start) :] if path.startswith(start) else None


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What a session's store or ledger says of a file."""

    kind: str
    digest: str = ""
    """BLAKE2b of 128 bits, where it is known."""


@dataclass(slots=True)
class KnownFiles:
    """All files that a session knows, by their paths in its place."""

    layout: Layout
    files: dict[str, KnownFile] = field(default_factory=dict)
    problem: str = ""
    """Why the session's store could not be asked: then nothing of it is of any class."""

    def kind(self, path: str) -> str:
        """The class of a file."""
        top, _, _ = path.partition("/")
        if top == TRASH:
            return TRASH
        if found := self.files.get(path):
            return found.kind
        if top == self.layout.handover:
            return "handover"
        inside = self.layout.in_session(path)
        return OTHER if inside is None or top == self.layout.raw else self._own(inside)

    def digest(self, path: str) -> str:
        """What a file held when it was made or copied; empty where nobody knows."""
        found = self.files.get(path)
        return "" if found is None else found.digest

    def _own(self, inside: str) -> str:
        top, _, rest = inside.partition("/")
        if top == ".facility" or inside in _RECORDS:
            return RECORDS
        if self.problem:
            return OTHER
        if inside in _OWN:
            return "project"
        return _FOLDERS.get(top, OTHER) if rest else OTHER


def known_files(layout: Layout) -> KnownFiles:
    """Ask a session's store, and the ledger of its copy, which files are theirs."""
    known = KnownFiles(layout)
    known.files.update(_copied(layout))
    try:
        with contextlib.closing(open_store(layout.folder, readonly=True)) as store:
            for path, found in _recorded(store, layout):
                known.files.setdefault(path, found)
    except (NoStore, OtherSchema, SQLAlchemyError, OSError, ValueError) as error:
        known.problem = str(error).partition("\n")[0]
    return known


def _copied(layout: Layout) -> Iterator[tuple[str, KnownFile]]:
    """Files that were copied from the microscope: movies, and what lay beside them."""
    ledger = layout.folder / ".facility" / "transfer.db"
    for name, digest in rows(
        ledger, "SELECT name, digest FROM file WHERE state IN ('copied', 'verified', 'cleaned')"
    ):
        yield f"{layout.raw}/{os.fsdecode(name)}", KnownFile("raw", digest)


def rows(ledger: Path, asked: str) -> list[tuple[Any, ...]]:
    """What a ledger answers; nothing where there is none."""
    if not ledger.exists():
        return []
    where = f"{ledger.absolute().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(where, uri=True, timeout=30.0)) as connection:
        return connection.execute(asked).fetchall()


def _recorded(store: Store, layout: Layout) -> Iterator[tuple[str, KnownFile]]:
    start = f"{layout.processing}/" if layout.processing else ""
    of_files = select(t.file.c.path, t.file.c.hash, t.result.c.types, t.result.c.pictures).join(
        t.result, t.result.c.id == t.file.c.result_id
    )
    of_sources = (
        select(t.result.c.document, t.result.c.types)
        .join(t.revision, t.revision.c.id == t.result.c.revision_id)
        .where(t.revision.c.kind == "source")
    )
    kinds = FileClasses()
    with store.read() as connection:
        for path, digest, types, pictures in connection.execute(of_files):
            yield start + path, KnownFile(kinds.of(path, types, pictures), digest)
        for path, digest in connection.execute(select(t.segment.c.path, t.segment.c.hash)):
            yield start + path, KnownFile("project", digest)
        for document, types in connection.execute(of_sources):
            for path in _brought(document, types):
                if path.is_relative_to(layout.place / layout.raw):
                    yield path.relative_to(layout.place).as_posix(), KnownFile("raw")


class FileClasses:
    """Classes of files by the results that they came with, each kind of result read once."""

    def __init__(self) -> None:
        self._types: dict[str, str] = {}

    def of(self, path: str, types: str, pictures: str) -> str:
        """The class of a file of a result; `types` and `pictures` as they are in its row."""
        if types not in self._types:
            self._types[types] = _class_of(json.loads(types))
        found = self._types[types]
        # Small pictures stay with the project: the report and the screens show them.
        is_picture = found != "project" and path in {one[1] for one in json.loads(pictures)}
        return "project" if is_picture or "/logs/" in f"/{path}" else found


def _class_of(types: Mapping[str, str]) -> str:
    made = [ITEM_TYPES.get(name) for name in types.values()]
    if any(one is not None and issubclass(one, Particles) for one in made):
        return "particles"
    return "micrographs" if _MICROGRAPH in types.values() else "project"


def _brought(document: str, types: str) -> Iterator[Path]:
    """Files outside of a session that a result of a source names."""
    found: list[Path] = []

    def note(path: Path) -> Path:
        if path.is_absolute():
            found.append(path)
        return path

    named = json.loads(types)
    for port, item in json.loads(document).items():
        kind = ITEM_TYPES.get(named.get(port, ""))
        if kind is not None:
            map_paths(from_document(kind, item), note)
    yield from found
