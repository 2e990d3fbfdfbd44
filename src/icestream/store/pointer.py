"""Pointers: the small file in a session's folder that says where its store is, when not there."""

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path

__all__ = ["POINTER", "BadPointer", "Pointer", "read_pointer", "write_pointer"]

POINTER = "store.json"
"""Name of the file."""


class BadPointer(ValueError):
    """The pointer says nothing, or what no pointer says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """Where a session's store is: a schema of a database, or a file on a host's local disk."""

    url: str = ""
    """Of the PostgreSQL database, without a password."""
    schema: str = ""
    """Of the session in that database."""
    file: str = ""
    """The SQLite file."""
    host: str = ""
    """Whose disk the file is on."""
    folder: str = ""
    """The session's folder; a copy of it has the same pointer, and may not use the store."""


def read_pointer(folder: Path) -> Pointer | None:
    """The pointer in `folder`; None where the store is in the folder itself.

    Raises
    ------
    BadPointer
        If there is something else in its place, with what to do.
    """
    path = folder / POINTER
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    try:
        said = json.loads(text)
        known = {field.name for field in fields(Pointer)}
        pointer = Pointer(**{name: str(said[name]) for name in said if name in known})
    except (ValueError, TypeError, RecursionError) as error:
        raise BadPointer(
            _advice(path, f"cannot be read ({error})" if text else "is empty")
        ) from error
    if not (pointer.url and pointer.schema) and not pointer.file:
        raise BadPointer(_advice(path, "names neither a database and a schema nor a file"))
    return pointer


def write_pointer(folder: Path, pointer: Pointer) -> None:
    """Leave a pointer in `folder`, whole or not at all."""
    said = {name: value for name, value in asdict(pointer).items() if value}
    partial = folder / f"{POINTER}.part"
    with partial.open("w", encoding="utf-8") as file:
        json.dump(said, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / POINTER)


def _advice(path: Path, wrong: str) -> str:
    return (
        f"{path} {wrong}. It said where the session's store is kept. Delete it: in the same"
        " folder, with the same settings, the session finds its store again; or bring it back"
        " from a backup"
    )
