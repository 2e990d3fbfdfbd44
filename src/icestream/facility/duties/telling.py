"""Telling staff, over channels of the settings, that something of the facility fails."""

import sqlite3
import time
import uuid
from collections.abc import Iterable
from dataclasses import replace

import structlog
from sqlalchemy.exc import SQLAlchemyError

from icestream.channels.kinds import Channel
from icestream.channels.message import Message, Told
from icestream.channels.receipt import Undelivered
from icestream.channels.send import send
from icestream.facility.duties.duty import Outage
from icestream.facility.duties.letters import KEPT, letters_in
from icestream.facility.opened import Facility
from icestream.facility.people.unsaid import unsaid

__all__ = ["send_letters", "tell_staff"]

_log = structlog.get_logger(__name__)


def tell_staff(facility: Facility, told: Told, *, names_nobody: bool = False) -> bool:
    """Tell the staff of the facility something; whether it got through over any of the channels.

    It is kept for the channels that did not take it, where another one did: they get it later. Of
    confidential sessions it says neither name nor folder nor project, whoever wrote it.

    Parameters
    ----------
    names_nobody
        The message is of no session: the registry need not be asked what may be said.
    """
    if not names_nobody:
        told = _without_names(facility, told)
    message = Message(
        id=f"facility.{uuid.uuid4().hex}",
        session=facility.file.facility.name,
        folder=str(facility.path),
        time=time.time(),
        alerts=(told,),
    )
    channels = _channels(facility, told.level)
    failed = _failed(channels, message)
    reached = len(failed) < len(channels)
    if reached and failed:
        _keep(facility, failed, message)
    return reached


def send_letters(facility: Facility) -> str:
    """Send what waits for channels of staff; what was done, in words.

    Raises
    ------
    Outage
        Naming each channel that does not take it, and why; others did.
    """
    sent, failed = 0, []
    with letters_in(facility.loaded.settings.state) as letters:
        for channel, waiting in letters.waiting().items():
            known = facility.loaded.settings.channels.get(channel)
            for letter in waiting:
                try:
                    if known is not None:
                        send(known, letter.message)
                        sent += 1
                except Undelivered as error:
                    if time.time() - letter.made < KEPT:
                        failed.append(f"the channel {channel} does not work: {error}")
                        break  # what comes later is told later
                    _log.error(f"staff were never told over {channel}: {letter.message}")
                letters.drop(letter)
    if failed:
        raise Outage("; ".join(failed))
    return f"{sent} messages that had waited were sent" if sent else "nothing waits"


def _without_names(facility: Facility, told: Told) -> Told:
    try:
        with facility.registry.read() as connection:
            return replace(told, message=unsaid(connection)(told.message))
    except SQLAlchemyError as error:
        _log.error(f"the registry cannot be asked who may be named: {error}")
        return replace(told, message=f"{told.key}: icestream facility status says more")


def _channels(facility: Facility, level: str) -> dict[str, Channel]:
    """The channels of staff that take what is of a level."""
    known = facility.loaded.settings.channels
    return {
        name: known[name]
        for name in facility.file.facility.staff
        if name in known and level in known[name].levels
    }


def _failed(channels: dict[str, Channel], message: Message) -> list[str]:
    """Names of the channels that did not take a message."""
    failed = []
    for name, channel in channels.items():
        try:
            send(channel, message)
        except Undelivered as error:
            _log.error(f"staff were not told over {name}: {error}")
            failed.append(name)
    return failed


def _keep(facility: Facility, channels: Iterable[str], message: Message) -> None:
    try:
        with letters_in(facility.loaded.settings.state) as letters:
            for name in channels:
                letters.keep(name, message)
    except (sqlite3.Error, OSError) as error:
        _log.error(f"what staff are to be told cannot be kept: {error}")
