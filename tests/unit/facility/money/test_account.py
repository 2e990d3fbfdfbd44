"""Everything that was recorded is in one place: due, billed, on no invoice with a reason."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings

from beam_time import (
    HOUR,
    PARTIES,
    SUNDAY,
    ZONE,
    billed_of,
    section,
    some_books,
    some_money,
)
from icestream.facility.money.account import BeamAccount, account
from icestream.facility.money.kinds import Money
from icestream.facility.money.parties import Booked, Books, Charge, Party, Worked
from icestream.facility.money.spans import intersect, length

LATER = SUNDAY + 400 * HOUR
BOOKING = Booked(1, "krios", SUNDAY, SUNDAY + 8 * HOUR, PARTIES[0])
BOOKING_SPANS = ((SUNDAY, SUNDAY + 8 * HOUR),)


def standing(books: Books, money: Money | None = None, now: int = LATER) -> BeamAccount:
    return account(books, money or section(), ZONE, now)


def after_issue(books: Books, money: Money | None = None) -> Books:
    return replace(books, billed=billed_of(standing(books, money).due))


def test_what_is_due_is_due_until_it_is_billed() -> None:
    books = Books((BOOKING,), titles={"krios": "Titan Krios"})
    (line,) = standing(books).due
    assert (line.what, line.manner, line.amount) == ("Titan Krios", "no-show", Decimal("482.40"))
    found = standing(after_issue(books))
    assert (found.due, found.unbilled, found.proposals) == ((), (), ())
    assert found.settled[0].spans == BOOKING_SPANS


def test_a_booking_that_is_cancelled_after_its_invoice_is_to_be_credited() -> None:
    books = after_issue(Books((BOOKING,)))
    gone = replace(BOOKING, state="cancelled", cancelled=SUNDAY - 100 * HOUR)
    found = standing(replace(books, bookings=(gone,)))
    (proposal,) = found.proposals
    assert proposal.reason == (
        "8.00 h were billed, by what is known now it is 0.00 h (cancelled 100.0 h before it began)"
    )
    assert (proposal.billed.invoice, proposal.billed.line) == ("2026-0001", 1)
    late = replace(gone, cancelled=SUNDAY - HOUR)
    (proposal,) = standing(replace(books, bookings=(late,))).proposals
    assert proposal.reason == "100 % were billed, by what is known now it is 50 %"


def test_a_booking_that_got_longer_or_paid_by_another_is_to_be_credited() -> None:
    books = after_issue(Books((BOOKING,)))
    longer = replace(BOOKING, ends=SUNDAY + 10 * HOUR)
    found = standing(replace(books, bookings=(longer,)))
    assert found.proposals[0].reason == "8.00 h were billed, by what is known now it is 10.00 h"
    (new,) = found.unbilled
    assert (new.seconds, new.state) == (2 * HOUR, "asks")
    assert "not so when line 1 of 2026-0001 was issued" in new.reason
    moved = replace(BOOKING, begins=SUNDAY + HOUR, ends=SUNDAY + 9 * HOUR)
    found = standing(replace(books, bookings=(moved,)))
    assert found.proposals[0].reason == "it was at another time"
    other = replace(BOOKING, party=PARTIES[2])
    found = standing(replace(books, bookings=(other,)))
    assert "team lab was billed, by what is known now firm pays" in found.proposals[0].reason


def test_downtime_that_was_known_too_late_is_to_be_credited() -> None:
    books = after_issue(Books((BOOKING,)))
    down = {"krios": ((SUNDAY + HOUR, SUNDAY + 4 * HOUR),)}
    found = standing(replace(books, downtime=down))
    assert found.proposals[0].reason == "8.00 h were billed, by what is known now it is 5.00 h"


def test_what_is_not_there_any_more_is_to_be_credited() -> None:
    session = Worked(4, "s4", "krios", SUNDAY, SUNDAY + HOUR, PARTIES[0])
    charge = Charge(2, "grids", Decimal(1), SUNDAY, PARTIES[0])
    books = after_issue(Books((), (session,), (charge,)))
    found = standing(replace(books, sessions=(), charges=()))
    said = sorted(each.reason for each in found.proposals)
    assert said == ["item 2 is not there any more", "session 4 is not there any more"]
    now_booked = replace(books, bookings=(BOOKING,))
    found = standing(now_booked)
    assert [each.reason for each in found.proposals] == ["session 4 belongs to a booking now"]
    assert found.unbilled[0].reason == "a part of it is in line 1 of 2026-0001: credit that"
    assert found.due == ()


def test_who_asks_for_something_and_who_does_not() -> None:
    staff = replace(BOOKING, id=2, microscope="talos", party=PARTIES[3])
    nobody = replace(BOOKING, id=3, microscope="k3", party=Party(missing="nobody"))
    open_ = Worked(1, "s1", "talos", SUNDAY + 20 * HOUR, None, PARTIES[0])
    charge = Charge(1, "wine", Decimal(1), SUNDAY, PARTIES[0])
    found = standing(Books((staff, nobody), (open_,), (charge,)))
    assert {(each.reason, each.state) for each in found.unbilled} == {
        ("class staff gets no invoices", "free"),
        ("nobody", "asks"),
        ("waits for session s1 to end", "waits"),
        ("no item wine in the list of 2026-01-01", "asks"),
    }


def test_a_thing_that_took_no_time_is_named_too() -> None:
    empty = replace(BOOKING, ends=SUNDAY)
    (found,) = standing(Books((empty,))).unbilled
    assert (found.reason, found.seconds) == ("took no time", 0)


@given(some_books(), some_money())
@settings(max_examples=40)
def test_nothing_is_forgotten_and_nothing_is_twice(books: Books, money: Money) -> None:
    found = standing(books, money)
    recorded = sum(length(use.time) for use in found.uses)
    due = sum(length(line.spans) for line in found.due)
    assert due + sum(each.seconds for each in found.unbilled) == recorded
    keys = Counter((line.kind, line.source) for line in found.due)
    assert not keys or max(keys.values()) == 1
    named = {*keys, *((each.kind, each.source) for each in found.unbilled)}
    charged = {("item", charge.id) for charge in books.charges}
    assert named == {(use.kind, use.source) for use in found.uses} | charged
    assert all(each.reason for each in found.unbilled)


@given(some_books(), some_books(), some_money())
@settings(max_examples=40)
def test_whatever_becomes_known_later_is_never_billed_twice(
    books: Books, known: Books, money: Money
) -> None:
    """An invoice of all that is due; then everything is otherwise; then an invoice of that."""
    first = billed_of(standing(books, money).due, "1")
    changed = replace(known, billed=first)
    found = standing(changed, money)
    second = billed_of(found.due, "2")
    both = [*first, *second]
    for place, one in enumerate(both):
        for other in both[:place]:
            assert (one.kind, one.source) != (other.kind, other.source)
            assert one.microscope != other.microscope or not intersect(one.spans, other.spans)
    recorded = sum(length(use.time) for use in found.uses)
    told = sum(length(line.spans) for line in found.due)
    told += sum(length(each.spans) for each in found.settled)
    assert told + sum(each.seconds for each in found.unbilled) == recorded
    credited = {(each.billed.kind, each.billed.source) for each in found.proposals}
    left = tuple(each for each in first if (each.kind, each.source) not in credited)
    again = standing(replace(known, billed=left), money)
    anew = standing(known, money)
    assert again.proposals == ()
    paid = {(each.kind, each.source): each.spans for each in left}
    paid |= {(line.kind, line.source): line.spans for line in again.due}
    waits = {(u.kind, u.source) for u in again.uses if u.waits}
    # Time of an invoice to one that is not over any more is nobody else's until that ends.
    held = [each for each in left if (each.kind, each.source) in waits]
    wanted = {
        (line.kind, line.source): line.spans
        for line in anew.due
        if not any(
            line.microscope == each.microscope and intersect(line.spans, each.spans)
            for each in held
        )
    }
    assert {k: v for k, v in paid.items() if k not in waits and k[0] != "item"} == {
        k: v for k, v in wanted.items() if k[0] != "item"
    }
