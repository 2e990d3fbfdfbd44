"""The forecast of storage of this facility: its histories, its rules and holds, its bookings."""

import math
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence

from icestream.facility.keep.filling_up import HORIZON, Disk, DiskForecast, History, when_full
from icestream.facility.keep.inventory import Inventory, kept_inventory
from icestream.facility.keep.kinds import Keep
from icestream.facility.keep.known import TRASH
from icestream.facility.keep.planning import decisions, facts_of, layout_of
from icestream.facility.keep.rules import DAY
from icestream.facility.opened import Facility
from icestream.facility.registry import removals as removal_rows
from icestream.facility.registry.bookings import bookings
from icestream.facility.registry.records import KnownSession, Removal
from icestream.facility.registry.sessions import sessions

__all__ = ["forecast", "histories", "leaves"]

_PAST = 182
"""Days of history that are looked at: a season, and not how it was when another camera stood there.
"""


def forecast(facility: Facility, now: float | None = None) -> DiskForecast:
    """When the disk of the sessions will be full."""
    now = time.time() if now is None else now
    seen = _seen(facility)
    keep = facility.file.keep or Keep()
    return when_full(
        list(histories(facility, seen, now)),
        Disk(
            free=shutil.disk_usage(facility.sessions).free,
            leaves=leaves(facility, keep, seen, now),
            shares=_shares(keep, seen),
        ),
    )


_Seen = Sequence[tuple[KnownSession, Inventory | None]]


def _seen(facility: Facility) -> _Seen:
    with facility.registry.read() as connection:
        found = sessions(connection)
    pairs = []
    for one in found:
        layout = layout_of(facility, one)
        pairs.append((one, None if layout is None else kept_inventory(layout.folder)))
    return pairs


def histories(facility: Facility, seen: _Seen, now: float) -> Iterable[History]:
    """What came from each microscope per day, and what is booked.

    Of a session that is on the disk no more it is known what was removed of it.
    """
    removed = _removed(facility)
    with facility.registry.read() as connection:
        ahead = bookings(connection, begins=now, ends=now + HORIZON * DAY)
    begins = max(min((one.began for one, _ in seen), default=now), now - _PAST * DAY)
    days = max(0, int((now - begins) // DAY))
    for name in facility.file.microscopes:
        daily, hourly = [0.0] * days, []
        for one, here in seen:
            if one.microscope != name:
                continue
            size = _size(here) + sum(each.bytes for each in removed.get(one.id, ()))
            ended = min(one.ended or now, now)
            hours = max((ended - one.began) / 3600.0, 0.1)
            if size:
                hourly.append(size / hours)
            _spread(daily, size, one.began - (now - days * DAY), ended - (now - days * DAY))
        booked = [0.0] * (HORIZON if ahead else 0)
        last = 0
        for each in ahead:
            if each.kind == "booked" and each.microscope == name:
                last = max(last, _book(booked, each.begins - now, each.ends - now))
        yield History(daily=daily, hourly=hourly, booked=booked[:last])


def leaves(facility: Facility, keep: Keep, seen: _Seen, now: float) -> Mapping[int, float]:
    """Bytes of what is here that go, by the day from now on which they are gone for good."""
    found: dict[int, float] = {}
    for one, here in seen:
        layout = layout_of(facility, one)
        if here is None or layout is None:
            continue
        for decision in decisions(keep, facts_of(facility, one, layout, now)):
            if math.isinf(decision.due) or not keep.act:
                continue
            going = here.tallies.get(decision.kind)
            day = math.ceil((max(decision.due, now) - now) / DAY + keep.undo)
            if going is not None:
                found[day] = found.get(day, 0.0) + going.disk
        aside = here.tallies.get(TRASH)
        if aside is not None and aside.disk:
            with facility.registry.read() as connection:
                waiting = removal_rows.removals(connection, session=one.id, states=("removed",))
            until = max((each.until for each in waiting), default=now)
            day = max(1, math.ceil((until - now) / DAY))
            found[day] = found.get(day, 0.0) + aside.disk
    return found


def _shares(keep: Keep, seen: _Seen) -> list[tuple[float, float]]:
    """Which share of what arrives is gone again, and after how many days."""
    whole = sum(here.total.disk for _, here in seen if here is not None)
    if not whole or not keep.act:
        return []
    shares = []
    for kind, rule in keep.rules.items():
        if math.isinf(rule.after):
            continue
        part = sum(here.tallies[kind].disk for _, here in seen if here and kind in here.tallies)
        shares.append((part / whole, rule.after + keep.undo))
    return shares


def _removed(facility: Facility) -> Mapping[int, Sequence[Removal]]:
    found: dict[int, list[Removal]] = {}
    with facility.registry.read() as connection:
        for one in removal_rows.removals(connection, states=("gone",)):
            found.setdefault(one.session, []).append(one)
    return found


def _size(here: Inventory | None) -> float:
    return 0.0 if here is None else float(here.total.disk)


def _spread(daily: list[float], size: float, begins: float, ends: float) -> None:
    """Lay a session's bytes over the days that it ran, evenly; seconds from the first day."""
    ends = max(ends, begins + 1.0)
    for day in range(max(0, int(begins // DAY)), min(len(daily), int(ends // DAY) + 1)):
        overlap = min(ends, (day + 1) * DAY) - max(begins, day * DAY)
        daily[day] += size * max(0.0, overlap) / (ends - begins)


def _book(booked: list[float], begins: float, ends: float) -> int:
    """Add a booking's hours to the days; the number of days up to its end."""
    begins = max(begins, 0.0)
    last = min(len(booked), int(ends // DAY) + 1)
    for day in range(int(begins // DAY), last):
        booked[day] += max(0.0, min(ends, (day + 1) * DAY) - max(begins, day * DAY)) / 3600.0
    return last
