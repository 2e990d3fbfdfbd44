"""The server itself: its plugins, settings, microscopes and folders, its machine and its log."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query

from icestream.protocol import Registry, UnknownProtocol, unit_of
from icestream.server.access import Admin, Operator, Staff
from icestream.server.context import ThisServer
from icestream.server.log_lines import LogLine, LogLines
from icestream.settings import SITE_FILE, Settings, person_file
from icestream.starting.doctor import Finding, examine

__all__ = ["router"]

router = APIRouter(tags=["this server"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """A protocol that is declared, and why it cannot be used where it cannot."""

    name: str
    title: str
    """Empty for a broken one."""
    kind: str
    package: str
    """With its version."""
    version: int | None
    reason: str | None
    """One sentence: where, what is wrong, what to do; None: it is usable."""
    traceback: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A value that holds for every session of this machine."""

    name: str
    value: Any
    """Secrets are hidden."""
    unit: str
    default: Any
    origin: str
    """``default``, the name of a variable of the environment, or the path of a file."""
    help: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Microscope:
    """What the settings say of a microscope."""

    name: str
    preset: dict[str, Any]
    """What is known, by the name of the parameter of the import."""
    units: dict[str, str]
    """Unit of each value; empty for plain numbers and text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RootFolder:
    """A folder below which sessions are looked for."""

    path: str
    there: bool
    free: int | None
    """Bytes; None where that cannot be known."""
    total: int | None
    sessions: int


@router.get("/plugins")
def list_plugins(_: Staff) -> list[Plugin]:
    """Every protocol that is declared, the broken ones first."""
    registry = Registry()
    broken = [
        Plugin(
            name=one.name, title="", kind="", package=one.package, version=None,
            reason=one.reason, traceback=one.traceback,
        )
        for one in registry.broken()
    ]  # fmt: skip
    return broken + [plugin for name in registry.names() if (plugin := _usable(registry, name))]


def _usable(registry: Registry, name: str) -> Plugin | None:
    try:
        protocol = registry.get(name)
    except UnknownProtocol:
        return None
    return Plugin(
        name=name, title=protocol.title, kind=protocol.kind, package=registry.package(name),
        version=protocol.version, reason=None, traceback=None,
    )  # fmt: skip


@router.get("/settings")
def list_settings(_: Admin, server: ThisServer) -> AllSettings:
    """Every setting, its value, where it came from and what it does; secrets are hidden."""
    loaded = server.loaded
    values = loaded.settings.model_dump(mode="json")
    settings = tuple(
        Setting(
            name=name,
            value=values[name],
            unit=unit_of(field) or "",
            default=_plain(field.get_default(call_default_factory=True)),
            origin=loaded.origins[name],
            help=" ".join((field.description or "").split()),
        )
        for name, field in Settings.model_fields.items()
    )
    files = tuple(
        SettingsOrigin(path=str(path), there=path.exists()) for path in (person_file(), SITE_FILE)
    )
    return AllSettings(settings=settings, files=files)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


@router.get("/doctor")
def examine_machine(_: Staff, server: ThisServer) -> list[Finding]:
    """What this machine has, what is missing, and what that costs."""
    return list(examine(server.roots[0]))


@router.get("/logs")
def read_log(
    _: Admin, server: ThisServer, lines: Annotated[int, Query(ge=1, le=2000)] = 300
) -> list[LogLine]:
    """The newest lines of the server's log since it was started, the oldest of them first."""
    return server.one(LogLines, lambda _: LogLines()).newest(lines)


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


@router.get("/roots")
def list_roots(_: Staff, server: ThisServer) -> list[RootFolder]:
    """The folders below which sessions are looked for, with their room."""
    folders = [entry.folder for entry in server.catalogue.entries()]
    return [
        _root(root, sum(folder.is_relative_to(root) for folder in folders)) for root in server.roots
    ]


def _root(root: Path, sessions: int) -> RootFolder:
    try:
        room = shutil.disk_usage(root)
    except OSError:
        return RootFolder(path=str(root), there=False, free=None, total=None, sessions=sessions)
    return RootFolder(
        path=str(root), there=True, free=room.free, total=room.total, sessions=sessions
    )
