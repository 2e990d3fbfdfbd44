"""Microscopes and the tree of places, as the facility file has them."""

import re
from string import Formatter
from typing import Annotated

from pydantic import AfterValidator, Field

from icestream.facility.kinds import FileMode, Name, Section, WholePath

__all__ = ["FIELDS", "Instrument", "Tree"]

FIELDS = ("microscope", "year", "month", "day", "project", "team", "operator", "session", "number")
"""What a template of the tree may name."""


def _template(text: str) -> str:
    if text.startswith("/") or ".." in text.split("/") or not text.strip("/"):
        raise ValueError(f"write folders below that of the sessions, found {text!r}")
    try:
        fields = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError as error:
        raise ValueError(f"{text!r} is no template: {error}") from None
    unknown = [name for name in fields if re.split(r"[.\[!:]", name)[0] not in FIELDS]
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in FIELDS)
        raise ValueError(f"there is no {{{unknown[0]}}}; there are {known}")
    if any(name not in FIELDS for name in fields):
        raise ValueError(f"write names alone in braces, found {text!r}")
    return text


def _own(text: str) -> str:
    fields = {name for _, name, _, _ in Formatter().parse(_template(text))}
    if not fields & {"session", "number"}:
        raise ValueError("name {session} or {number} in it, so that each session has its own place")
    return text


def _session_name(text: str) -> str:
    fields = {name for _, name, _, _ in Formatter().parse(_template(text))}
    if "number" not in fields or "session" in fields or "/" in text:
        raise ValueError("name {number} in it, not {session}, and no folder")
    return text


class Instrument(Section):
    """A microscope of the facility. Its optics are in the settings, by the same name."""

    title: str = ""
    """What people call it: ``Titan Krios 1``."""
    model: str = ""
    """Of the maker."""
    movies: WholePath | None = None
    """The folder into which its camera writes, as this machine sees it."""
    pattern: str = ""
    """Which files below it are movies, such as ``**/*_fractions.tiff``; every movie when not given,
    and no single images."""
    detector: str = ""
    """Its camera."""
    booking: str = ""
    """What the booking system calls it, a name or a number; its own name when not given."""
    workflow: str = "default"
    """The workflow that its sessions begin with where nobody says otherwise: the name of one that
    is shipped or saved, or a file."""
    cores: Annotated[int, Field(ge=1)] | None = None
    """CPU cores that each of its sessions may use; all that others leave when not given."""


class Tree(Section):
    """Where sessions are put, and who may read them."""

    place: Annotated[str, AfterValidator(_own)] = "{microscope}/{year}/{project}/{session}"
    """Template of a session's place below the folder of the sessions. It may name {microscope},
    {year}, {month}, {day}, {project}, {team}, {operator}, {session} and {number}."""
    session: Annotated[str, AfterValidator(_session_name)] = "{project}-{number}"
    """Template of a session's name. {number} counts the sessions of its project."""
    raw: Name = "raw"
    """Folder of the movies in a place."""
    processing: Annotated[str, AfterValidator(_own)] = "{session}"
    """Folder of the session in a place: its store, its results and its report. Lists, messages and
    reports call the session by the name of this folder."""
    folders: tuple[Name, ...] = ()
    """More folders that each place gets."""
    mode: Annotated[FileMode, Field(validate_default=False)] = 0o2750
    """Permissions of a place and its folders: by default its owner writes, its group reads, and
    what is made in it belongs to the same group."""
    group: str = ""
    """Template of the group of the system that a place is given, such as ``em-{team}``; that of
    the process when not given. The process has to be a member."""
    unknown: Name = "unassigned"
    """What stands for a project, team or operator that nobody knows."""
