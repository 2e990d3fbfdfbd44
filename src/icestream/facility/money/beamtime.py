"""Beam time: hours booked, used and lost, movies and bytes, by whose they are and where."""

import os
import time as clock
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from icestream.facility.money.calendar import Period, moment
from icestream.facility.money.kinds import DOWNTIME
from icestream.facility.money.parties import Books, Party, Worked
from icestream.facility.money.read import read_books
from icestream.facility.money.sheets import Cell, SheetTable
from icestream.facility.money.spans import Span, Spans, intersect, length, union
from icestream.facility.opened import Facility
from icestream.facility.registry import tables as t

__all__ = ["HIDDEN", "BeamShare", "By", "beam_time", "beam_time_table", "shares", "whole"]

By = Literal["team", "pi", "project", "microscope", "month"]
"""What beam time is told by."""

HIDDEN = "(confidential)"
"""In place of the names of whose projects are confidential."""


@dataclass(frozen=True, slots=True)
class BeamShare:
    """Beam time of one team, principal investigator, project, microscope or month, in seconds."""

    name: str
    booked: int
    used: int
    downtime: int | None
    """Of microscopes and months; None of people, whose it is not."""
    sessions: int
    """That began in the period."""
    movies: int
    """Of these sessions, as far as it is known."""
    bytes: int | None
    """Of their movies in the facility's places, as far as it is known; None where it was not asked.
    """
    unknown: int
    """How many of these sessions are not in the movies, or not in the bytes."""


@dataclass(slots=True)
class _Sum:
    """A share that is being made; spans by microscope, so that none counts twice."""

    booked: dict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))
    used: dict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))
    down: dict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))
    sessions: list[Worked] = field(default_factory=list)


def beam_time(
    facility: Facility,
    period: Period,
    by: By,
    *,
    public: bool = False,
    sizes: bool = False,
    now: float | None = None,
) -> tuple[BeamShare, ...]:
    """Beam time in a period, by name.

    Parameters
    ----------
    facility
        Whose registry has bookings and sessions.
    period
        Of which the time counts, also of what began before it.
    by
        What it is told by.
    public
        Without the names of whose projects are confidential: these are one share.
    sizes
        Whether the movies that sessions have in their places are measured, which takes its time.
    now
        Seconds since the epoch: until when sessions that have not ended count.
    """
    money = facility.file.money
    with facility.registry.read() as connection:
        books = read_books(connection, DOWNTIME if money is None else money.downtime)
        places = {row.id: row.place for row in connection.execute(select(t.session))}
        leaders = _leaders(connection)

    def named(party: Party) -> str:
        if public and party.confidential:
            return HIDDEN
        if by == "project":
            return party.project or "(no project)"
        if by == "pi":
            return leaders.get(party.project, "(not known)")
        return party.payer.team if party.payer else "(not known)"

    at = int(clock.time() if now is None else now)
    measured = (lambda one: _bytes(Path(places[one]))) if sizes else None
    return shares(books, period, by, at, named, measured)


def shares(
    books: Books,
    period: Period,
    by: By,
    now: int,
    named: Callable[[Party], str],
    measured: Callable[[int], int | None] | None = None,
) -> tuple[BeamShare, ...]:
    """Beam time of what was recorded: `named` says whose, `measured` a session's bytes."""
    sums: dict[str, _Sum] = defaultdict(_Sum)
    names = _Names(period, by, named)
    for booking in books.bookings:
        if booking.state == "booked":
            for name, span in names.of(
                booking.microscope, booking.party, (booking.begins, booking.ends)
            ):
                sums[name].booked[booking.microscope].append(span)
    for session in books.sessions:
        ends = now if session.ends is None else session.ends
        for name, span in names.of(session.microscope, session.party, (session.begins, ends)):
            sums[name].used[session.microscope].append(span)
        if period.has(session.begins):
            (name,) = names.at(session.microscope, session.party, session.begins)
            sums[name].sessions.append(session)
    if by in ("microscope", "month"):
        for microscope, spans in books.downtime.items():
            for span in spans:
                for name, part in names.of(microscope, Party(), span):
                    sums[name].down[microscope].append(part)
    return tuple(_share(name, sums[name], by, measured) for name in sorted(sums))


