"""The area as a whole: what is offered is brought up to date, and what is over taken away."""

import contextlib
import shutil
import threading
import time
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path

from icestream.facility.handover.access import FETCH, fetch_text, write_access
from icestream.facility.handover.filling import OfferedContents, fill, take_away
from icestream.facility.handover.kinds import Handover
from icestream.facility.handover.offer import (
    DataOffer,
    new_offer,
    offer_of,
    offers,
    require_area,
    write_offer,
)
from icestream.whole import written_whole

__all__ = ["AskedOffer", "end_offer", "end_offers", "offer_session"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOffer:
    """A session that is to be offered."""

    session: str
    folder: Path
    """Of the session."""
    project: str = ""
    confidential: bool = False
    contents: OfferedContents


def offer_session(
    section: Handover,
    asked: AskedOffer,
    zone: tzinfo | None = None,
    stopped: threading.Event | None = None,
) -> DataOffer:
    """Offer a session, or bring what is offered of it up to date.

    Raises
    ------
    NoArea
        If there is no area.
    OSError
        If it cannot be written.
    """
    area = section.folder
    require_area(area)
    known = offer_of(area, asked.folder)
    if known is not None and asked.confidential and not known.confidential:
        # It was made confidential after it was offered: its name tells whose it is.
        take_away(area, known)
        known = None
    named = section.names == "project"
    offer = known or new_offer(
        asked.session, asked.folder, asked.project, named=named, secret=asked.confidential
    )
    offer = replace(offer, parts=section.offer)
    write_offer(area, offer)
    link = section.way == "hardlink"
    offer = fill(area, offer, asked.contents, days=section.days, link=link, stopped=stopped)
    with written_whole(area / offer.name / FETCH) as path:
        path.write_text(fetch_text(section, offer, zone))
        path.chmod(0o644)
    write_access(section, list(offers(area)))
    return offer


def end_offer(section: Handover, offer: DataOffer) -> None:
    """Offer something no more: its folder goes, and the data stay where they are."""
    take_away(section.folder, offer)
    write_access(section, list(offers(section.folder)))


def end_offers(section: Handover, now: float | None = None) -> list[DataOffer]:
    """Take away what has expired; what that was."""
    now = time.time() if now is None else now
    area = section.folder
    records = require_area(area)
    over = [offer for offer in offers(area) if offer.expires and offer.expires < now]
    for offer in over:
        take_away(area, offer)
    for left in records.glob("*.gone"):
        with contextlib.suppress(OSError):
            shutil.rmtree(left)
    if over:
        write_access(section, list(offers(area)))
    return over
