"""A section [money] and random bookings, sessions, downtime and lists of prices, for tests."""

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from icestream.facility.money.kinds import Money
from icestream.facility.money.parties import Billed, Booked, Books, Charge, Party, Payer, Worked
from icestream.facility.money.pricing import Line
from icestream.facility.money.spans import union

ZONE = ZoneInfo("Europe/Madrid")
SUNDAY = 1_774_731_600
"""2026-03-28 22:00 in Madrid: the clock is set forward in this night."""
HOUR = 3600

SECTION: dict[str, Any] = {
    "currency": "EUR",
    "seller": {"name": "The facility", "address": "Street 1\nCity", "vat": "ES1"},
    "taxes": {
        "full": {"percent": 21, "title": "VAT 21 %"},
        "reverse": {"percent": 0, "title": "VAT", "note": "Reverse charge.", "needs_vat": True},
    },
    "classes": {
        "academic": {"tax": "full"},
        "company": {"tax": "reverse"},
        "staff": {"tax": "full", "invoiced": False},
    },
    "lists": [
        {
            "begins": "2026-01-01",
            "microscopes": {
                "krios": {"prices": {"academic": "60.30", "company": "450", "staff": "0"}},
                "talos": {"per": "day", "prices": {"academic": "500", "company": "999.99"}},
            },
            "items": {"grids": {"title": "Grids", "unit": "box",
                                "prices": {"academic": "9.99", "company": "12"}}},
        }
    ],
    "cancellation": {"notice": 48, "percent": 50},
}  # fmt: skip


def section(**changed: Any) -> Money:
    """A section that holds, with what a test wants otherwise."""
    return Money.model_validate({**SECTION, **changed})


LAB = Payer("lab", "Lab of A", "Street 2", "", "PO 1", "academic")
FIRM = Payer("firm", "Firm GmbH", "Street 3", "DE1", "", "company")
STAFF = Payer("staff", "Staff", "", "", "", "staff")
PARTIES = (
    Party("cem1", "ada", LAB),
    Party("cem2", "ada", LAB, confidential=True),
    Party("f1", "bob", FIRM),
    Party("own", "eve", STAFF),
    Party("", "who", None, "nobody pays"),
)

_at = st.integers(0, 60).map(lambda hours: SUNDAY + hours * HOUR) | st.integers(
    SUNDAY, SUNDAY + 60 * HOUR
)
_long = st.integers(0, 30 * HOUR) | st.integers(0, 30).map(lambda hours: hours * HOUR)


@st.composite
def spans(draw: st.DrawFn) -> tuple[int, int]:
    begins = draw(_at)
    return begins, begins + draw(_long)


@st.composite
def some_books(draw: st.DrawFn) -> Books:
    """Bookings and sessions of two microscopes within three days, however they overlap."""
    microscopes = st.sampled_from(["krios", "talos"])
    bookings = [
        Booked(
            number, draw(microscopes), *draw(spans()), draw(st.sampled_from(PARTIES)),
            state := draw(st.sampled_from(["booked", "booked", "booked", "pending", "cancelled"])),
            dropped := (
                draw(_at) - draw(st.integers(0, 80)) * HOUR if state == "cancelled" else None
            ),
            None if dropped is None else dropped + draw(st.integers(0, 3)) * HOUR,
        )
        for number in range(1, draw(st.integers(0, 5)) + 1)
    ]  # fmt: skip
    sessions = []
    for number in range(1, draw(st.integers(0, 5)) + 1):
        begins, ends = draw(spans())
        sessions.append(
            Worked(
                number, f"s{number}", draw(microscopes), begins,
                draw(st.sampled_from([ends, None])), draw(st.sampled_from(PARTIES)),
                draw(st.sampled_from([None, 1, 2, 3])),
            )
        )  # fmt: skip
    charges = [
        Charge(number, draw(st.sampled_from(["grids", "nothing"])),
               Decimal(draw(st.integers(1, 9))),
               draw(_at), draw(st.sampled_from(PARTIES[:3])))
        for number in range(1, draw(st.integers(0, 2)) + 1)
    ]  # fmt: skip
    down = {name: union(draw(st.lists(spans(), max_size=2))) for name in ("krios", "talos")}
    return Books(tuple(bookings), tuple(sessions), tuple(charges), down)


_rules = st.fixed_dictionaries(
    {"begins": st.sampled_from(["2026-03-28", "2026-03-29", "2026-03-30"])},
    optional={
        "bill": st.sampled_from(["booked", "used", "longer"]),
        "no_show": st.sampled_from(["0", "12.5", "100"]),
        "without_booking": st.booleans(),
        "cancellation": st.sampled_from([{"percent": 0}, {"notice": 12, "percent": "33.3"}]),
    },
)
"""Rules that hold from a day on."""

_price = st.integers(0, 10**6).map(lambda cents: f"{cents / 1000:.3f}")


@st.composite
def some_money(draw: st.DrawFn) -> Money:
    """A section with random prices, units, steps and rules."""

    def rate() -> dict[str, Any]:
        return {
            "per": draw(st.sampled_from(["hour", "day", "slot"])),
            "prices": {name: draw(_price) for name in ("academic", "company", "staff")},
            "step": draw(st.sampled_from(["0.01", "0.5", "1", "0.3"])),
            "minimum": draw(st.sampled_from(["0", "1", "4"])),
            "grace": draw(st.sampled_from([0, 1800])),
        }

    lists = [
        {
            "begins": begins,
            "microscopes": {name: rate() for name in draw(st.sampled_from([["krios", "talos"],
                                                                           ["krios"]]))},
            "items": {"grids": {"title": "Grids", "prices": {"academic": draw(_price)}}},
            "discounts": [{"percent": draw(st.sampled_from(["0", "12.5"])), "title": "x"}],
        }
        for begins in ("2026-01-01", "2026-03-30")
    ]  # fmt: skip
    return section(
        lists=lists,
        slots=["09:00", "13:00", "20:30"],
        day_begins=draw(st.sampled_from(["00:00", "02:30", "09:00"])),
        bill=draw(st.sampled_from(["booked", "used", "longer"])),
        without_booking=draw(st.booleans()),
        no_show=draw(st.sampled_from(["0", "33.3", "100"])),
        cancellation=draw(st.sampled_from([None, {"notice": 24, "percent": 50}])),
        rules=draw(st.lists(_rules, max_size=2, unique_by=lambda each: each["begins"])),
        rounding=draw(st.sampled_from(["half-up", "half-even"])),
        per=draw(st.sampled_from(["team", "project"])),
        currency=draw(st.sampled_from(["EUR", "JPY", "TND"])),
    )


def billed_of(lines: tuple[Line, ...], number: str = "2026-0001") -> tuple[Billed, ...]:
    """The lines of a draft as issued ones."""
    return tuple(
        Billed(line.kind, line.source, line.spans, line.microscope, line.payer.team, line.share,
               number, place)
        for place, line in enumerate(lines, 1)
    )  # fmt: skip
