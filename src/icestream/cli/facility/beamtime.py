"""`icestream facility beamtime`: hours booked, used and lost, movies and bytes of a period."""

from datetime import date
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from icestream.cli.terminal import print_json, print_table
from icestream.facility.money.beamtime import By, beam_time, beam_time_table
from icestream.facility.money.beamtime_page import write_beam_time
from icestream.facility.money.calendar import Period
from icestream.facility.money.sheets import write_table
from icestream.facility.opened import open_facility

__all__ = ["beamtime"]

_Flag = Annotated[bool, Parameter(negative="")]


def beamtime(  # noqa: PLR0913 - one argument for each option
    *,
    from_: Annotated[date, Parameter(name="--from")],
    to: date,
    by: By = "team",
    out: Path | None = None,
    public: _Flag = False,
    sizes: _Flag = False,
    json: _Flag = False,
) -> None:
    """Say how much beam time there was in a period: booked, used and lost to downtime.

    Parameters
    ----------
    from_
        The first day.
    to
        The last day.
    by
        By whom or what it is told.
    out
        Write to a file: .csv or .xlsx, or .html with the tables of all kinds.
    public
        Leave out names of whose projects are confidential.
    sizes
        Measure the movies that sessions have in their places, too.
    json
        For programs.
    """
    with open_facility() as facility:
        period = Period(from_, to, facility.file.zone)
        if out is not None and out.suffix.lower() == ".html":
            write_beam_time(facility, period, out, public=public, sizes=sizes)
            print(f"written: {out}")
            return
        found = beam_time(facility, period, by, public=public, sizes=sizes)
    table = beam_time_table(found, by)
    if out is not None:
        write_table(table, out)
        print(f"written: {out}")
    elif json:
        print_json([dict(zip(table.heads, row, strict=True)) for row in table.rows])
    else:
        rows = [["–" if cell is None else str(cell) for cell in row] for row in table.rows]
        print_table(table.heads, rows)
