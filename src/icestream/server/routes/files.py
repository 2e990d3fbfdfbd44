"""Files of a session, and exports: downloads that are streamed."""

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from starlette.responses import FileResponse, Response, StreamingResponse

from icestream.report.views.folder import FolderListing, inside, list_folder
from icestream.server.access import Viewer
from icestream.server.downloads import (
    EXPORTS,
    ExportKind,
    ExportName,
    ExportOptions,
    file_parts,
    make_export,
    zip_parts,
)
from icestream.server.errors import Refused
from icestream.server.sessions import AskedBranch, ThisSession
from icestream.store.places import state_folder

__all__ = ["router"]

router = APIRouter(tags=["files"])

_AT_ONCE = threading.BoundedSemaphore(2)
"""Exports that are made at once."""
_OLD = 86_400.0
"""Seconds after which nobody fetches an export any more."""
_PLAIN = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""What a file of a session may do when a browser shows it: nothing."""
_SHOWN = (".png", ".jpg", ".jpeg", ".svg", ".txt", ".log", ".json", ".pdf", ".csv", ".star")
"""Suffixes of what a browser shows; everything else is kept as a file."""


@router.get("/sessions/{id}/files")
def files(
    _: Viewer,
    entry: ThisSession,
    under: Annotated[
        str, Query(max_length=4000, description="Relative to the session's folder.")
    ] = "",
) -> FolderListing:
    """What is in a folder of the session, with bytes; links that lead out are not followed."""
    try:
        return list_folder(entry.folder, under)
    except NotADirectoryError as error:
        raise Refused(
            422, f"{under} is a file, and no folder", "ask files/download for it"
        ) from error


@router.get(
    "/sessions/{id}/files/download",
    response_class=FileResponse,
    responses={206: {"description": "The part that was asked for by Range."}},
)
def download(
    _: Viewer,
    entry: ThisSession,
    path: Annotated[str, Query(max_length=4000, description="As `files` lists it.")],
    shown: Annotated[bool, Query(description="To be shown in the browser, if it can.")] = False,
) -> Response:
    """One file of the session, whole or a part (Range); nothing outside of its folder."""
    file = inside(entry.folder, path)
    if not file.is_file():
        raise Refused(422, f"{path} is a folder, and no file", "ask files?under= what is in it")
    inline = shown and file.suffix.lower() in _SHOWN
    media = "text/plain" if inline and file.suffix.lower() in (".log", ".star", ".csv") else None
    headers = {"Content-Security-Policy": _PLAIN, "X-Content-Type-Options": "nosniff"}
    return FileResponse(
        _readable(file),
        filename=file.name,
        media_type=media,
        content_disposition_type="inline" if inline else "attachment",
        headers=headers | {"Cache-Control": "no-cache"},
    )


def _readable(file: Path) -> Path:
    """A file that can be opened now: what is wrong is said before anything is sent."""
    with file.open("rb"):
        return file


@router.get("/sessions/{id}/exports")
def exports(_: Viewer, entry: ThisSession) -> list[ExportKind]:  # noqa: ARG001 - may be seen
    """Ways to take a session along."""
    return list(EXPORTS)


def _options(
    branch: AskedBranch,
    step: Annotated[
        str | None, Query(max_length=200, description="Of a table: a row for each of its results.")
    ] = None,
    format_: Annotated[
        Literal["csv", "json"], Query(alias="format", description="Of a table.")
    ] = "csv",
    version: Annotated[
        Literal["3.1", "4", "5"] | None, Query(description="Of RELION; 3.1 by default.")
    ] = None,
    incomplete: Annotated[
        bool, Query(description="New results although steps wait to be run again.")
    ] = False,
) -> ExportOptions:
    return ExportOptions(
        branch=branch, step=step, format=format_, version=version, incomplete=incomplete
    )


@router.get("/sessions/{id}/exports/{name}", response_class=StreamingResponse)
def export(
    _: Viewer,
    entry: ThisSession,
    name: ExportName,
    options: Annotated[ExportOptions, Depends(_options)],
) -> Response:
    """One export, made now and sent as it is read; several files come as one zip archive.

    It is made by a process of its own, so that the server stays small and answers others.
    """
    if not _AT_ONCE.acquire(blocking=False):
        raise Refused(
            429, "two exports are being made already", "try again when one of them is there"
        )
    below = state_folder() / "exports"
    try:
        below.mkdir(parents=True, exist_ok=True, mode=0o700)
        _sweep(below)
        folder = Path(tempfile.mkdtemp(dir=below))
        try:
            made = _made_apart(name, entry.folder, options, folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    finally:
        _AT_ONCE.release()
    media = next(kind.media for kind in EXPORTS if kind.name == name)
    is_folder = made.is_dir()
    called = f"{made.name}.zip" if is_folder else made.name
    headers = {"Content-Disposition": f'attachment; filename="{called}"'}
    if not is_folder:
        headers["Content-Length"] = str(made.stat().st_size)
        media = "application/json" if made.suffix == ".json" else media
    return StreamingResponse(
        _parts(made, folder),
        media_type=media,
        headers=headers | {"Cache-Control": "no-store"},
    )


def _made_apart(name: ExportName, session: Path, options: ExportOptions, folder: Path) -> Path:
    """Make an export in a process of its own, and hand on what it raises."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        try:
            return apart.submit(make_export, name, session, options, folder).result()
        except OSError as error:
            if isinstance(error, PermissionError | FileNotFoundError):
                raise
            raise Refused(409, f"the export cannot be made: {error}") from error


def _sweep(below: Path) -> None:
    """Remove what a server that was killed left of its exports."""
    for folder in below.iterdir():
        with suppress(OSError):
            if folder.stat().st_mtime < time.time() - _OLD:
                shutil.rmtree(folder, ignore_errors=True)


def _parts(made: Path, folder: Path) -> Iterator[bytes]:
    """The export, a part at a time; its folder goes, also when nobody waits for the rest."""
    try:
        yield from zip_parts(made) if made.is_dir() else file_parts(made)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
