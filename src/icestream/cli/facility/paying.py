"""`icestream facility invoices charge` and its like: what is billed beside time, and who pays."""

from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from cyclopts import Parameter

from icestream.cli.terminal import print_json, print_table
from icestream.engine.machine.naming import person_here
from icestream.facility.money import charges as room
from icestream.facility.money.calendar import moment
from icestream.facility.opened import open_facility

__all__ = ["charge", "charges", "payer", "uncharge"]


def charge(
    team: str,
    item: str,
    quantity: str,
    /,
    *,
    project: str = "",
    on: date | None = None,
    note: str = "",
) -> None:
    """Write down that a team is to pay for something: grids, storage, hours of processing.

    Parameters
    ----------
    team
        Who pays.
    item
        Name of the item in the list of prices.
    quantity
        How many, with decimals where it has them.
    project
        Code of the project.
    on
        The day, which decides the price; today by default.
    note
        As it stands in the invoice.
    """
    with open_facility() as facility:
        at = None if on is None else float(moment(on, time(12), facility.file.zone))
        number = room.add_charge(
            facility, team, item, quantity, who=person_here(), at=at, project=project, note=note
        )
    print(f"charge {number}")


def charges(*, json: Annotated[bool, Parameter(negative="")] = False) -> None:
    """List what was written down to be charged, billed or not.

    Parameters
    ----------
    json
        For programs.
    """
    with open_facility() as facility:
        found = room.charges(facility)
        zone = facility.file.zone
    rows: list[dict[str, Any]] = [
        {
            "charge": each.id,
            "day": datetime.fromtimestamp(each.at, UTC).astimezone(zone).date().isoformat(),
            "team": each.team,
            "project": each.project,
            "item": each.item,
            "quantity": f"{each.quantity:f}",
            "note": each.note,
            "who": each.who,
        }
        for each in found
    ]
    if json:
        print_json(rows)
    elif not rows:
        print("no charge was written down")
    else:
        print_table(tuple(rows[0]), [[str(cell) for cell in row.values()] for row in rows])


def uncharge(number: int, /) -> None:
    """Take a charge back that is on no invoice.

    Parameters
    ----------
    number
        Of the charge.
    """
    with open_facility() as facility:
        room.remove_charge(facility, number)


def payer(
    team: str,
    /,
    *,
    price_class: str | None = None,
    title: str | None = None,
    address: str | None = None,
    vat: str | None = None,
    reference: str | None = None,
) -> None:
    """Say what invoices have to know of a team; what is not given stays as it is.

    Parameters
    ----------
    team
        Its name.
    price_class
        Which prices it pays.
    title
        Its name as invoices have it.
    address
        With line breaks.
    vat
        Its number for value added tax.
    reference
        What its invoices have to name.
    """
    given = {
        "price_class": price_class, "title": title, "address": address, "vat": vat,
        "reference": reference,
    }  # fmt: skip
    with open_facility() as facility:
        values = {name: value for name, value in given.items() if value is not None}
        room.set_payer(facility, team, **values)
