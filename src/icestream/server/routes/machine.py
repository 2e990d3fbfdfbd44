"""The server itself: its plugins and folders, its machine and its log."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query

from icestream.protocol import Registry, UnknownProtocol
from icestream.server.access import Admin, Staff
from icestream.server.context import ThisServer
from icestream.server.log_lines import LogLine, LogLines
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
class RootFolder:
    """A folder that is shown: below it sessions are looked for, or movies alone."""

    path: str
    origin: str
    """``start``: it was given when the server was started, and has sessions; otherwise who says
    the setting ``roots``, for folders of movies."""
    there: bool
    free: int | None
    """Bytes; None where that cannot be known."""
    total: int | None
    sessions: int | None
    """None: they are not looked for there."""


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


@router.get("/roots")
def list_roots(_: Staff, server: ThisServer) -> list[RootFolder]:
    """The folders that are shown, with their room: those of sessions, then those of movies."""
    folders = [entry.folder for entry in server.catalogue.entries()]
    loaded = server.loaded
    return [
        _root(root, "start", sum(folder.is_relative_to(root) for folder in folders))
        for root in server.roots
    ] + [_root(root, loaded.origins["roots"], None) for root in loaded.settings.roots]


def _root(root: Path, origin: str, sessions: int | None) -> RootFolder:
    try:
        room = shutil.disk_usage(root.expanduser())
    except OSError:
        there, free, total = False, None, None
    else:
        there, free, total = True, room.free, room.total
    return RootFolder(
        path=str(root), origin=origin, there=there, free=free, total=total, sessions=sessions
    )
