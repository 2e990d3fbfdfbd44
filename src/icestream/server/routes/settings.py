"""The settings of this machine: what each is, who says it, and changing those that may be here."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.requests import Request

from icestream.alike import hint
from icestream.protocol import unit_of
from icestream.server.access import Admin, Operator
from icestream.server.context import Server, ThisServer
from icestream.server.errors import Refused
from icestream.server.people.gate import address_of
from icestream.server.people.person import Person
from icestream.server.site_settings import (
    ONLY_IN_FILES,
    SETTINGS_HERE,
    forms,
    locked_setting,
    said_in_file,
    write,
)
from icestream.settings import Settings
from icestream.settings.change import (
    EFFECT,
    ChangedSettings,
    Effect,
    SaidElsewhere,
    file_for,
    in_words,
    revision,
)
from icestream.settings.names import Name
from icestream.settings.tree import no_setting, settings_files

__all__ = [
    "Revision",
    "RevisionText",
    "SettingsAnswer",
    "SiteName",
    "answer",
    "check_there",
    "router",
]

router = APIRouter(tags=["this server"])

SiteName = Annotated[str, InPath(min_length=1, max_length=64)]
"""Name of a microscope or a channel."""
RevisionText = Annotated[str, Field(max_length=64)]
Revision = Annotated[str, Query(max_length=64)]
"""Parameter of a route: the revision of the settings for which something is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A value that holds for every session of this machine."""

    name: str
    value: Any
    """Secrets are hidden."""
    said: Any
    """As the file has it, such as ``64GB``; None for what no file says, and what is not changed
    here."""
    unit: str
    default: Any
    origin: str
    """``default``, the name of a variable of the environment, or the path of a file."""
    help: str
    holds: Effect
    """From when on a change holds."""
    file: str | None
    """In which file it is changed; None: in none."""
    locked: str | None
    """Why it cannot be changed here; None: it can."""
    waits: bool
    """Its file says something else since the server was started, which holds after the next
    start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsOrigin:
    """A file that settings are read from."""

    path: str
    there: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AllSettings:
    """Every setting, and the files that were looked for; the first one wins."""

    settings: tuple[Setting, ...]
    files: tuple[SettingsOrigin, ...]
    revision: str
    """To be given with a change, which is refused when the files are others by then."""
    problem: str | None
    """Why the files cannot be read since somebody changed them; what held before holds on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Microscope:
    """What the settings say of a microscope."""

    name: str
    preset: dict[str, Any]
    """What is known, by the name of the parameter of the import."""
    units: dict[str, str]
    """Unit of each value; empty for plain numbers and text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsAnswer:
    """What a change has done."""

    words: str
    """What became different; secrets are hidden."""
    file: str
    holds: Effect
    """From when on it holds."""
    revision: str
    """Of the files as they are now."""


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    revision: RevisionText
    """Of the settings that the change is made for, as ``GET /api/settings`` gives it."""


class SettingValue(_Asked):
    """What a setting shall be."""

    value: JsonValue
    """As it is written in a file."""


class MicroscopeValues(_Asked):
    """What shall be known of a microscope; what is not given is unknown."""

    preset: dict[str, JsonValue]
    """By the names of ``/api/settings/forms``."""


class NewMicroscope(MicroscopeValues):
    """A microscope that the settings do not have yet."""

    name: Annotated[str, Field(min_length=1, max_length=64)]


@router.get("/settings")
def list_settings(_: Admin, server: ThisServer) -> AllSettings:
    """Every setting, its value, where it came from and what it does; secrets are hidden."""
    seen = revision()  # before they are read: a change meanwhile makes it an old one
    loaded = server.loaded
    values = loaded.settings.model_dump(mode="json")
    waiting = server.settings.waiting()
    settings = tuple(
        Setting(
            name=name,
            value=values[name],
            said=_said(name, loaded.origins[name], server),
            unit=unit_of(field) or "",
            default=_plain(field.get_default(call_default_factory=True)),
            origin=loaded.origins[name],
            help=" ".join((field.description or "").split()),
            holds=EFFECT[name],
            file=_file(name, loaded.origins[name]),
            locked=locked_setting(name, loaded),
            waits=name in waiting,
        )
        for name, field in Settings.model_fields.items()
    )
    files = tuple(SettingsOrigin(path=str(path), there=path.exists()) for path in settings_files())
    return AllSettings(
        settings=settings, files=files, revision=seen, problem=server.settings.problem
    )


def _said(name: str, origin: str, server: Server) -> Any:
    readable = server.settings.problem is None and origin in map(str, settings_files())
    if name not in SETTINGS_HERE or not readable:
        return None
    return said_in_file((name,), server.loaded)


