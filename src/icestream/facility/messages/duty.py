"""What a facility does over and over for messages: carry requests out, and talk to the broker.

They are two duties, so that requests in the folder are carried out while the broker is away. Both
work on the ledger, and keep nothing else: either may be killed at any instant.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from icestream.facility.duties.duty import Duty, Outage
from icestream.facility.file import FacilityFile
from icestream.facility.messages.folder import RequestFolder
from icestream.facility.messages.intake import take_files, write_out_answers
from icestream.facility.messages.ispyb_jobs import ispyb_jobs
from icestream.facility.messages.kinds import MessagesSection
from icestream.facility.messages.ledger import MessageLedger
from icestream.facility.messages.placed import PlacedSessions, follow_all
from icestream.facility.messages.requests import RequestsCarriedOut, pause_after
from icestream.facility.messages.telling import SessionsTold
from icestream.facility.opened import Facility
from icestream.store.places import state_folder

__all__ = [
    "carry_requests",
    "message_ledger_file",
    "messages_duties",
    "opened_messages",
    "talk_to_broker",
]

FILE = "messages.db"
_TURN = 60.0
"""Seconds after which a duty says how it goes."""
_LOOK = 0.5
"""Seconds between two looks at the folder and the ledger."""
_LISTED = 5.0
"""Seconds between two looks at which sessions the registry has."""
_AWAY = 20.0
"""Seconds between two attempts while something is away: trying costs nothing."""
_KEPT = 14 * 86400.0
"""Seconds for which it is kept what was published."""
_TRIES = 4
"""How often the broker is tried before it is said that it is away."""


def messages_duties(file: FacilityFile) -> Iterator[Duty]:
    """What the section asks for."""
    section = file.messages
    if section is None:
        return
    yield Duty(
        name="messages.requests",
        what="carries out what is asked by message",
        every=_LOOK,
        act=partial(carry_requests, watched={}),
    )
    if section.broker is not None:
        yield Duty(
            name="messages.broker",
            what="takes in and sends messages",
            every=_LOOK,
            longest=_AWAY,
            act=talk_to_broker,
        )


@contextmanager
def opened_messages(facility: Facility) -> Iterator[RequestsCarriedOut]:
    """The ledger of a facility, and what carries its requests out."""
    section = facility.file.messages
    if section is None:
        raise LookupError(
            f"{facility.path} has no [messages]: nothing is asked by message here; add the section"
        )
    jobs = ispyb_jobs(facility.file)
    with closing(MessageLedger(message_ledger_file(facility, section))) as ledger:
        yield RequestsCarriedOut(section, ledger, PlacedSessions(facility, section), jobs)


def message_ledger_file(facility: Facility, section: MessagesSection) -> Path:
    """Where the ledger is: with the registry where that is a file."""
    if section.ledger is not None:
        return section.ledger
    beside = facility.registry.file
    return (state_folder() if beside is None else beside.parent) / FILE


def carry_requests(
    facility: Facility,
    stop: threading.Event,
    *,
    seconds: float = _TURN,
    once: bool = False,
    watched: dict[Path, Any] | None = None,
) -> str:
    """Take in the folder's files, carry out what was asked, and tell of sessions.

    Parameters
    ----------
    watched
        What was seen of sessions in turns before.

    Raises
    ------
    Outage
        If the folder cannot be used; what came by the broker is carried out all the same.
    """
    with opened_messages(facility) as carrying:
        section, ledger = carrying.section, carrying.ledger
        folder = None if section.folder is None else RequestFolder(section, section.folder)
        telling = SessionsTold(carrying.told, {} if watched is None else watched)
        until, listed, away = time.monotonic() + seconds, 0.0, ""
        files = done = told = 0
        ledger.outbox.forget(time.time() - _KEPT)
        while True:
            if folder is not None:
                try:
                    folder.make()
                    files += take_files(carrying, folder)
                except OSError as error:
                    away = f"{error.filename or folder.folder}: {error.strerror or error}"
                else:
                    away = ""
            done += carrying.carry_out()
            if section.broker is not None and time.monotonic() >= listed:
                follow_all(facility, ledger, ledger.begun)
                listed = time.monotonic() + _LISTED
            told += telling.look()
            try:
                write_out_answers(carrying)
            except OSError as error:
                away = f"answers cannot be written: {error.filename}: {error.strerror}"
            if once or time.monotonic() >= until or stop.wait(_LOOK):
                break
        if away:
            raise Outage(f"the folder of requests cannot be used: {away}")
        waiting = ledger.counts()
        dead = waiting.get("given up", 0)
        said = f"{files} files taken in, {done} steps done, {told} events told"
        return f"{said}; {dead} given up (icestream facility messages --dead)" if dead else said


def talk_to_broker(facility: Facility, stop: threading.Event, *, seconds: float = _TURN) -> str:
    """Take in what the broker has, and publish what waits.

    Raises
    ------
    Outage
        If the broker is away.
    """
    # The library is loaded only where there is a broker.
    from icestream.facility.messages.broker import BrokerAway
    from icestream.facility.messages.exchange import exchange, link_of

    with opened_messages(facility) as carrying:
        link, failures = link_of(carrying.section), 0
        until, came, went = time.monotonic() + seconds, 0, 0
        try:
            while True:
                try:
                    if not link.is_open:
                        link.open()
                    left = max(0.0, until - time.monotonic())
                    taken, sent = exchange(carrying, link, stop, left)
                    came, went, failures = came + taken, went + sent, 0
                except BrokerAway as error:
                    failures += 1
                    if failures >= _TRIES:
                        waiting = carrying.ledger.counts()["unsent"]
                        raise Outage(f"{error}; {waiting} messages wait for it") from None
                    stop.wait(min(8.0, pause_after(failures) / 10.0))
                if stop.is_set() or time.monotonic() >= until:
                    return f"{came} messages came, {went} went"
        finally:
            link.close()
