"""Ways by which alerts reach people: what they are, trying them, and changing them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.requests import Request

from icestream.channels.kinds import Channel
from icestream.channels.receipt import Undelivered
from icestream.channels.send import send, trial
from icestream.server.access import Admin, Staff, Viewer
from icestream.server.context import Server, ThisServer
from icestream.server.errors import Refused
from icestream.server.people.gate import address_of
from icestream.server.people.person import Person
from icestream.server.routes.settings import (
    Revision,
    RevisionText,
    SettingsAnswer,
    SiteName,
    answer,
    check_there,
)
from icestream.server.sessions import OpenStore
from icestream.server.site_settings import (
    channel_said,
    locked_channel,
    said_in_file,
    tried,
    write,
)
from icestream.settings.names import is_secret
from icestream.store.deliveries import DeliveryRecord, deliveries

__all__ = ["router"]

router = APIRouter(tags=["channels"])


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSummary:
    """A channel, without what is secret of it."""

    name: str
    kind: str
    place: str
    """Where it leads: a server, a program or a file; why it leads nowhere."""
    levels: tuple[str, ...]
    """Which alerts are sent."""
    sessions: tuple[str, ...]
    """Of which sessions; ``*`` stands for anything."""
    quiet: str | None
    """Hours in which nothing is sent; None: there are none."""
    critical_always: bool
    """Critical alerts are sent in quiet hours, too."""
    gather: float
    """Seconds for which alerts are gathered into one message."""
    over: bool
    """It says when an alert is over."""
    origin: str
    """The file of the settings that has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedChannel:
    """What came of sending a message."""

    delivered: bool
    words: str
    """What the server answered, or why nothing got through."""


Kept = Literal["here", "file", "environment"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelValues:
    """A channel as its form has it."""

    name: str
    values: dict[str, Any]
    """As the file has them, the kind too; without what is secret."""
    secrets: dict[str, Kept]
    """Secrets that are set, and where they are kept: in the settings themselves, in a file that
    they name, or in a variable of the environment."""
    locked: str | None
    """Why it cannot be changed here, but only removed; None: it can."""


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    channel: dict[str, JsonValue]
    """Its ``kind``, and values by the names of ``/api/settings/forms``; those that are not given
    take their defaults. A secret is text; one that is not given is kept, null takes it out."""


class ChannelChange(_Asked):
    """What a channel shall be."""

    revision: RevisionText
    """Of the settings that the change is made for, as ``GET /api/settings`` gives it."""


class NewChannel(ChannelChange):
    """A channel that the settings do not have yet."""

    name: Annotated[str, Field(min_length=1, max_length=64)]


class ChannelTrial(_Asked):
    """A channel to be tried before it is kept."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    """Of one that there is, its secrets are used where none are given."""


@router.get("/channels")
def list_channels(server: ThisServer, _: Viewer) -> list[ChannelSummary]:
    """The channels of the settings."""
    origin = server.loaded.origins["channels"]
    return [
        _summary(name, channel, origin) for name, channel in server.loaded.settings.channels.items()
    ]


@router.post("/channels/{name}/test")
def try_channel(name: str, server: ThisServer, _: Staff) -> TriedChannel:
    """Send a message over a channel that says it is a trial, and what the server answered."""
    there = server.loaded.settings.channels
    check_there(name, there, "channel")
    return _tried(name, there[name])


@router.post("/channels/test")
def try_new_channel(asked: ChannelTrial, server: ThisServer, _: Admin) -> TriedChannel:
    """Send a message over a channel that is not kept yet, and what the server answered."""
    return _tried(asked.name, tried(channel_said(asked.channel, _old(server, asked.name))))


def _tried(name: str, channel: Channel) -> TriedChannel:
    try:
        got = send(channel, trial(name))
    except Undelivered as error:
        return TriedChannel(delivered=False, words=str(error))
    words = f"{got.text}; {got.refused}" if got.refused else got.text
    return TriedChannel(delivered=not got.refused, words=words)


@router.get("/channels/{name}")
def read_channel(name: SiteName, server: ThisServer, _: Admin) -> ChannelValues:
    """A channel as the file has it, without what is secret."""
    check_there(name, server.loaded.settings.channels, "channel")
    said = _old(server, name) or {}
    hidden = {one: value for one, value in said.items() if is_secret(("channels", name, one))}
    return ChannelValues(
        name=name,
        values={one: value for one, value in said.items() if one not in hidden},
        secrets={one: _kept(value) for one, value in hidden.items()},
        locked=locked_channel(str(said.get("kind"))),
    )


def _kept(secret: Any) -> Kept:
    if isinstance(secret, Mapping) and "file" in secret:
        return "file"
    return "environment" if isinstance(secret, Mapping) and "env" in secret else "here"


def _old(server: Server, name: str) -> dict[str, Any] | None:
    """What the file says of a channel now."""
    loaded = server.loaded
    if name not in loaded.settings.channels:
        return None
    said = said_in_file(("channels", name), loaded)
    return said if isinstance(said, dict) else None


@router.post("/channels", status_code=201)
def add_channel(
    asked: NewChannel, person: Admin, request: Request, server: ThisServer
) -> SettingsAnswer:
    """Add a channel; sessions that are started from now on send over it."""
    if asked.name in server.loaded.settings.channels:
        raise Refused(409, f"there is a channel {asked.name!r} already", "change that one")
    return _write(server, asked.name, asked, person, request)


@router.put("/channels/{name}")
def change_channel(
    name: SiteName, asked: ChannelChange, person: Admin, request: Request, server: ThisServer
) -> SettingsAnswer:
    """Have a channel be something else; sessions that run go on with what it was."""
    check_there(name, server.loaded.settings.channels, "channel")
    return _write(server, name, asked, person, request)


def _write(
    server: Server, name: str, asked: ChannelChange, person: Person, request: Request
) -> SettingsAnswer:
    said = channel_said(asked.channel, _old(server, name))
    done = write(
        server, {("channels", name): said}, asked.revision,
        who=person.name, address=address_of(request.scope),
    )  # fmt: skip
    return answer(server, done)


@router.delete("/channels/{name}")
def remove_channel(
    name: SiteName, revision: Revision, person: Admin, request: Request, server: ThisServer
) -> SettingsAnswer:
    """Take a channel out of the settings; nothing is sent over it by sessions from now on."""
    check_there(name, server.loaded.settings.channels, "channel")
    done = write(
        server, {("channels", name): None}, revision,
        who=person.name, address=address_of(request.scope),
    )  # fmt: skip
    return answer(server, done)


@router.get("/sessions/{id}/alerts/{alert}/deliveries")
def list_deliveries(
    alert: Annotated[int, Path(ge=0, lt=1 << 63)], store: OpenStore, _: Viewer
) -> tuple[DeliveryRecord, ...]:
    """Over which channels an alert was or is to be sent, and what was answered."""
    return deliveries(store, [alert])


def _summary(name: str, channel: Channel, origin: str) -> ChannelSummary:
    try:
        place = channel.place
    except Undelivered as error:
        place = str(error)
    return ChannelSummary(
        name=name,
        kind=channel.kind,
        place=place,
        levels=channel.levels,
        sessions=channel.sessions,
        quiet=channel.quiet,
        critical_always=channel.critical_always,
        gather=channel.gather,
        over=channel.over,
        origin=origin,
    )