def _file(name: str, origin: str) -> str | None:
    try:
        return None if name in ONLY_IN_FILES else str(file_for(name, origin))
    except SaidElsewhere:
        return None


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


@router.get("/settings/forms")
def list_forms(_: Admin) -> dict[str, dict[str, Any]]:
    """JSON Schemas of what can be entered: ``settings``, ``microscope``, each kind of channels."""
    return forms()


@router.put("/settings/{name}")
def change_setting(
    name: SiteName, asked: SettingValue, person: Admin, request: Request, server: ThisServer
) -> SettingsAnswer:
    """Have a setting be something else: in the file that says it, or the person's own."""
    _check_here(name, server)
    if asked.value is None:
        raise Refused(422, f"{name}: none cannot be written; to take it out, DELETE it")
    return answer(
        server, write(server, {(name,): asked.value}, asked.revision, **_who(person, request))
    )


@router.delete("/settings/{name}")
def reset_setting(
    name: SiteName, revision: Revision, person: Admin, request: Request, server: ThisServer
) -> SettingsAnswer:
    """Take a setting out of the file that says it: the next file says it, or the default holds."""
    _check_here(name, server)
    return answer(server, write(server, {(name,): None}, revision, **_who(person, request)))


def _check_here(name: str, server: Server) -> None:
    if name not in Settings.model_fields:
        raise Refused(404, no_setting(name))
    if why := locked_setting(name, server.loaded):
        raise Refused(403, f"{name} is not changed in a browser", why)
    if name not in SETTINGS_HERE:
        raise Refused(
            422, f"{name} has parts, which are changed one by one", f"see /api/{name} in the docs"
        )


def _who(person: Person, request: Request) -> dict[str, str]:
    return {"who": person.name, "address": address_of(request.scope)}


def answer(server: Server, done: ChangedSettings) -> SettingsAnswer:
    """What is answered to a change: its words, and what has to be known for the next."""
    seen = revision()
    server.settings.now()
    tops = {one.name.partition(".")[0] for one in done.differences}
    effects = [EFFECT[name] for name in tops] or ["at once"]
    return SettingsAnswer(
        words=in_words(done.differences),
        file=str(done.file),
        holds=effects[0],
        revision=seen,
    )


@router.get("/microscopes")
def list_microscopes(_: Operator, server: ThisServer) -> list[Microscope]:
    """The microscopes of the settings, and what is known of each."""
    return [
        Microscope(
            name=name,
            preset=preset.changed(),
            units={key: unit_of(field) or "" for key, field in type(preset).model_fields.items()},
        )
        for name, preset in server.loaded.settings.microscopes.items()
    ]


@router.post("/microscopes", status_code=201)
def add_microscope(
    asked: NewMicroscope, person: Admin, request: Request, server: ThisServer
) -> SettingsAnswer:
    """Say what is known of a microscope that the settings do not have yet."""
    if asked.name in server.loaded.settings.microscopes:
        raise Refused(409, f"there is a microscope {asked.name!r} already", "change that one")
    return _write_microscope(server, asked.name, asked, person, request)


@router.put("/microscopes/{name}")
def change_microscope(
    name: SiteName, asked: MicroscopeValues, person: Admin, request: Request, server: ThisServer
) -> SettingsAnswer:
    """Say anew what is known of a microscope; sessions that have begun keep what they were told."""
    check_there(name, server.loaded.settings.microscopes, "microscope")
    return _write_microscope(server, name, asked, person, request)


@router.delete("/microscopes/{name}")
def remove_microscope(
    name: SiteName, revision: Revision, person: Admin, request: Request, server: ThisServer
) -> SettingsAnswer:
    """Take a microscope out of the settings."""
    check_there(name, server.loaded.settings.microscopes, "microscope")
    values: dict[Name, Any] = {("microscopes", name): None}
    return answer(server, write(server, values, revision, **_who(person, request)))


def _write_microscope(
    server: Server, name: str, asked: MicroscopeValues, person: Person, request: Request
) -> SettingsAnswer:
    preset = {key: value for key, value in asked.preset.items() if value is not None}
    values: dict[Name, Any] = {("microscopes", name): preset}
    return answer(server, write(server, values, asked.revision, **_who(person, request)))


def check_there(name: str, known: Mapping[str, object], what: str) -> None:
    """Refuse what is about something that the settings do not have.

    Raises
    ------
    Refused
        Saying what there is.
    """
    if name not in known:
        there = f"there are {', '.join(known)}" if known else "there is none"
        raise Refused(404, f"no {what} {name!r} in the settings: {there}{hint(name, known)}")