class _Names:
    """Whose a span of time is, cut to the period and, where it is told by months, at each."""

    def __init__(self, period: Period, by: By, named: Callable[[Party], str]) -> None:
        self._period: Spans = (period.span,)
        self._by, self._named = by, named
        self._months = list(_months(period)) if by == "month" else []
        self._zone = period.zone

    def of(self, microscope: str, party: Party, span: Span) -> Iterator[tuple[str, Span]]:
        """Each part of a span that is in the period, with its name."""
        for part in intersect(union([span]), self._period):
            if self._by != "month":
                yield self._one(microscope, party), part
                continue
            for name, month in self._months:
                for piece in intersect((part,), (month,)):
                    yield name, piece

    def at(self, microscope: str, party: Party, begins: int) -> tuple[str]:
        """The name of what began at a moment."""
        if self._by == "month":
            return (datetime.fromtimestamp(begins, UTC).astimezone(self._zone).strftime("%Y-%m"),)
        return (self._one(microscope, party),)

    def _one(self, microscope: str, party: Party) -> str:
        return microscope if self._by == "microscope" else self._named(party)


def _months(period: Period) -> Iterator[tuple[str, Span]]:
    day = period.first.replace(day=1)
    while day <= period.last:
        after = (day + timedelta(days=32)).replace(day=1)
        yield day.strftime("%Y-%m"), (_midnight(day, period.zone), _midnight(after, period.zone))
        day = after


def _midnight(day: date, zone: ZoneInfo) -> int:
    return moment(day, time(0), zone)


def _share(
    name: str, summed: _Sum, by: By, measured: Callable[[int], int | None] | None
) -> BeamShare:
    movies = [session.exposures for session in summed.sessions]
    sizes = [None if measured is None else measured(one.id) for one in summed.sessions]
    unknown = sum(
        count is None or (measured is not None and size is None)
        for count, size in zip(movies, sizes, strict=True)
    )
    return BeamShare(
        name=name,
        booked=_seconds(summed.booked),
        used=_seconds(summed.used),
        downtime=_seconds(summed.down) if by in ("microscope", "month") else None,
        sessions=len(summed.sessions),
        movies=sum(count or 0 for count in movies),
        bytes=None if measured is None else sum(size or 0 for size in sizes),
        unknown=unknown,
    )


def _seconds(spans: dict[str, list[Span]]) -> int:
    return sum(length(union(each)) for each in spans.values())


def whole(found: tuple[BeamShare, ...], name: str = "total") -> BeamShare:
    """All shares together."""
    sizes = [each.bytes for each in found if each.bytes is not None]
    down = [each.downtime for each in found if each.downtime is not None]
    return BeamShare(
        name, sum(each.booked for each in found), sum(each.used for each in found),
        sum(down) if down else None, sum(each.sessions for each in found),
        sum(each.movies for each in found), sum(sizes) if sizes else None,
        sum(each.unknown for each in found),
    )  # fmt: skip


def beam_time_table(found: tuple[BeamShare, ...], by: By) -> SheetTable:
    """Shares as a table: hours with two decimals, terabytes with three."""

    def row(each: BeamShare) -> tuple[Cell, ...]:
        size = None if each.bytes is None else _decimal(each.bytes, 10**12, 3)
        down = None if each.downtime is None else _decimal(each.downtime, 3600, 2)
        return (
            each.name, _decimal(each.booked, 3600, 2), _decimal(each.used, 3600, 2), down,
            each.sessions, each.movies, size, each.unknown,
        )  # fmt: skip

    heads = (by, "booked (h)", "used (h)", "downtime (h)", "sessions", "movies", "TB",
             "sessions not counted in movies or TB")  # fmt: skip
    return SheetTable(heads, [*map(row, found), row(whole(found))])


def _decimal(value: int, unit: int, places: int) -> Decimal:
    return Decimal(round(value * 10**places / unit)).scaleb(-places)


def _leaders(connection: Connection) -> dict[str, str]:
    """Names of principal investigators, by code of the project."""
    asked = select(t.project.c.code, t.person.c.name, t.person.c.title).join(
        t.person, t.person.c.id == t.project.c.pi_id
    )
    return {row.code: row.title or row.name for row in connection.execute(asked)}


def _bytes(place: Path) -> int | None:
    """Bytes of the movies in a session's place; None where there are none."""
    raw = place / "raw"
    if not raw.is_dir():
        return None
    found = 0
    for folder, _, names in os.walk(raw):
        for name in names:
            try:
                found += (Path(folder) / name).stat().st_size
            except OSError:  # it was taken away meanwhile
                continue
    return found
