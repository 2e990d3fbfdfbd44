"""`icestream facility sinks`: how far results were delivered, and delivering them by hand."""

import time
from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from icestream.cli.terminal import print_json, print_table
from icestream.facility.bookings.offer import shown_span
from icestream.facility.duties.duty import Outage
from icestream.facility.opened import Facility, open_facility
from icestream.facility.sinks.run import SinkRun
from icestream.facility.sinks.standing import (
    SinkStanding,
    choose_visit,
    deliver_again,
    retry_asides,
    standings,
)
from icestream.shown import printable

__all__ = ["sinks"]

_Flag = Annotated[bool, Parameter(negative="")]


def sinks(
    *sessions: str,
    sink: str | None = None,
    once: _Flag = False,
    retry: _Flag = False,
    again: _Flag = False,
    visit: str | None = None,
    json: _Flag = False,
) -> int:
    """Say how far results were delivered to each sink, what waits and what was set aside.

    The exit status is 1 where a sink is away, or something waits for a word or was set aside.

    Parameters
    ----------
    sessions
        Names of sessions; by default all that sinks look at. What was set aside of them is listed.
    sink
        Name of one sink; by default all.
    once
        Deliver now what is there, and end.
    retry
        Have what was set aside tried again.
    again
        Have everything told again, under the keys that it has at the other side: after that was
        restored from a backup, say.
    visit
        Which session of ISPyB the session belongs to, such as cm31111-5.
    json
        For programs.
    """
    with open_facility() as facility:
        if visit is not None:
            if len(sessions) != 1:
                raise ValueError("name the one session that the visit is of")
            choose_visit(facility, sessions[0], visit, sink)
        if retry:
            count = retry_asides(facility, sessions, sink)
            _say(f"{count} that {'was' if count == 1 else 'were'} set aside will be tried", json)
        if again:
            count = deliver_again(facility, sessions, sink)
            _say(f"all will be told again of {count} deliveries", json)
        away = _deliver(facility, sessions, sink, json=json) if once else False
        found = standings(facility, sessions, sink)
    if json:
        print_json([asdict(one) for one in found])
    else:
        _print(found, details=bool(sessions))
    troubled = any(one.error or one.waits or one.asides for one in found if not one.left_out)
    return int(away or troubled)


def _deliver(facility: Facility, names: tuple[str, ...], chosen: str | None, *, json: bool) -> bool:
    """Deliver now; whether a sink is away."""
    away = False
    for name, section in facility.file.sinks.items():
        if chosen in (None, name):
            try:
                _say(f"{name}: {SinkRun(name, section).once(facility, names)}", json)
            except Outage as error:
                _say(str(error), json)
                away = True
    return away


def _say(text: str, json: bool) -> None:
    if not json:
        print(printable(text))


def _print(found: tuple[SinkStanding, ...], *, details: bool) -> None:
    if not found:
        print("no session is delivered to any sink")
        return
    now = time.time()
    rows = [
        (one.sink, one.session, _count(one), _behind(one), str(len(one.asides)), _words(one, now))
        for one in found
    ]
    print_table(("sink", "session", "delivered", "behind", "set aside", "how it goes"), rows)
    for one in found if details else ():
        for said in one.said:
            print(f"{one.sink}: {printable(said)}")
        for aside in one.asides:
            print(f"{one.sink}: {one.session} {aside.id} is set aside: {printable(aside.reason)}")


def _count(one: SinkStanding) -> str:
    return f"{one.delivered.get('movie', sum(one.delivered.values()))}"


def _behind(one: SinkStanding) -> str:
    return f"{one.behind} exposures, {shown_span(one.lag)}" if one.behind else "-"


def _words(one: SinkStanding, now: float) -> str:
    if one.left_out:
        return f"not delivered: {printable(one.left_out)}"
    if one.waits:
        return f"WAITS: {printable(one.waits)}"
    if one.error:
        since = "" if one.failing_since is None else f" since {shown_span(now - one.failing_since)}"
        return f"AWAY{since}: {printable(one.error)}"
    if one.last is None:
        return "nothing yet"
    return f"last delivered {shown_span(now - one.last)} ago"
