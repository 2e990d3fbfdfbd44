"""What was already given out of a session when it becomes confidential, and stays where it is."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from icestream.facility.handover.offer import offer_of
from icestream.facility.messages.duty import message_ledger_file
from icestream.facility.messages.ledger import MessageLedger
from icestream.facility.opened import Facility
from icestream.facility.registry.records import KnownSession
from icestream.facility.sinks.ledger import SinkLedger
from icestream.settings import load

__all__ = ["given_out"]


def given_out(facility: Facility, session: KnownSession) -> Iterator[str]:
    """What others have of a session, each in a sentence that says what to do.

    Nothing of it can be taken back from here: it is in other systems, or its people may go on to
    have it.
    """
    yield from _delivered(facility, session)
    yield from _told(facility, session)
    yield from _published(facility)
    yield from _handed_over(facility, session)


def _delivered(facility: Facility, session: KnownSession) -> Iterator[str]:
    for name, section in facility.file.sinks.items():
        try:
            with closing(SinkLedger(Path(session.folder), name, readonly=True)) as ledger:
                count = sum(ledger.count().values())
        except FileNotFoundError:
            continue
        except (OSError, sqlite3.Error) as error:
            yield f"sink {name}: what it has is not known, its ledger cannot be read: {error}"
            continue
        if not count:
            continue
        then = (
            "it goes on being delivered, as confidential = true says"
            if section.confidential
            else f"nothing more is delivered; what is there has to be removed in {section.kind}"
        )
        yield f"sink {name}: {count} of its results were delivered; {then}"


def _told(facility: Facility, session: KnownSession) -> Iterator[str]:
    section = facility.file.messages
    if section is None or section.broker is None:
        return
    file = message_ledger_file(facility, section)
    if not file.exists():
        return
    with closing(MessageLedger(file)) as ledger:
        after = ledger.following.told_of(Path(session.folder))
    if after:
        broker = section.broker
        yield (
            f"queues {broker.results} and {broker.alerts}: what happened in it was told under its"
            " name; whoever read that has it"
        )


def _published(facility: Facility) -> Iterator[str]:
    setting = load().settings.report_publish
    if setting is not None and setting.get_secret_value():
        yield (
            "report: it may be where report_publish of the settings says, or where whoever began"
            " it has said; no newer one is published: remove what is there"
        )
    reports = None if facility.file.memory is None else facility.file.memory.reports
    if reports is not None:
        yield "index of live reports: it is left out the next time that this is written"


def _handed_over(facility: Facility, session: KnownSession) -> Iterator[str]:
    section = facility.file.handover
    if section is None:
        return
    offer = offer_of(section.folder, Path(session.folder))
    if offer is not None and offer.files:
        yield (
            f"handover: {offer.files} files wait to be fetched by whoever has been given name and"
            f" password; icestream facility handover {session.name} says more"
        )
