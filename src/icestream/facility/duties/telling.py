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


def tell_staff(facility: Facility, told: Told) -> bool:
    """Tell the staff of the facility something; whether it got through over any of the channels.

    Of confidential sessions it says neither name nor folder nor project, whoever wrote it.
    """
    name = facility.file.facility.name
    try:
        with facility.registry.read() as connection:
            told = replace(told, message=unsaid(connection)(told.message))
    except SQLAlchemyError as error:
        _log.error(f"the registry cannot be asked who may be named: {error}")
        told = replace(told, message=f"{told.key}: icestream facility status says more")
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
