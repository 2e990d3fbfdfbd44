"""Folders of the server's machine: where movies may be, and what is in one."""

import itertools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from icestream.formats.watch import MOVIE_SUFFIXES, FolderWatch, is_session
from icestream.protocols.import_parameters import ImportParameters
from icestream.server.access import Operator
from icestream.server.context import ThisServer
from icestream.server.errors import Problem, Refused, asked_values
from icestream.server.places import Places, places_of
from icestream.starting.folder import FoundFolder, look

__all__ = ["router"]

router = APIRouter(tags=["folders"])

_MOST = 2000
"""Entries of a folder that are listed."""
_FILES = ("gain", "defects")
"""Parameters of the import that name files."""
_FOLDERS = ("metadata",)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowsedEntry:
    """Something in a folder."""

    name: str
    path: str
    kind: Literal["folder", "session", "file"]
    bytes: int | None
    """Of a file."""
    changed: float | None
    """Seconds since the epoch; None: it cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowsedFolder:
    """What is in a folder."""

    path: str
    """Empty: these are the folders that one can begin at."""
    parent: str | None
    """The folder above, where it may be shown."""
    roots: tuple[str, ...]
    entries: tuple[BrowsedEntry, ...]
    movies: int
    """Files here, among those listed, that are called like movies."""
    more: bool
    """There are more than are listed."""


class AskedFolder(BaseModel):
    """A folder of movies, and what is known of them beforehand."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    pattern: Annotated[str, Field(min_length=1)]
    """A folder, or a pattern such as /data/session/**/*_fractions.tiff."""
    parameters: dict[str, Any] = Field(default_factory=dict)
    """Parameters of the import that the person gives; they win."""


@router.get("/folders")
def list_folder(
    server: ThisServer,
    _: Operator,
    path: Annotated[
        str, Query(description="A folder; the folders to begin at when not given.")
    ] = "",
) -> BrowsedFolder:
    """Folders and files of a folder, of those that may be shown."""
    places = places_of(server)
    roots = tuple(map(str, places.roots))
    if not path:
        entries = [entry for root in places.roots for entry in _entry(root, places, str(root))]
        return BrowsedFolder(
            path="", parent=None, roots=roots, entries=tuple(entries), movies=0, more=False
        )
    folder = places.folder(path)
    try:
        with os.scandir(folder) as scanned:
            names = [one.name for one in itertools.islice(scanned, _MOST + 1)]
    except OSError as error:
        raise Refused(403, f"{folder} cannot be read: {error.strerror}") from None
    shown = sorted(name for name in names[:_MOST] if not name.startswith("."))
    entries = [entry for name in shown for entry in _entry(folder / name, places, name)]
    entries.sort(key=lambda entry: entry.kind == "file")
    above = folder.parent if folder not in places.roots else None
    return BrowsedFolder(
        path=str(folder),
        parent=None if above is None else str(above),
        roots=roots,
        entries=tuple(entries),
        movies=sum(
            entry.kind == "file" and entry.name.lower().endswith(MOVIE_SUFFIXES)
            for entry in entries
        ),
        more=len(names) > _MOST,
    )


def _entry(path: Path, places: Places, name: str) -> list[BrowsedEntry]:
    """What a path is; nothing where it leads out, or is neither folder nor file."""
    if not places.allows(path):
        return []
    try:
        status = path.stat()
    except OSError:
        return []
    folder = path.is_dir()
    if not folder and not path.is_file():
        return []
    session = folder and is_session(path)
    return [
        BrowsedEntry(
            name=name,
            path=str(path),
            kind="session" if session else "folder" if folder else "file",
            bytes=None if folder else status.st_size,
            changed=status.st_mtime,
        )
    ]


@router.post("/folders/look")
def look_into_folder(asked: AskedFolder, server: ThisServer, _: Operator) -> FoundFolder:
    """How many movies are in a folder, and what is said of them: each value with who says it.

    A few movies are opened, the newest; what the person gives is compared with what the files say.
    """
    places = places_of(server)
    check_movies(places, asked.pattern, asked.parameters)
    given = {
        name: value
        for name, value in asked.parameters.items()
        if name in ImportParameters.model_fields and name not in ("pattern", "presets", "watch")
    }
    with asked_values():
        return look(
            asked.pattern,
            given=given,
            presets=server.loaded.settings.microscopes,
            allowed=places.allows,
        )


def check_movies(places: Places, pattern: str, parameters: dict[str, Any]) -> None:
    """Refuse a pattern, or parameters of an import, that lead out of what may be shown."""
    if "\x00" in pattern or not Path(pattern).is_absolute():
        raise Refused(422, "a folder of movies is given by its whole path, from / on")
    places.pattern(pattern, FolderWatch(pattern).root)
    problems = [
        Problem(where=name, what=f"{parameters[name]} is not below a folder that may be shown")
        for name in (*_FILES, *_FOLDERS)
        if parameters.get(name) and not places.allows(Path(str(parameters[name])))
    ]
    if problems:
        raise Refused(403, "files of other folders cannot be named here", None, problems)
