"""The duty ``handover``: what is offered is kept up to date, and taken away when it is over."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from icestream.facility.backup.duty import what_of
from icestream.facility.duties.duty import Duty, Outage
from icestream.facility.file import FacilityFile
from icestream.facility.handover.area import AskedOffer, end_offers, offer_session
from icestream.facility.handover.filling import OfferedContents
from icestream.facility.handover.kinds import Handover
from icestream.facility.handover.offer import DataOffer, NoArea, offer_of
from icestream.facility.opened import Facility
from icestream.facility.registry.records import KnownSession
from icestream.facility.registry.sessions import sessions
from icestream.facility.transfer.session import route_of

__all__ = ["asked_of", "handover_duties", "offer_known"]

_OVER = ("archived", "gone")


def handover_duties(file: FacilityFile) -> Iterator[Duty]:
    """The duty, if the facility file has a section ``[handover]``."""
    if file.handover is not None:
        what = "keeps the area from which people fetch data"
        yield Duty(name="handover", what=what, every=file.handover.every, lasts=86400.0, act=_act)


def asked_of(session: KnownSession, raw: str = "raw") -> AskedOffer:
    """A session as it is offered."""
    place, what = Path(session.place), what_of(session, raw)
    route = route_of(what.processing)
    # What others have written into the same folder is not handed over.
    movies = None if route is not None and route.is_shared else what.movies
    return AskedOffer(
        session=session.name,
        folder=what.processing,
        project=session.project,
        confidential=session.confidential,
        contents=OfferedContents(
            processing=what.processing, movies=movies, exports=place / "exports"
        ),
    )


def offer_known(
    facility: Facility, session: KnownSession, stop: threading.Event | None = None
) -> DataOffer:
    """Offer a session of the registry, or bring what is offered of it up to date.

    Raises
    ------
    NoArea
        If the facility file has no area, or it cannot be used.
    """
    section = _section(facility)
    asked = asked_of(session, facility.file.tree.raw)
    return offer_session(section, asked, facility.file.zone, stop)


def _section(facility: Facility) -> Handover:
    if facility.file.handover is None:
        raise NoArea("the facility file has no section [handover]: write one, with its folder")
    return facility.file.handover


def _is_due(section: Handover, one: KnownSession) -> bool:
    """Whether a session is offered already, or is to be by itself."""
    folder = Path(one.folder)
    if not folder.is_dir():
        return False
    if offer_of(section.folder, folder) is not None:
        return True
    # What was offered once and is over is not offered again by itself.
    wanted = section.sessions == "all" or (section.sessions == "ended" and bool(one.ended))
    return wanted and not (folder / ".facility" / "offered").exists()


def _act(facility: Facility, stop: threading.Event) -> str:
    section, disks = _section(facility), facility.disks
    disks.require(section.folder)
    try:
        ended = end_offers(section)
    except NoArea as error:
        raise Outage(str(error)) from None
    with facility.registry.read() as connection:
        known = [one for one in sessions(connection) if one.state not in _OVER]
    done, troubles = [], []
    for one in known:
        if stop.is_set():
            break
        try:
            disks.require(Path(one.folder))
            if _is_due(section, one):
                disks.require(what_of(one, facility.file.tree.raw).movies)
                done.append(offer_known(facility, one, stop))
                (Path(one.folder) / ".facility").mkdir(exist_ok=True)
                (Path(one.folder) / ".facility" / "offered").touch()
        except (OSError, sqlite3.Error) as error:
            troubles.append(one.said(str(error)))
    if troubles:
        raise Outage("; ".join(troubles))
    size = sum(offer.bytes for offer in done)
    over = f", {len(ended)} over" if ended else ""
    return f"{len(done)} sessions offered ({size / 1e9:.1f} GB){over}"
