"""Ways by which alerts reach people."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path

from icestream.alike import hint
from icestream.channels.kinds import Channel
from icestream.channels.receipt import Undelivered
from icestream.channels.send import send, trial
from icestream.server.access import Staff, Viewer
from icestream.server.context import ThisServer
from icestream.server.errors import Refused
from icestream.server.sessions import OpenStore
from icestream.settings import person_file
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
    if name not in there:
        known = f"there are {', '.join(there)}" if there else "there is none"
        raise Refused(
            404,
            f"no channel {name!r} in the settings: {known}{hint(name, there)}",
            f"write [channels.{name}] into {person_file()}",
        )
    try:
        answer = send(there[name], trial(name))
    except Undelivered as error:
        return TriedChannel(delivered=False, words=str(error))
    words = f"{answer.text}; {answer.refused}" if answer.refused else answer.text
    return TriedChannel(delivered=not answer.refused, words=words)


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
