"""`icestream facility messages`: what was asked by message, and what became of it."""

import threading
from typing import Annotated

from cyclopts import Parameter

from icestream.cli.terminal import print_json, print_table
from icestream.facility.duties.duty import Outage
from icestream.facility.duties.turn import alone
from icestream.facility.messages.duty import (
    carry_requests,
    messages_duties,
    opened_messages,
    talk_to_broker,
)
from icestream.facility.messages.inbox import LedgerEntry
from icestream.facility.opened import Facility, open_facility
from icestream.shown import printable

__all__ = ["messages"]


def messages(
    *,
    dead: Annotated[bool, Parameter(negative="")] = False,
    again: int | None = None,
    once: Annotated[bool, Parameter(negative="")] = False,
    limit: int = 20,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """List what was asked by message, the newest first, and what became of it.

    Parameters
    ----------
    dead
        Only what was given up: it could not be carried out, and is not tried any more. The exit
        status is 1 where there is any.
    again
        Number of a message that is to be tried anew, once its cause is gone: one that was given
        up, or refused.
    once
        First do by hand what the duties do: take in and carry out what there is, and talk to the
        broker. Not while they run.
    limit
        How many are listed.
    json
        For programs.
    """
    with open_facility() as facility:
        away: list[str] = []
        if once:
            with alone(facility, [one.name for one in messages_duties(facility.file)]):
                away = _work(facility)
        with opened_messages(facility) as carrying:
            ledger = carrying.ledger
            if again is not None:
                entry = ledger.inbox.again(again)
                print(f"message {entry.id} ({printable(entry.identity)}) is tried again")
                return 0
            found = ledger.inbox.dead() if dead else ledger.inbox.newest(limit)
            counts = ledger.counts()
    if json:
        print_json({"messages": [_document(one) for one in found], "counts": counts})
        return int(bool(away) or (dead and bool(found)))
    for said in away:
        print(f"away: {said}")
    if found:
        rows = [_row(facility, one) for one in found[:limit]]
        print_table(("number", "asked", "way", "by", "session", "state", "why"), rows)
    else:
        print("nothing was given up" if dead else "nothing was asked by message yet")
    if counts["unsent"]:
        print(f"{counts['unsent']} messages wait for the broker")
    return int(bool(away) or (dead and bool(found)))


def _work(facility: Facility) -> list[str]:
    """Do each duty once; what is away."""
    away: list[str] = []
    section = facility.file.messages
    with_broker = section is not None and section.broker is not None
    for act in (talk_to_broker, carry_requests, talk_to_broker):
        if act is talk_to_broker and not with_broker:
            continue
        try:
            if act is carry_requests:
                carry_requests(facility, threading.Event(), once=True)
            else:
                talk_to_broker(facility, threading.Event(), seconds=1.0)
        except Outage as error:
            away.append(str(error))
    return list(dict.fromkeys(away))


def _row(facility: Facility, entry: LedgerEntry) -> tuple[str, ...]:
    asked = f"{facility.local(entry.arrived):%Y-%m-%d %H:%M}"
    tries = f" ({entry.tried} tries)" if entry.tried else ""
    return (
        str(entry.id), asked, entry.source, printable(entry.who) or "-", entry.session or "-",
        f"{entry.state}{tries}", printable(entry.reason, lines=False) or "-",
    )  # fmt: skip


def _document(entry: LedgerEntry) -> dict[str, object]:
    return {
        "number": entry.id,
        "identity": entry.identity,
        "kind": entry.kind,
        "source": entry.source,
        "who": entry.who,
        "arrived": entry.arrived,
        "times": entry.times,
        "state": entry.state,
        "tries": entry.tried,
        "reason": entry.reason,
        "session": entry.session,
        "folder": entry.folder,
        "body": entry.body.decode("utf-8", "backslashreplace"),
    }
