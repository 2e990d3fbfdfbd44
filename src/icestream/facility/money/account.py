"""What is due, what was billed, what nobody pays and why, and what is to be credited.

Each use and each charge is in exactly one of these places, so that nothing is forgotten.
"""

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from operator import itemgetter
from typing import Literal
from zoneinfo import ZoneInfo

from icestream.facility.money.claims import Use, uses
from icestream.facility.money.kinds import Money
from icestream.facility.money.parties import Billed, Books, Kind, Party
from icestream.facility.money.pricing import Line, NoPrice, price_charge, price_use
from icestream.facility.money.spans import Spans, intersect, length, subtract

__all__ = ["BeamAccount", "Proposal", "StillBilled", "Unbilled", "account"]


@dataclass(frozen=True, slots=True)
class Unbilled:
    """Time or a thing that is on no invoice and not due, and why."""

    kind: Kind
    source: int
    what: str
    """The microscope, or the item."""
    begins: int
    spans: Spans
    reason: str
    party: Party
    sessions: tuple[str, ...] = ()
    state: Literal["waits", "asks", "free"] = "free"
    """It waits for something to end; it asks that somebody does something; or it is so by rule."""

    @property
    def seconds(self) -> int:
        """How much time it is."""
        return length(self.spans)


@dataclass(frozen=True, slots=True)
class StillBilled:
    """What was billed and is as it was billed."""

    billed: Billed
    spans: Spans


@dataclass(frozen=True, slots=True)
class Proposal:
    """A line of an issued invoice that is no longer so: to be credited, then billed anew."""

    billed: Billed
    reason: str


@dataclass(frozen=True, slots=True)
class BeamAccount:
    """Where everything stands that was recorded."""

    uses: tuple[Use, ...]
    due: tuple[Line, ...]
    settled: tuple[StillBilled, ...]
    unbilled: tuple[Unbilled, ...]
    proposals: tuple[Proposal, ...]


def account(books: Books, money: Money, zone: ZoneInfo, now: int) -> BeamAccount:
    """Settle all that was recorded, as it is known now.

    Parameters
    ----------
    books
        Bookings, sessions, charges, downtime, and the lines of issued invoices.
    money
        Prices and rules.
    zone
        The site's time zone.
    now
        Seconds since the epoch: what ends later is not due.
    """
    found = _Found(books, money, zone)
    made = uses(books, money, zone, now)
    for use in made:
        found.use(use)
    for charge in books.charges:
        found.charge(charge.id)
    found.gone()
    return BeamAccount(
        tuple(made), tuple(found.due), tuple(found.settled), tuple(found.unbilled),
        tuple(found.proposals),
    )  # fmt: skip


class _Found:
    """An account that is being made."""

    def __init__(self, books: Books, money: Money, zone: ZoneInfo) -> None:
        self._money, self._zone, self._titles = money, zone, books.titles
        self._charges = {charge.id: charge for charge in books.charges}
        self._billed = {(each.kind, each.source): each for each in books.billed}
        self._sessions = {session.id for session in books.sessions}
        at: dict[str, list[tuple[int, int, Billed]]] = defaultdict(list)
        for each in books.billed:
            at[each.microscope] += [(*span, each) for span in each.spans]
        self._at = {name: sorted(spans, key=itemgetter(0)) for name, spans in at.items()}
        self._seen: set[tuple[Kind, int]] = set()
        self.due: list[Line] = []
        self.settled: list[StillBilled] = []
        self.unbilled: list[Unbilled] = []
        self.proposals: list[Proposal] = []

    def use(self, use: Use) -> None:
        """Settle a booking with its sessions, or a session."""
        self._seen.add((use.kind, use.source))
        for reason, spans in use.rest:
            self._idle(use, reason, spans)
        billed = self._billed.get((use.kind, use.source))
        if billed is not None:
            self._compare(use, billed)
            return
        if not use.spans:
            if not use.time:
                self._idle(use, use.waits or "took no time", ())
            return
        if use.waits:
            self._idle(use, use.waits, use.spans, "waits")
            return
        other = self._overlapping(use)
        if other is not None:
            said = f"a part of it is in line {other.line} of {other.invoice}: credit that"
            self._idle(use, said, use.spans, "asks")
            return
        try:
            title = self._titles.get(use.microscope, "")
            self.due.append(price_use(use, self._money, self._zone, title))
        except NoPrice as why:
            self._idle(use, str(why), use.spans, "asks" if self._invoiced(use.party) else "free")

    def charge(self, number: int) -> None:
        """Settle a charge."""
        charge = self._charges[number]
        self._seen.add(("item", number))
        billed = self._billed.get(("item", number))
        if billed is not None:
            self.settled.append(StillBilled(billed, ()))
            return
        try:
            self.due.append(price_charge(charge, self._money, self._zone))
        except NoPrice as why:
            state: Literal["asks", "free"] = "asks" if self._invoiced(charge.party) else "free"
            self.unbilled.append(
                Unbilled("item", number, charge.item, charge.at, (), str(why), charge.party,
                         state=state)
            )  # fmt: skip

    def gone(self) -> None:
        """Propose to credit what was billed and is not in the registry any more."""
        for key, billed in self._billed.items():
            if key not in self._seen:
                kind, number = key
                moved = kind == "session" and number in self._sessions
                said = "belongs to a booking now" if moved else "is not there any more"
                self.proposals.append(Proposal(billed, f"{kind} {number} {said}"))

    def _overlapping(self, use: Use) -> Billed | None:
        """A line that was billed for a part of the time of a use; billed spans never overlap."""
        billed = self._at.get(use.microscope, [])
        for begins, ends in use.spans:
            place = bisect_left(billed, ends, key=itemgetter(0))
            if place and billed[place - 1][1] > begins:
                return billed[place - 1][2]
        return None

    def _compare(self, use: Use, billed: Billed) -> None:
        """See whether a use still is as it was billed."""
        team = "" if use.party.payer is None else use.party.payer.team
        same = intersect(use.spans, billed.spans)
        if same:
            self.settled.append(StillBilled(billed, same))
        new = subtract(use.spans, billed.spans)
        if new:
            said = f"not so when line {billed.line} of {billed.invoice} was issued: credit that"
            self._idle(use, said, new, "waits" if use.waits else "asks")
        if use.waits:
            return
        why = ""
        if use.spans != billed.spans:
            before, after = length(billed.spans) / 3600, length(use.spans) / 3600
            why = f"{before:.2f} h were billed, by what is known now it is {after:.2f} h"
            if before == after:
                why = "it was at another time"
            if not use.spans:
                why += f" ({'; '.join(dict.fromkeys(each.reason for each in use.rest))})"
        elif team != billed.team:
            why = f"team {billed.team} was billed, by what is known now {team or 'nobody'} pays"
        elif use.share != billed.share:
            why = f"{billed.share} % were billed, by what is known now it is {use.share} %"
        if why:
            self.proposals.append(Proposal(billed, why))

    def _invoiced(self, party: Party) -> bool:
        of = self._money.classes.get(party.payer.price_class) if party.payer else None
        return of is None or of.invoiced

    def _idle(
        self,
        use: Use,
        reason: str,
        spans: Spans,
        state: Literal["waits", "asks", "free"] = "free",
    ) -> None:
        self.unbilled.append(
            Unbilled(use.kind, use.source, use.microscope, use.begins, spans, reason, use.party,
                     use.sessions, state)
        )  # fmt: skip
