"""Where the movies of a session come from and go to: said once, when it begins."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from icestream.documents import read_json
from icestream.facility.file import FacilityFile
from icestream.facility.transfer.address import BadAddress, read_address
from icestream.facility.transfer.arriving import make_folders
from icestream.facility.transfer.ledger import FILE
from icestream.whole import written_whole

__all__ = [
    "LEDGERS",
    "ROUTE",
    "MovieRoute",
    "NoSource",
    "begin_copy",
    "decide_route",
    "lay_route",
    "ledger_of",
    "movies_pattern",
    "route_of",
]

LEDGERS = ".facility"
"""Folder in a session's own, for what the facility keeps of it."""
ROUTE = "transfer.json"


class NoSource(ValueError):
    """It is not known where movies come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MovieRoute:
    """Where the movies of one session are."""

    source: str
    """Where the microscope writes them: a folder, or an address of rsync."""
    copy: str = ""
    """The folder that they are copied to; empty where they are read at the source."""
    since: float = 0.0
    """Files of before are of other sessions; seconds since the epoch."""
    within: str = ""
    """Pattern of the folders right below the source whose files are its own; empty for all."""

    @property
    def movies(self) -> Path:
        """The folder that the session watches."""
        return Path(self.copy or self.source)

    @property
    def is_shared(self) -> bool:
        """Whether that folder has other sessions' movies, too."""
        return not self.copy and bool(self.since or self.within)


def begin_copy(
    file: FacilityFile,
    microscope: str,
    places: tuple[Path, Path],
    *,
    source: str = "",
    since: float = 0.0,
    within: str = "",
) -> MovieRoute:
    """Decide where the movies of a session that begins come from, and write it down.

    Copying begins with the next round of the duty ``transfer``.

    Parameters
    ----------
    microscope
        Its name in the facility file.
    places
        The session's folder, and that of its movies when they are copied.
    source, since, within
        As for `decide_route`.

    Raises
    ------
    NoSource
        If nobody says where they are, or not so that this machine can get there.
    """
    decided = decide_route(file, microscope, places[1], source=source, since=since, within=within)
    lay_route(file, places[0], decided)
    return decided


def decide_route(
    file: FacilityFile,
    microscope: str,
    raw: Path,
    *,
    source: str = "",
    since: float = 0.0,
    within: str = "",
) -> MovieRoute:
    """Where the movies of a session come from and go to; nothing is made.

    Parameters
    ----------
    microscope
        Its name in the facility file.
    raw
        The folder of its movies, when they are copied.
    source
        Where they come from: a folder below that of the microscope, or an address. The
        microscope's own folder when not given.
    since
        Files that were last changed before are left; needed where the folder is that of all
        sessions.
    within
        Pattern of the folders right below it whose files are taken; all by default.

    Raises
    ------
    NoSource
        If nobody says where they are, or not so that this machine can get there.
    """
    section = file.transfer
    known = file.microscopes.get(microscope)
    given = source or (section.sources.get(microscope, "") if section is not None else "")
    if not given and known is not None and known.movies is not None:
        given = str(known.movies)
    if not given:
        raise NoSource(
            f"it is not said where {microscope or 'the microscope'} writes its movies: give a "
            f"folder, or set microscopes.{microscope or 'NAME'}.movies in the facility file"
        )
    try:
        address = read_address(given)
    except BadAddress as error:
        raise NoSource(str(error)) from None
    in_place = section is None or section.way == "in-place" or microscope in section.in_place
    if in_place and address.folder is None:
        raise NoSource(
            f"movies of {microscope} are to be read where they are, and {given} is on another "
            'machine: mount it, or let them be copied (transfer.way = "copy")'
        )
    copy = "" if in_place else str(raw)
    return MovieRoute(source=address.text, copy=copy, since=since, within=within)


def lay_route(file: FacilityFile, processing: Path, route: MovieRoute) -> None:
    """Write a session's route down, and make the folder of the copy."""
    if route.copy:
        make_folders(Path(route.copy), None if file.transfer is None else file.transfer.folder_mode)
    write_route(processing, route)


def write_route(processing: Path, route: MovieRoute) -> None:
    """Write down where the movies of a session come from."""
    folder = processing / LEDGERS
    folder.mkdir(parents=True, exist_ok=True)
    with written_whole(folder / ROUTE) as path:
        path.write_text(json.dumps(asdict(route)))


def movies_pattern(pattern: str) -> tuple[str, str]:
    """The folder that a pattern of movies begins with, and what of it is below.

    What is there is meant as it is called, brackets and all.
    """
    parts = pattern.split("/")

    def begins(number: int) -> bool:
        above = "/".join(parts[: number + 1])
        return any(sign in parts[number] for sign in "*?[") and not os.path.exists(above)  # noqa: PTH110 - never raises

    count = next(filter(begins, range(len(parts))), len(parts))
    return "/".join(parts[:count]), "/".join(parts[count:])


def route_of(processing: Path) -> MovieRoute | None:
    """Where the movies of a session come from; None where it was not begun so."""
    try:
        said = read_json((processing / LEDGERS / ROUTE).read_bytes())
        return MovieRoute(**said)
    except (OSError, ValueError, TypeError):
        return None


def ledger_of(processing: Path) -> Path:
    """The ledger of the copy of a session."""
    return processing / LEDGERS / FILE
