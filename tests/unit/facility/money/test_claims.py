"""Whose each second is, by example and for whatever was recorded."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beam_time import FIRM, HOUR, LAB, SUNDAY, ZONE, section, some_books, some_money
from icestream.facility.money.claims import Use, uses
from icestream.facility.money.kinds import DatedRules, Money
from icestream.facility.money.parties import Booked, Books, Party, Worked
from icestream.facility.money.spans import Spans, intersect, length, union

LATER = SUNDAY + 400 * HOUR
MINE, THEIRS = Party("cem1", "ada", LAB), Party("f1", "bob", FIRM)


def booked(number: int, begins: float, ends: float, party: Party = MINE, **more: object) -> Booked:
    made = Booked(number, "krios", at(begins), at(ends), party)
    return replace(made, **more)  # type: ignore[arg-type]


def worked(number: int, begins: float, ends: float | None, **more: object) -> Worked:
    until = None if ends is None else at(ends)
    made = Worked(number, f"s{number}", "krios", at(begins), until, MINE)
    return replace(made, **more)  # type: ignore[arg-type]


def at(hours: float) -> int:
    return SUNDAY + round(hours * HOUR)


def hours(spans: Spans) -> list[tuple[float, float]]:
    return [((begins - SUNDAY) / HOUR, (ends - SUNDAY) / HOUR) for begins, ends in spans]


def settled(
    bookings: tuple[Booked, ...] = (),
    sessions: tuple[Worked, ...] = (),
    down: Spans = (),
    money: Money | None = None,
    now: int = LATER,
) -> dict[tuple[str, int], Use]:
    books = Books(bookings, sessions, downtime={"krios": down})
    return {(use.kind, use.source): use for use in uses(books, money or section(), ZONE, now)}


def reasons(use: Use) -> list[str]:
    return [each.reason for each in use.rest]


@pytest.mark.parametrize(
    ("bill", "billed", "rest"),
    [("booked", [(0, 8)], [(8, 9)]), ("used", [(2, 9)], [(0, 2)]), ("longer", [(0, 8)], [(8, 9)])],
)
def test_time_booked_used_or_the_longer(
    bill: str, billed: list[tuple[float, float]], rest: list[tuple[float, float]]
) -> None:
    found = settled((booked(1, 0, 8),), (worked(1, 2, 9, booking=1),), money=section(bill=bill))
    use = found["booking", 1]
    assert (hours(use.spans), hours(use.rest[0].spans)) == (billed, rest)
    assert use.sessions == ("s1",)
    assert ("session", 1) not in found


def test_the_longer_is_that_without_downtime() -> None:
    down = ((at(0), at(3)),)
    found = settled((booked(1, 0, 8),), (worked(1, 2, 9, booking=1),), down)
    assert hours(found["booking", 1].spans) == [(3, 9)]
    assert reasons(found["booking", 1]) == ["downtime"]
    assert hours(found["booking", 1].lost) == [(2, 3)]


def test_a_session_without_a_booking_is_billed_or_named() -> None:
    assert hours(settled((), (worked(1, 2, 9),))["session", 1].spans) == [(2, 9)]
    use = settled((), (worked(1, 2, 9),), money=section(without_booking=False))["session", 1]
    assert use.spans == ()
    assert reasons(use) == ["without a booking, which the facility does not bill"]


def test_a_session_that_names_no_booking_belongs_to_that_of_its_payer() -> None:
    held = (booked(1, 0, 8), booked(2, 8, 16), booked(3, 8, 16, THEIRS))
    found = settled(held, (worked(1, 7, 15),))
    assert found["booking", 2].sessions == ("s1",)
    assert found["booking", 3].manner == "no-show"


def test_a_session_belongs_to_no_booking_elsewhere_and_to_none_that_was_cancelled() -> None:
    elsewhere = replace(booked(1, 0, 8), microscope="talos")
    found = settled((elsewhere,), (worked(1, 0, 8, booking=1),))
    assert found["session", 1].sessions == ("s1",)
    dropped = booked(1, 0, 8, state="cancelled", cancelled=at(-1))
    found = settled((dropped,), (worked(1, 0, 3, booking=1),))
    assert hours(found["session", 1].spans) == [(0, 3)]
    assert hours(found["booking", 1].spans) == [(3, 8)]


def test_nobody_came() -> None:
    use = settled((booked(1, 0, 8),), money=section(no_show="30"))["booking", 1]
    assert (use.manner, use.share, hours(use.spans)) == ("no-show", Decimal(30), [(0, 8)])
    use = settled((booked(1, 0, 8),), money=section(no_show=0))["booking", 1]
    assert use.spans == ()
    assert length(use.time) == 8 * HOUR


@pytest.mark.parametrize(
    ("more", "share", "reason"),
    [
        ({"cancelled": at(-47.9)}, 50, None),
        ({"cancelled": at(-48)}, 0, "cancelled 48.0 h before it began"),
        ({"cancelled": at(1)}, 50, None),
        ({}, 0, "cancelled, it is not known when"),
        ({"state": "pending"}, 0, "was never approved"),
    ],
)
def test_a_cancellation_costs_by_its_notice(
    more: dict[str, object], share: int, reason: str | None
) -> None:
    use = settled((booked(1, 0, 8, **{"state": "cancelled", **more}),))["booking", 1]
    assert (use.manner, use.share) == ("cancelled", share)
    assert reasons(use) == ([] if reason is None else [reason])
    assert length(use.time) == 8 * HOUR


def test_a_cancellation_costs_nothing_where_the_microscope_was_down() -> None:
    dropped = booked(1, 0, 8, state="cancelled", cancelled=at(-5), noticed=at(-3))
    for down, said in (
        (((at(7), at(9)),), "cancelled 5.0 h before it began, with downtime in its time"),
        (((at(-9), at(-4)),), "cancelled 5.0 h before it began, while the microscope was down"),
        # Between two looks at the booking system the microscope failed, and it was cancelled.
        (((at(-3), at(-2)),), "cancelled 5.0 h before it began, while the microscope was down"),
    ):
        use = settled((dropped,), down=down)["booking", 1]
        assert (use.spans, use.share) == ((), 0)
        assert reasons(use)[0] == said
    for down in ((), ((at(-9), at(-5)),), ((at(-2), at(0)),), ((at(8), at(9)),)):
        assert settled((dropped,), down=down)["booking", 1].share == 50


def test_rules_hold_from_their_day_on() -> None:
    """29 March begins two hours after the beginning of these tests' time, by Madrid's clock."""
    rules = [
        {"begins": "2026-03-30", "no_show": "10"},
        {"begins": "2026-03-29", "bill": "used", "no_show": "0", "without_booking": False,
         "cancellation": {"percent": 0}},
    ]  # fmt: skip
    money = section(rules=rules)
    held = (
        booked(1, 1, 8), booked(2, 9, 12), booked(3, 25, 26), booked(4, 13, 20),
        booked(5, 0, 1, state="cancelled", cancelled=at(-1)),
        booked(6, 2, 3, state="cancelled", cancelled=at(-1)),
    )  # fmt: skip
    alone = (worked(1, 14, 15, booking=4), worked(2, 21, 22, party=THEIRS))
    found = settled(held, alone, money=money)
    assert [found["booking", number].share for number in range(1, 7)] == [100, 0, 10, 100, 50, 0]
    assert hours(found["booking", 4].spans) == [(14, 15)]
    assert found["session", 2].spans == ()
    assert settled(held, alone)["session", 2].spans


def test_time_that_another_then_had_costs_who_cancelled_nothing() -> None:
    dropped = booked(1, 0, 8, state="cancelled", cancelled=at(-1))
    found = settled((dropped, booked(2, 0, 6, THEIRS)), (worked(1, 0, 6, booking=2),))
    assert hours(found["booking", 1].spans) == [(6, 8)]
    assert reasons(found["booking", 1]) == ["booking 2 (s1) had that time"]


def test_of_two_sessions_the_later_has_the_time_and_of_two_bookings_the_earlier() -> None:
    found = settled((), (worked(1, 0, 10), worked(2, 4, 6)))
    assert hours(found["session", 1].spans) == [(0, 4), (6, 10)]
    assert hours(found["session", 2].spans) == [(4, 6)]
    found = settled((booked(1, 0, 8), booked(2, 6, 12, THEIRS)))
    assert hours(found["booking", 1].spans) == [(0, 8)]
    assert hours(found["booking", 2].spans) == [(8, 12)]


def test_time_used_goes_before_time_booked() -> None:
    money = section(bill="used")
    held = (booked(1, 0, 8), booked(2, 8, 12, THEIRS))
    found = settled(held, (worked(1, 1, 10, booking=1),), money=money)
    assert hours(found["booking", 1].spans) == [(1, 10)]
    assert hours(found["booking", 2].spans) == [(10, 12)]


def test_what_is_open_waits_and_what_it_may_still_take_from() -> None:
    held = (booked(1, 0, 8), booked(2, 8, 12, THEIRS))
    found = settled(held, (worked(1, 1, None, booking=1),), money=section(bill="used"), now=at(13))
    assert found["booking", 1].waits == "waits for session s1 to end"
    assert "booking 1 (s1), which waits" in found["booking", 2].waits
    assert settled((booked(1, 0, 8),), now=at(7))["booking", 1].waits.startswith("is not over")
    assert settled((booked(1, 0, 8),), now=at(8))["booking", 1].waits == ""


def test_a_booking_that_names_nobody_is_paid_by_who_sat_there() -> None:
    nobody = Party("", "who", None, "nobody pays")
    found = settled((booked(1, 0, 8, nobody),), (worked(1, 1, 2, booking=1),))
    assert found["booking", 1].party == MINE


def test_time_that_two_sessions_of_a_booking_lost_is_lost_once() -> None:
    held = (booked(1, 0, 10),)
    own = (worked(1, 0, 10, booking=1), worked(2, 2, 8, booking=1))
    found = settled(held, (*own, worked(3, 4, 6, party=THEIRS)))
    assert [hours(each.spans) for each in found["booking", 1].rest] == [[(4, 6)]]
    assert hours(found["booking", 1].spans) == [(0, 4), (6, 10)]


def test_no_time_at_all_is_still_a_use() -> None:
    found = settled((booked(1, 8, 8),), (worked(1, 5, 5),))
    assert [use.time for use in found.values()] == [(), ()]


@given(some_books(), some_money(), st.integers(0, 90))
@settings(max_examples=40)
def test_nothing_has_two_owners_and_nothing_is_lost(books: Books, money: Money, later: int) -> None:
    now = at(later)
    found = uses(books, money, ZONE, now)
    for microscope in ("krios", "talos"):
        here = [use for use in found if use.microscope == microscope]
        down = books.downtime[microscope]
        for one, other in combinations(here, 2):
            assert not intersect(one.spans, other.spans)
        for use in here:
            assert not intersect(use.spans, down)
            parts = [use.spans, *(each.spans for each in use.rest if each.reason != "downtime")]
            parts.append(union(s for each in use.rest if each.reason == "downtime"
                               for s in each.spans))  # fmt: skip
            assert sum(map(length, parts)) == length(use.time), "a second is in two places"
        recorded = union(
            [(each.begins, each.ends) for each in books.bookings if each.microscope == microscope]
            + [(each.begins, max(now, each.begins + 1) if each.ends is None else each.ends)
               for each in books.sessions if each.microscope == microscope]
        )  # fmt: skip
        assert union(span for use in here for span in use.time) == recorded
    named = [name for use in found for name in use.sessions]
    assert sorted(named) == sorted(each.name for each in books.sessions)
    assert sum(use.kind == "booking" for use in found) == len(books.bookings)


@given(some_books(), some_money())
@settings(max_examples=40)
def test_a_change_of_rules_changes_nothing_that_began_before(books: Books, money: Money) -> None:
    """Nor is a booking billed as cancelled that lost any of its time, whatever the rules are."""
    day = date(2026, 3, 29)
    changed = {"bill": "used", "no_show": 7, "cancellation": {"notice": 900, "percent": 7},
               "without_booking": not money.without_booking}  # fmt: skip
    kept = tuple(each for each in money.rules if each.begins < day)
    new = money.model_copy(update={"rules": (*kept, DatedRules(begins=day, **changed))})
    before = money.model_copy(update={"rules": kept})
    midnight = SUNDAY + 2 * HOUR
    asked = [use for use in uses(books, before, ZONE, LATER) if use.begins < midnight]
    found = [use for use in uses(books, new, ZONE, LATER) if use.begins < midnight]

    def told(use: Use) -> tuple[object, ...]:
        return use.kind, use.source, use.manner, use.share, use.lost, use.time

    assert [*map(told, found)] == [*map(told, asked)]
    of = {each.id: each for each in books.bookings}
    for use in uses(books, new, ZONE, LATER):
        if use.manner == "cancelled" and use.spans:
            booking = of[use.source]
            assert not intersect(((booking.begins, booking.ends),), books.downtime[use.microscope])


@given(some_books(), some_money())
@settings(max_examples=20)
def test_the_order_in_which_things_were_recorded_is_all_the_same(
    books: Books, money: Money
) -> None:
    turned = replace(books, bookings=books.bookings[::-1], sessions=books.sessions[::-1])

    def told(use: Use) -> tuple[object, ...]:
        return use.kind, use.source, use.spans, use.manner, use.share

    one, other = (uses(each, money, ZONE, LATER) for each in (books, turned))
    assert [*map(told, one)] == [*map(told, other)]
