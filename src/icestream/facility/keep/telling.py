"""Telling owners that data will be removed: by mail to the operator and the PI, and to staff."""

import time
from collections.abc import Sequence

import structlog

from icestream.channels.kinds import EmailChannel
from icestream.channels.mail import send_mail
from icestream.channels.message import Message, Told
from icestream.channels.receipt import Undelivered
from icestream.facility.duties.telling import tell_staff
from icestream.facility.keep.kinds import Keep
from icestream.facility.keep.rules import DAY, Decision
from icestream.facility.opened import Facility
from icestream.facility.registry import people
from icestream.facility.registry import removals as rows
from icestream.facility.registry.records import KnownSession, Notice

__all__ = ["due_notices", "mail_channel", "owners", "tell_owners"]

_log = structlog.get_logger(__name__)


def due_notices(keep: Keep, decision: Decision, told: Sequence[Notice], now: float) -> list[float]:
    """Of which warnings it is time, and which were not given yet: days before.

    Those whose time has passed are given as one: the last of them.
    """
    rule = decision.rule
    if rule is None or not keep.act or decision.state not in ("waits", "warned"):
        return []
    given = {
        one.before
        for one in told
        if one.kind == decision.kind and abs(one.due - decision.due) < DAY
    }
    return sorted(
        before for before in rule.warn if before not in given and now >= decision.due - before * DAY
    )


def tell_owners(
    facility: Facility,
    session: KnownSession,
    decision: Decision,
    before: Sequence[float],
    size: int,
) -> str:
    """Tell people that a class of a session's data will be removed; whom, empty for nobody.

    Who is told is written down with when it is due: everybody is told once of each time.
    """
    now = time.time()
    assert decision.rule is not None
    earliest = max(decision.due, now + min(decision.rule.warn) * DAY)
    told = _told(facility, session, decision, size, earliest)
    reached = _mailed(facility, session, told)
    if reached is None:
        return ""  # it is tried again: that staff know of it is not enough
    if tell_staff(facility, told):
        reached.append("staff")
    if reached:
        with facility.registry.write() as connection:
            for one in before:
                rows.keep_notice(
                    connection, session.id, decision.kind, one,
                    due=decision.due, told=now, whom=", ".join(reached),
                )  # fmt: skip
    return ", ".join(reached)


def owners(facility: Facility, session: KnownSession) -> list[str]:
    """E-mail addresses of a session's operator and of its project's principal investigator."""
    with facility.registry.read() as connection:
        known = {one.name: one.email for one in people.people(connection)}
        names = [session.operator]
        if session.project:
            names.append(people.project(connection, session.project).pi)
    found = (known.get(name, "") for name in names)
    return list(dict.fromkeys(address for address in found if address))


def mail_channel(facility: Facility) -> EmailChannel | None:
    """The channel over whose server owners are told; None where the settings have none."""
    channels = facility.loaded.settings.channels
    keep = facility.file.keep
    named = (keep.mail,) if keep is not None and keep.mail else facility.file.facility.staff
    for name in named:
        found = channels.get(name)
        if isinstance(found, EmailChannel):
            return found
    return None


def _told(
    facility: Facility, session: KnownSession, decision: Decision, size: int, earliest: float
) -> Told:
    name = session.shown if session.confidential else f"session {session.name}"
    keep = facility.file.keep
    undo = 0.0 if keep is None else keep.undo
    return Told(
        number=0,
        level="warning",
        key=f"facility.keep.{decision.kind}",
        message=(
            f"the {decision.kind} data of {name} ({size / 1e9:.1f} GB) will be removed on "
            f"{facility.local(earliest):%Y-%m-%d}, by the rules of {facility.file.facility.name}. "
            "Fetch what you need, or ask the staff to hold it; it can be brought back for "
            f"{undo:g} days after"
        ),
        raised=time.time(),
    )


def _mailed(facility: Facility, session: KnownSession, told: Told) -> list[str] | None:
    """Whom a mail reached; None where it could not be sent."""
    channel, addresses = mail_channel(facility), owners(facility, session)
    if channel is None or not addresses:
        return []
    message = Message(
        id=f"facility.keep.{session.id}.{told.raised:.0f}",
        session=session.name,
        folder=session.place,
        time=told.raised,
        alerts=(told,),
    )
    try:
        send_mail(channel.model_copy(update={"to": tuple(addresses)}), message)
    except Undelivered as error:
        _log.warning(f"the owners of {session.shown} could not be told of a removal: {error}")
        return None
    return addresses
