"""`icestream facility hold` and `release`: what stays, whatever the rules say."""

import getpass
from datetime import datetime, timedelta
from typing import Annotated

from cyclopts import Parameter

from icestream.facility.keep.kinds import Data
from icestream.facility.opened import Facility, open_facility
from icestream.facility.registry import holds as rows
from icestream.facility.registry import sessions as session_rows

__all__ = ["BadDate", "hold", "release"]

Class = Annotated[Data | None, Parameter(name="--class")]


class BadDate(ValueError):
    """No date in the future."""


def hold(session: str, /, *, why: str, kind: Class = None, until: str | None = None) -> None:
    """Keep a session, or a class of its data, whatever the rules say.

    What was put aside already is not removed for good while it is held.

    Parameters
    ----------
    session
        Name, folder or place.
    why
        What people read as the reason.
    kind
        The class of data; everything of the session by default.
    until
        The last day, such as 2027-03-31; until it is released when not given.
    """
    with open_facility() as facility:
        ends = None if until is None else _end_of(facility, until)
        with facility.registry.write() as connection:
            found = session_rows.session(connection, session)
            rows.add_hold(
                connection, found.id, kind=kind or "", why=why, who=getpass.getuser(), until=ends
            )
    print(
        f"{kind or 'everything'} of {found.name} is held{'' if until is None else f' to {until}'}"
    )


def release(session: str, /, *, kind: Class = None) -> int:
    """End the holds of a session; its data go by the rules again.

    The exit status is 1 where nobody held it.

    Parameters
    ----------
    session
        Name, folder or place.
    kind
        Only those of this class of data; all by default.
    """
    with open_facility() as facility, facility.registry.write() as connection:
        found = session_rows.session(connection, session)
        count = rows.release(connection, found.id, kind=kind, who=getpass.getuser())
        rest = list(rows.holds(connection, found.id))
    what = "1 hold" if count == 1 else f"{count} holds"
    print(f"{what} of {found.name} ended")
    for one in rest:
        print(f"still held: {one.kind or 'everything'} by {one.who}: {one.why}")
    return int(not count)


def _end_of(facility: Facility, day: str) -> float:
    """The end of a day at the facility, seconds since the epoch."""
    try:
        begins = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=facility.file.zone)
    except ValueError:
        raise BadDate(f"write a day such as 2027-03-31, found {day!r}") from None
    ends = begins + timedelta(days=1)
    if ends <= datetime.now(facility.file.zone):
        raise BadDate(f"{day} is over: a hold until then would keep nothing")
    return ends.timestamp()
