"""`icestream facility run`: the facility's duties, in the foreground or as a service."""

import signal
import sys
import threading
from typing import Annotated

from cyclopts import Parameter

from icestream.alike import meant
from icestream.facility.duties.all import duties_of
from icestream.facility.duties.duty import Duty
from icestream.facility.duties.round import do_duties, do_once
from icestream.facility.duties.turn import alone
from icestream.facility.opened import Facility, open_facility
from icestream.facility.people.quiet_log import quiet_log
from icestream.facility.registry import duties as rows
from icestream.log import configure
from icestream.settings import load

__all__ = ["run"]


def run(
    *duties: str,
    once: Annotated[bool, Parameter(negative="")] = False,
    log_json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Do what the facility does over and over: read bookings, copy, back up, deliver results.

    It runs until it is stopped (Ctrl-C, or SIGTERM of a service), may be killed at any moment, and
    goes on where it was. One process at a time does the duties of a facility.

    Parameters
    ----------
    duties
        Names of duties (icestream facility status); all by default.
    once
        Do each once, say how it went, and end: exit status 1 where one failed.
    log_json
        Write log events to the terminal as JSON lines.
    """
    configure(lines=log_json or None, level=load().settings.log_level)
    with open_facility() as facility:
        chosen = _chosen(facility, duties)
        names = [duty.name for duty in chosen]
        with quiet_log(lambda: facility), alone(facility, names) as turn:
            if once:
                return _once(facility, chosen)
            stop = threading.Event()
            for one in (signal.SIGINT, signal.SIGTERM):
                signal.signal(one, lambda *_: stop.set())
            print(
                f"doing {', '.join(names) or 'nothing'} for {facility.file.facility.name}",
                file=sys.stderr,
            )
            do_duties(facility, chosen, stop, turn)
    return 0


def _chosen(facility: Facility, names: tuple[str, ...]) -> tuple[Duty, ...]:
    known = {duty.name: duty for duty in duties_of(facility.file)}
    for name in names:
        if name not in known:
            hint = meant(name, known) or f"there are {', '.join(known) or 'none'}"
            raise LookupError(f"the facility file asks for no duty {name!r}; {hint}")
    return tuple(known[name] for name in names) if names else tuple(known.values())


def _once(facility: Facility, chosen: tuple[Duty, ...]) -> int:
    well = True
    for duty in chosen:
        well &= do_once(facility, duty)
        with facility.registry.read() as connection:
            state = rows.duty(connection, duty.name)
        print(f"{duty.name}: {state.problem or state.said or 'done'}")
    return int(not well)
