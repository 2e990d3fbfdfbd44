"""Bookings from a table in a file.

A table with a wrong line is not used at all: what its line was about would be taken for cancelled.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import get_args
from zoneinfo import ZoneInfo

from icestream.facility.asking import SourceChanged, SourceDown
from icestream.facility.bookings.booking import Booking
from icestream.facility.bookings.clock import read_time
from icestream.facility.bookings.kinds import CsvBookings
from icestream.facility.registry.records import BookingKind, BookingState

__all__ = ["COLUMNS", "CsvTable", "all_wrong", "read_table"]

COLUMNS = {
    "microscope": "what the booking is of",
    "begins": "such as 2026-11-23 08:00, by the clock of the site, or with an offset",
    "ends": "likewise, after the beginning",
    "title": "what people call it; a project's code is looked for in it",
    "project": "code of the project",
    "login": "of the owner",
    "name": "of the owner, as it is written",
    "email": "of the owner",
    "kind": "booked, downtime or maintenance; booked where it is empty",
    "state": "booked, pending or cancelled; booked where it is empty",
    "reference": "what the booking is called where it was made; microscope and beginning if empty",
}
_NEEDED = ("microscope", "begins", "ends")
_MOST_NAMED = 20
"""Wrong lines that are told one by one."""


class CsvTable:
    """A file as a source of bookings."""

    def __init__(self, section: CsvBookings, zone: ZoneInfo) -> None:
        self._section = section
        self._zone = zone

    @property
    def place(self) -> str:
        """The file."""
        return str(self._section.file)

    def bookings(self, begins: float, ends: float) -> tuple[Booking, ...]:
        """All lines that reach into a time, of a file that is right as a whole."""
        wrong: list[str] = []
        read: list[Booking] = []
        rows = read_table(self.place, self._section.separator, COLUMNS, _NEEDED)
        for number, row in rows:
            try:
                read.append(_booking(row, self._zone))
            except ValueError as error:
                wrong.append(f"line {number}: {error}")
        twice = [one for one, n in Counter(each.reference for each in read).items() if n > 1]
        wrong += [f"{reference!r} is there more than once" for reference in twice]
        if wrong:
            raise SourceChanged(all_wrong(self.place, wrong))
        return tuple(one for one in read if one.begins < ends and one.ends > begins)

    def resources(self) -> None:
        """A table has no list of what can be booked."""


def read_table(
    place: str, separator: str, columns: Mapping[str, str], needed: tuple[str, ...]
) -> Iterator[tuple[int, dict[str, str]]]:
    """Lines of a table with their numbers in the file; empty ones are left out.

    Raises
    ------
    SourceDown
        If the file cannot be read.
    SourceChanged
        If its first line does not name its columns, or names one that is not known.
    """
    try:
        with open(place, encoding="utf-8-sig", newline="") as opened:  # noqa: PTH123 - as given
            text = opened.read()
    except UnicodeDecodeError:
        raise SourceChanged(f"{place} is not written in UTF-8: save it so") from None
    except OSError as error:
        raise SourceDown(f"{place} cannot be read: {error.strerror}") from None
    table = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    try:
        names = [name.strip().lower() for name in next(table, [])]
        unknown = [name for name in names if name not in columns]
        missing = [name for name in needed if name not in names]
        if unknown or missing:
            found = ", ".join(names) or "nothing"
            others = ", ".join(name for name in columns if name not in needed)
            raise SourceChanged(
                f"{place}: its first line has to name the columns {', '.join(needed)}, and may "
                f"name {others}, with {separator!r} between them; it has {found}"
            )
        for row in table:
            values = [value.strip() for value in row]
            if not any(values):
                continue
            yield table.line_num, {**dict.fromkeys(columns, ""), **_lined(names, values)}
    except csv.Error as error:
        raise SourceChanged(f"{place}, line {table.line_num}: {error}. Not used") from None


def _lined(names: list[str], values: list[str]) -> dict[str, str]:
    """The values of a line by their columns; what is too much is kept, to be told."""
    told = dict(zip(names, values, strict=False))
    if len(values) > len(names):
        told[""] = f"{len(values)} values, and there are {len(names)} columns"
    return told


def _booking(row: Mapping[str, str], zone: ZoneInfo) -> Booking:
    if row.get(""):
        raise ValueError(row[""])
    if not row["microscope"]:
        raise ValueError("no microscope")
    begins, ends = read_time(row["begins"], zone), read_time(row["ends"], zone, end=True)
    if ends <= begins:
        raise ValueError(f"ends ({row['ends']}) is not after begins ({row['begins']})")
    kind, state = row["kind"].lower() or "booked", row["state"].lower() or "booked"
    for name, value, known in (
        ("kind", kind, get_args(BookingKind)),
        ("state", state, get_args(BookingState)),
    ):
        if value not in known:
            raise ValueError(f"{name} is {value!r}, and may be {', '.join(known)}")
    return Booking(
        reference=row["reference"] or f"{row['microscope']} {begins:.0f}",
        resources=(row["microscope"],),
        begins=begins,
        ends=ends,
        title=row["title"],
        login=row["login"],
        name=row["name"],
        email=row["email"],
        project=row["project"],
        kind=kind,  # type: ignore[arg-type]  # one of them, as was checked
        state=state,  # type: ignore[arg-type]
    )


def all_wrong(place: str, wrong: list[str]) -> str:
    """What is said of a table with wrong lines: the first of them, and how many more there are."""
    more = len(wrong) - _MOST_NAMED
    rest = f"; and {more} more" if more > 0 else ""
    return f"{place} is not used before these are right: {'; '.join(wrong[:_MOST_NAMED])}{rest}"
