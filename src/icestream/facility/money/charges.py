"""Charges for things and services, and what invoices have to know of a team."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from sqlalchemy import Connection, insert, select, update

from icestream.facility.money.calendar import day_of
from icestream.facility.money.issue import money_of
from icestream.facility.money.kinds import MoneyRefusal
from icestream.facility.money.pricing import NoPrice, list_of
from icestream.facility.opened import Facility
from icestream.facility.registry import tables as t

__all__ = ["Charged", "add_charge", "charges", "remove_charge", "set_payer"]


@dataclass(frozen=True, slots=True)
class Charged:
    """A charge as it was written down."""

    id: int
    team: str
    project: str
    item: str
    quantity: Decimal
    at: float
    note: str
    who: str


def add_charge(  # noqa: PLR0913 - what a charge is
    facility: Facility,
    team: str,
    item: str,
    quantity: str,
    *,
    who: str,
    at: float | None = None,
    project: str = "",
    note: str = "",
) -> int:
    """Write down that a team is to pay for something; the number of the charge.

    MoneyRefusal says what is not known: the team, the project, the item, or how much it is.
    """
    when = time.time() if at is None else at
    _check_item(facility, item, when)
    with facility.registry.write() as connection:
        of = _team(connection, team)
        number = None
        if project:
            asked = select(t.project.c.id).where(t.project.c.code == project)
            number = connection.execute(asked).scalar_one_or_none()
            if number is None:
                raise MoneyRefusal(f"the registry has no project {project!r}")
        made = connection.execute(
            insert(t.charge).values(
                team_id=of, project_id=number, item=item, quantity=str(_quantity(quantity)),
                at=when, note=note, who=who, made=time.time(),
            )
        )  # fmt: skip
        key = made.inserted_primary_key
        assert key is not None
        return int(key[0])


def remove_charge(facility: Facility, number: int) -> None:
    """Take a charge back; one that was billed is credited instead."""
    with facility.registry.write() as connection:
        billed = select(t.billed.c.id).where(
            t.billed.c.kind == "item", t.billed.c.source_id == number
        )
        if connection.execute(billed).first() is not None:
            raise MoneyRefusal(f"charge {number} is on an invoice: credit its line first")
        asked = update(t.charge).where(t.charge.c.id == number, t.charge.c.removed.is_(None))
        if connection.execute(asked.values(removed=time.time())).rowcount == 0:
            raise MoneyRefusal(f"there is no charge {number}")


def charges(facility: Facility) -> tuple[Charged, ...]:
    """All charges that were not taken back, in order of their days."""
    with facility.registry.read() as connection:
        return tuple(_charges(connection))


def set_payer(facility: Facility, team: str, **values: str) -> None:
    """Say what invoices have to know of a team, of which only what is given is changed.

    Parameters
    ----------
    facility
        Whose registry has the team.
    team
        Its name.
    values
        ``title``, ``address``, ``vat``, ``reference``, ``price_class``.
    """
    asked = values.get("price_class")
    known = money_of(facility).classes
    if asked is not None and asked not in known:
        raise MoneyRefusal(f"there is no price class {asked!r}; there are {', '.join(known)}")
    with facility.registry.write() as connection:
        number = _team(connection, team)
        if values:
            connection.execute(update(t.team).where(t.team.c.id == number).values(**values))


def _charges(connection: Connection) -> Iterator[Charged]:
    asked = (
        select(t.charge, t.team.c.name.label("team"), t.project.c.code)
        .join(t.team, t.team.c.id == t.charge.c.team_id)
        .join(t.project, t.project.c.id == t.charge.c.project_id, isouter=True)
        .where(t.charge.c.removed.is_(None))
        .order_by(t.charge.c.at, t.charge.c.id)
    )
    for row in connection.execute(asked):
        yield Charged(
            row.id, row.team, row.code or "", row.item, Decimal(row.quantity), row.at, row.note,
            row.who,
        )  # fmt: skip


def _team(connection: Connection, name: str) -> int:
    teams = {row.name: row.id for row in connection.execute(select(t.team).order_by(t.team.c.name))}
    if name not in teams:
        raise MoneyRefusal(
            f"the registry has no team {name!r}; it has {', '.join(teams) or 'none yet'}"
        )
    return int(teams[name])


def _check_item(facility: Facility, item: str, at: float) -> None:
    money = money_of(facility)
    try:
        listed = list_of(money, day_of(int(at), facility.file.zone))
    except NoPrice as why:
        raise MoneyRefusal(str(why)) from None
    if item not in listed.items:
        raise MoneyRefusal(
            f"the list of {listed.begins} has no item {item!r}; it has"
            f" {', '.join(listed.items) or 'none'}"
        )


def _quantity(given: str) -> Decimal:
    try:
        found = Decimal(given)
    except InvalidOperation:
        raise MoneyRefusal(f"write a quantity such as 3 or 0.25, found {given!r}") from None
    exponent = found.as_tuple().exponent
    if not found.is_finite() or found <= 0 or not isinstance(exponent, int) or exponent < -6:
        raise MoneyRefusal(f"a quantity is more than 0, with 6 decimals at most; found {given}")
    return found
