"""Telling staff, over channels of the settings, that something of the facility fails."""

import time
import uuid
from dataclasses import replace

import structlog
from sqlalchemy.exc import SQLAlchemyError

from icestream.channels.message import Message, Told
from icestream.channels.receipt import Undelivered
from icestream.channels.send import send
from icestream.facility.opened import Facility
from icestream.facility.people.unsaid import unsaid

__all__ = ["tell_staff"]

_log = structlog.get_logger(__name__)


def tell_staff(facility: Facility, told: Told, *, names_nobody: bool = False) -> bool:
    """Tell the staff of the facility something; whether it got through over any of the channels.

    Of confidential sessions it says neither name nor folder nor project, whoever wrote it.

    Parameters
    ----------
    names_nobody
        The message is of no session: the registry need not be asked what may be said.
    """
    name = facility.file.facility.name
    if not names_nobody:
        told = _without_names(facility, told)
    message = Message(
        id=f"facility.{uuid.uuid4().hex}",
        session=name,
        folder=str(facility.path),
        time=time.time(),
        alerts=(told,),
    )
    reached = False
    for channel in facility.file.facility.staff:
        known = facility.loaded.settings.channels.get(channel)
        if known is None or told.level not in known.levels:
            continue
        try:
            send(known, message)
            reached = True
        except Undelivered as error:
            _log.error(f"staff were not told over {channel}: {error}")
    return reached


def _without_names(facility: Facility, told: Told) -> Told:
    try:
        with facility.registry.read() as connection:
            return replace(told, message=unsaid(connection)(told.message))
    except SQLAlchemyError as error:
        _log.error(f"the registry cannot be asked who may be named: {error}")
        return replace(told, message=f"{told.key}: icestream facility status says more")
