"""A registry in one file, with the facility file and the settings: how it is packed and opened."""

import contextlib
import errno
import hashlib
import json
import os
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from icestream import __version__
from icestream.documents import read_json
from icestream.facility.backup.configuration import ConfigurationFile, kept_files
from icestream.facility.opened import Facility
from icestream.facility.registry.contents import digest_of, fill
from icestream.facility.registry.open import HEAD, FacilityRegistry, open_registry
from icestream.store import sqlite

__all__ = ["ARCHIVE", "BadArchive", "RegistryArchive", "opened_archive", "pack", "read_archive"]

ARCHIVE = ".zip"
_ABOUT = "about.json"
_REGISTRY = "registry.db"
_KIND = "icestream registry"
_MOST = 4_000_000_000
"""Bytes of a registry that are unpacked; one of ten years is far below."""
_MOST_SAID = 100_000_000
"""Bytes of what an archive says of itself."""


class BadArchive(ValueError):
    """A file is no registry that was packed, or is not what it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryArchive:
    """What such a file says of itself."""

    facility: str
    """Its name."""
    at: float
    """As of when, seconds since the epoch."""
    version: str
    """Of the icestream that packed it."""
    schema: str
    rows: dict[str, int]
    """Of each table that has any."""
    files: tuple[ConfigurationFile, ...]


def pack(facility: Facility, path: Path, now: float | None = None) -> RegistryArchive:
    """Write all that the registry holds into a new file, and what configures the facility.

    The registry may be a file or in PostgreSQL, and is read as of one moment while others write;
    in the archive it is a file, out of which either can be filled.

    Raises
    ------
    OSError
        If it cannot be written.
    NotTheSame
        If what was written is not what was read.
    """
    now = time.time() if now is None else now
    with tempfile.TemporaryDirectory(prefix="icestream-registry-") as made:
        copy = open_registry(Path(made) / "copy.db")
        try:
            filled = fill(copy, facility.registry)
        finally:
            copy.close()
        sqlite.copy(Path(made) / "copy.db", Path(made) / _REGISTRY)
        known = RegistryArchive(
            facility=facility.file.facility.name, at=now, version=__version__, schema=HEAD,
            rows=filled.rows, files=tuple(kept_files(facility.path)),
        )  # fmt: skip
        _write(path, known, (Path(made) / _REGISTRY).read_bytes(), filled.digest)
    os.utime(path, (now, now))
    return known


def _write(path: Path, known: RegistryArchive, registry: bytes, digest: str) -> None:
    held = {_REGISTRY: registry}
    held |= {one.name: one.text.encode() for one in known.files if not one.trouble}
    about = {
        "kind": _KIND,
        "facility": known.facility,
        "at": known.at,
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(known.at)),
        "icestream": known.version,
        "schema": known.schema,
        "rows": known.rows,
        "contents": digest,
        "digests": {name: _digest(content) for name, content in held.items()},
        "files": [
            {
                "name": one.name,
                "place": one.place,
                "left_out": list(one.left_out),
                "trouble": one.trouble,
            }
            for one in known.files
        ],
    }
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)  # it has names of people
    with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(_ABOUT, json.dumps(about, indent=1, ensure_ascii=False) + "\n")
        for name, content in held.items():
            made.writestr(name, content)


def read_archive(path: Path) -> RegistryArchive:
    """What such a file holds; all of it is read and compared with its digests.

    Raises
    ------
    BadArchive
        If it is none, or not what it was.
    """
    return _read(path)[0]


@contextlib.contextmanager
def opened_archive(path: Path) -> Iterator[tuple[RegistryArchive, FacilityRegistry]]:
    """What it says of itself, and its registry, brought to the present schema in a copy.

    Raises
    ------
    BadArchive
        If it is none, or not what it was.
    OtherSchema
        If a newer icestream has packed it.
    """
    known, held, contents = _read(path)
    with tempfile.TemporaryDirectory(prefix="icestream-registry-") as made:
        file = Path(made) / _REGISTRY
        file.write_bytes(held[_REGISTRY])
        opened = open_registry(file)
        try:
            if known.schema == HEAD and digest_of(opened) != contents:
                raise BadArchive(f"{path}: its registry is not what was packed")
            yield known, opened
        finally:
            opened.close()


def _read(path: Path) -> tuple[RegistryArchive, dict[str, bytes], str]:
    try:
        with zipfile.ZipFile(path) as file:
            said = read_json(_member(file, _ABOUT, path, _MOST_SAID))
            if said["kind"] != _KIND:
                raise BadArchive(f"{path} is no registry that icestream packed")
            held = {name: _member(file, name, path) for name in said["digests"]}
            wrong = [n for n, content in held.items() if _digest(content) != said["digests"][n]]
            known, contents = _known(said, held), str(said["contents"])
    except BadArchive:
        raise
    except EOFError:
        raise BadArchive(f"{path} ends too early") from None
    except Exception as error:  # of an archive that somebody made up, and of its contents
        # Places outside of the file are a fault of it; errors of the disk are not.
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise
        raise BadArchive(f"{path} is no registry that icestream packed: {error!r}") from None
    if wrong or _REGISTRY not in held:
        what = ", ".join(wrong) or f"{_REGISTRY} is not in it"
        raise BadArchive(f"{path} is not what it was: {what}")
    return known, held, contents


def _known(said: dict[str, Any], held: dict[str, bytes]) -> RegistryArchive:
    return RegistryArchive(
        facility=str(said["facility"]),
        at=float(said["at"]),
        version=str(said["icestream"]),
        schema=str(said["schema"]),
        rows={str(name): int(rows) for name, rows in said["rows"].items()},
        files=tuple(
            ConfigurationFile(
                str(one["name"]),
                str(one["place"]),
                held.get(one["name"], b"").decode(),
                tuple(map(str, one["left_out"])),
                str(one["trouble"]),
            )
            for one in said["files"]
        ),
    )


def _member(file: zipfile.ZipFile, name: str, path: Path, most: int = _MOST) -> bytes:
    if file.getinfo(name).file_size > most:
        raise BadArchive(f"{path}: {name} has more than {most / 1e9:g} GB")
    return file.read(name)


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()
