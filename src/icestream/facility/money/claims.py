"""Whose each second at a microscope is: bookings and sessions become uses, and no second two.

The rules, in the order in which they are asked (``docs/explanation/money.md`` has their reasons):

1. downtime is nobody's;
2. time that was really used goes before time that was only booked, that before a booking in which
   nobody came, and that before one that was cancelled;
3. of two sessions at one time, the one that began later has it: the microscope was handed on;
   of two bookings, the one that began first.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from icestream.facility.money.kinds import Money
from icestream.facility.money.parties import Booked, Books, Party, Worked
from icestream.facility.money.rules import RulesInTime
from icestream.facility.money.spans import Spans, intersect, length, subtract, union

__all__ = ["Manner", "Unclaimed", "Use", "uses"]

Manner = Literal["booked", "used", "no-show", "cancelled"]
"""What a use is billed for."""

_HOUR = 3600


class Unclaimed(NamedTuple):
    """Time of a use that is not billed, and why."""

    reason: str
    spans: Spans


@dataclass(frozen=True, slots=True)
class Use:
    """A booking with its sessions, or a session without one: billed whole, or not at all."""

    kind: Literal["booking", "session"]
    source: int
    microscope: str
    begins: int
    """Of the booking, or of the session: this decides its prices and its period."""
    party: Party
    manner: Manner
    spans: Spans
    """What is billed."""
    share: Decimal
    """Percent of the price."""
    lost: Spans
    """What would be billed, had there been no downtime."""
    rest: tuple[Unclaimed, ...]
    """All other time of the booking and its sessions."""
    waits: str
    """Why it cannot be billed yet; empty when it can."""
    sessions: tuple[str, ...]

    @property
    def time(self) -> Spans:
        """All time of the booking and its sessions."""
        return union([*self.spans, *(span for unclaimed in self.rest for span in unclaimed.spans)])


class _Piece(NamedTuple):
    """Time that a use asks for; those that sort first are asked first."""

    rank: int
    order: tuple[int, int]
    spans: Spans
    of: int


@dataclass(slots=True)
class _Asked:
    """A use before it is known what it gets, and what it got."""

    use: Use
    used: tuple[tuple[Worked, Spans], ...]
    got: Spans = ()
    taken: list[Unclaimed] = field(default_factory=list)
    by: set[int] = field(default_factory=set)
    """Who took it, by their places in the group."""


def uses(books: Books, money: Money, zone: ZoneInfo, now: int) -> list[Use]:
    """All bookings and sessions as uses, each in exactly one; in order of their beginnings.

    Parameters
    ----------
    books
        What was recorded.
    money
        Whose rules hold.
    zone
        The site's time zone, by whose days rules begin.
    now
        Seconds since the epoch: what ends later waits.
    """
    found: list[Use] = []
    for asked in _asked(books, RulesInTime(money, zone), now).values():
        for group in _groups(asked):
            found += _shared_out(group)
    return sorted(found, key=lambda use: (use.begins, use.kind, use.source))


def _asked(books: Books, rules: RulesInTime, now: int) -> dict[str, list[_Asked]]:
    """What each use asks for, by microscope."""
    of_booking, alone = _attached(books)
    asked: dict[str, list[_Asked]] = defaultdict(list)
    for booking in books.bookings:
        down = books.downtime.get(booking.microscope, ())
        money = rules.at(booking.begins)
        made = _of_booking(booking, of_booking.get(booking.id, []), money, down, now)
        asked[booking.microscope].append(made)
    for session in alone:
        down = books.downtime.get(session.microscope, ())
        made = _of_session(session, rules.at(session.begins), down, now)
        asked[session.microscope].append(made)
    return asked


def _attached(books: Books) -> tuple[dict[int, list[Worked]], list[Worked]]:
    """Sessions by booking, and those of none.

    A session that names no booking belongs to the one of the same payer and project at the same
    microscope that it shares most time with.
    """
    held = {booking.id: booking for booking in books.bookings if booking.state == "booked"}
    near: dict[str, list[Booked]] = defaultdict(list)
    for booking in held.values():
        near[booking.microscope].append(booking)
    of_booking: dict[int, list[Worked]] = defaultdict(list)
    alone: list[Worked] = []
    for session in books.sessions:
        named = held.get(session.booking or 0)
        if named is None or named.microscope != session.microscope:
            named = _nearest(session, near[session.microscope])
        if named is None:
            alone.append(session)
        else:
            of_booking[named.id].append(session)
    return of_booking, alone


def _nearest(session: Worked, bookings: Iterable[Booked]) -> Booked | None:
    best: tuple[int, int] | None = None
    found = None
    for booking in bookings:
        ends = booking.ends if session.ends is None else min(booking.ends, session.ends)
        shared = ends - max(booking.begins, session.begins)
        if shared > 0 and _same(booking.party, session.party):
            rank = shared, -booking.id
            if best is None or rank > best:
                best, found = rank, booking
    return found


def _same(one: Party, other: Party) -> bool:
    if one.payer is None or other.payer is None:
        return False
    return one.payer.team == other.payer.team and one.project == other.project


def _of_booking(
    booking: Booked, sessions: Sequence[Worked], money: Money, down: Spans, now: int
) -> _Asked:
    booked = union([(booking.begins, booking.ends)])
    timed = tuple((each, _worked(each, now)) for each in sessions)
    used = union(span for _, spans in timed for span in spans)
    manner, share, whole, why = _chosen(booking, bool(sessions), booked, used, money, down)
    claim = subtract(whole, down)
    everything = union([*booked, *used])
    rest = subtract(subtract(everything, down), claim)
    waits = ""
    if booking.ends > now:
        waits = f"is not over until {_said(booking.ends)}"
    party = booking.party
    if party.payer is None:
        party = next((each.party for each in sessions if each.party.payer), party)
    if any(each.party.confidential for each in sessions):
        party = replace(party, confidential=True)
    use = Use(
        "booking", booking.id, booking.microscope, booking.begins, party, manner, claim, share,
        intersect(whole, down), _listed((why, rest), ("downtime", intersect(everything, down))),
        waits or _open(sessions), tuple(each.name for each in sessions),
    )  # fmt: skip
    return _Asked(use, timed)


def _chosen(
    booking: Booked, came: bool, booked: Spans, used: Spans, money: Money, down: Spans
) -> tuple[Manner, Decimal, Spans, str]:
    """What a booking is billed for, its share of the price, its time, and why the rest is not."""
    if booking.state != "booked":
        return _dropped(booking, booked, money, down)
    if not came:
        if money.no_show == 0:
            return "no-show", Decimal(0), (), "no session, and the facility bills none for that"
        return "no-show", money.no_show, booked, ""
    whole = Decimal(100)
    longer = length(subtract(booked, down)) >= length(subtract(used, down))
    if money.bill == "booked" or (money.bill == "longer" and longer):
        return "booked", whole, booked, "used outside the booking: the time booked is billed"
    return "used", whole, used, "booked and not used: the time used is billed"


def _dropped(
    booking: Booked, booked: Spans, money: Money, down: Spans
) -> tuple[Manner, Decimal, Spans, str]:
    rule = money.cancellation
    free: tuple[Manner, Decimal, Spans] = "cancelled", Decimal(0), ()
    if booking.state == "pending":
        return *free, "was never approved"
    if booking.cancelled is None:
        return *free, "cancelled, it is not known when"
    notice = booking.begins - booking.cancelled
    said = f"cancelled {notice / _HOUR:.1f} h before it began"
    if rule is None or rule.percent == 0 or notice >= rule.notice * _HOUR:
        return *free, said
    if intersect(booked, down):
        return *free, f"{said}, with downtime in its time"
    # When exactly it was cancelled is known to lie between two looks at the booking system.
    last = max(booking.cancelled, booking.noticed or booking.cancelled)
    if intersect(((booking.cancelled, last + 1),), down):
        return *free, f"{said}, while the microscope was down"
    return "cancelled", rule.percent, booked, said


def _of_session(session: Worked, money: Money, down: Spans, now: int) -> _Asked:
    used = _worked(session, now)
    whole = used if money.without_booking else ()
    claim = subtract(whole, down)
    why = "without a booking, which the facility does not bill"
    use = Use(
        "session", session.id, session.microscope, session.begins, session.party, "used", claim,
        Decimal(100), intersect(whole, down),
        _listed((why, subtract(subtract(used, down), claim)), ("downtime", intersect(used, down))),
        _open([session]), (session.name,),
    )  # fmt: skip
    return _Asked(use, ((session, used),))


def _worked(session: Worked, now: int) -> Spans:
    ends = max(now, session.begins + 1) if session.ends is None else session.ends
    return union([(session.begins, ends)])


def _open(sessions: Sequence[Worked]) -> str:
    names = [session.name for session in sessions if session.ends is None]
    return f"waits for session {', '.join(names)} to end" if names else ""


def _listed(*rest: tuple[str, Spans]) -> tuple[Unclaimed, ...]:
    return tuple(Unclaimed(reason, spans) for reason, spans in rest if spans)


def _said(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _groups(asked: list[_Asked]) -> Iterator[list[_Asked]]:
    """Uses that may have time in common: chains of those that overlap."""
    group: list[_Asked] = []
    until = 0
    for one in sorted(asked, key=lambda each: (_first(each.use), each.use.kind, each.use.source)):
        if group and _first(one.use) >= until:
            yield group
            group = []
        group.append(one)
        until = max(until, max((ends for _, ends in one.use.time), default=one.use.begins))
    if group:
        yield group


def _first(use: Use) -> int:
    return min((begins for begins, _ in use.time), default=use.begins)


_RANK = {"booked": 1, "used": 1, "no-show": 2, "cancelled": 3}


def _pieces(number: int, asked: _Asked) -> Iterator[_Piece]:
    use = asked.use
    used: Spans = ()
    for session, spans in asked.used:
        yield _Piece(0, (-session.begins, -session.id), intersect(use.spans, spans), number)
        used = union([*used, *spans])
    rest = subtract(use.spans, used)
    yield _Piece(_RANK[use.manner], (use.begins, use.source), rest, number)


def _shared_out(group: list[_Asked]) -> list[Use]:
    """Give each second that several ask for to the one that the rules say."""
    pieces = sorted(piece for number, asked in enumerate(group) for piece in _pieces(number, asked))
    had: list[tuple[Spans, int]] = []
    for piece in pieces:
        asked, spans = group[piece.of], piece.spans
        for taken, by in had:
            both = intersect(spans, taken)
            gone = union(span for each in asked.taken for span in each.spans)
            lost = subtract(both, gone)  # of two sessions of one use, both may ask for it
            if lost and by != piece.of:
                asked.taken.append(Unclaimed(f"{_called(group[by].use)} had that time", lost))
                asked.by.add(by)
            spans = subtract(spans, both)
        had.append((spans, piece.of))
        asked.got = union([*asked.got, *spans])
    return [
        replace(
            asked.use,
            spans=asked.got,
            rest=(*asked.use.rest, *asked.taken),
            waits=_waits(number, group),
        )
        for number, asked in enumerate(group)
    ]


def _waits(number: int, group: list[_Asked]) -> str:
    """Why a use waits: itself, or who took of its time, or who took of theirs."""
    if group[number].use.waits:
        return group[number].use.waits
    seen, ask = {number}, sorted(group[number].by)
    for by in ask:  # which grows
        if by in seen:
            continue
        seen.add(by)
        other = group[by].use
        if other.waits and other.party.confidential:
            return f"shares time with {_called(other)}, which is not over"
        if other.waits:
            return f"shares time with {_called(other)}, which {other.waits}"
        ask += sorted(group[by].by)
    return ""


def _called(use: Use) -> str:
    if use.party.confidential:  # it stands in the reasons of others, too
        return f"{use.kind} {use.source}"
    if use.kind == "session":
        return f"session {use.sessions[0]}"
    named = f" ({', '.join(use.sessions)})" if use.sessions else ""
    return f"booking {use.source}{named}"
