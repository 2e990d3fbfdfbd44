"""Microscopes and their detectors, and what happened to them."""

import time
from collections.abc import Mapping

from sqlalchemy import Connection, RowMapping, insert, select, update

from icestream.facility.registry import tables as t
from icestream.facility.registry.records import KnownMicroscope, Occasion
from icestream.facility.registry.rows import keep, number_of

__all__ = [
    "UnknownInstrument",
    "add_occasion",
    "detector_number",
    "end_occasion",
    "keep_microscopes",
    "microscope_number",
    "microscopes",
    "occasions",
    "retire",
]


class UnknownInstrument(LookupError):
    """The registry has no microscope of that name."""


def keep_microscopes(connection: Connection, told: Mapping[str, tuple[str, str]]) -> None:
    """Bring the microscopes to what the facility file says: titles and models by name.

    One that it has no more is retired, with its history.
    """
    for name, (title, model) in told.items():
        keep(
            connection,
            t.microscope,
            {"name": name},
            {"title": title, "model": model, "retired": None},
        )
    gone = t.microscope.c.name.not_in(list(told)) & t.microscope.c.retired.is_(None)
    connection.execute(update(t.microscope).where(gone).values(retired=time.time()))


def retire(connection: Connection, name: str) -> None:
    """Write a microscope down that the facility file does not have; one that is there stays."""
    keep(connection, t.microscope, {"name": name}, {"retired": time.time()}, once=("retired",))


def microscopes(connection: Connection, *, retired: bool = True) -> tuple[KnownMicroscope, ...]:
    """All of them, by name."""
    asked = select(t.microscope).order_by(t.microscope.c.name)
    if not retired:
        asked = asked.where(t.microscope.c.retired.is_(None))
    return tuple(KnownMicroscope(**row) for row in connection.execute(asked).mappings())


def microscope_number(connection: Connection, name: str) -> int:
    """The number of a microscope.

    Raises
    ------
    UnknownInstrument
        If there is none of that name; says which there are.
    """
    found = number_of(connection, t.microscope, name=name)
    if found is None:
        known = ", ".join(one.name for one in microscopes(connection)) or "none yet"
        raise UnknownInstrument(f"the registry has no microscope {name!r}; it has {known}")
    return found


def detector_number(connection: Connection, microscope: int, name: str) -> int:
    """The number of a detector of a microscope, which is written down the first time."""
    key = {"microscope_id": microscope, "name": name}
    keep(connection, t.detector, key, {"since": time.time()}, once=("since",))
    found = number_of(connection, t.detector, **key)
    assert found is not None
    return found


def add_occasion(
    connection: Connection,
    microscope: str,
    kind: str,
    text: str,
    *,
    who: str,
    when: tuple[float, float | None] | None = None,
) -> int:
    """Write down what happened to a microscope: now, or from when until when; its number."""
    number = microscope_number(connection, microscope)
    at, until = when or (time.time(), None)
    values = {
        "microscope_id": number,
        "at": at,
        "until": until,
        "kind": kind,
        "text": text,
        "who": who,
    }
    made = connection.execute(insert(t.occasion).values(values)).inserted_primary_key
    assert made is not None
    return int(made[0])


def end_occasion(connection: Connection, number: int, until: float) -> Occasion:
    """Say until when an occasion lasted, also anew; what it was before.

    Raises
    ------
    UnknownInstrument
        If there is none of that number.
    ValueError
        If it would end before it begins.
    """
    asked = (
        select(t.occasion, t.microscope.c.name)
        .join(t.microscope, t.microscope.c.id == t.occasion.c.microscope_id)
        .where(t.occasion.c.id == number)
    )
    row = connection.execute(asked).mappings().one_or_none()
    if row is None:
        raise UnknownInstrument(
            f"there is no occasion {number}: icestream facility occasion lists all with their"
            " numbers"
        )
    found = _occasion(row)
    if until < found.at:
        raise ValueError(f"occasion {number} would end before it begins")
    connection.execute(update(t.occasion).where(t.occasion.c.id == number).values(until=until))
    return found


def occasions(
    connection: Connection,
    *,
    microscope: str | None = None,
    begins: float = float("-inf"),
    ends: float = float("inf"),
) -> tuple[Occasion, ...]:
    """What happened between two times, the oldest first."""
    asked = (
        select(t.occasion, t.microscope.c.name)
        .join(t.microscope, t.microscope.c.id == t.occasion.c.microscope_id)
        .where(t.occasion.c.at < ends)
        .order_by(t.occasion.c.at, t.occasion.c.id)
    )
    if microscope is not None:
        asked = asked.where(t.microscope.c.name == microscope)
    found = (_occasion(row) for row in connection.execute(asked).mappings())
    return tuple(one for one in found if max(one.at, one.until or one.at) >= begins)


def _occasion(told: RowMapping) -> Occasion:
    return Occasion(
        id=told["id"],
        microscope=told["name"],
        at=told["at"],
        until=told["until"],
        kind=told["kind"],
        text=told["text"],
        who=told["who"],
    )
