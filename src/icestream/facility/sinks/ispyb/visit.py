"""Which session of ISPyB a session of ours belongs to. It is said by people or by the booking."""

import re

from sqlalchemy import Connection, select

from icestream.facility.sinks.ispyb.schema import Schema
from icestream.facility.sinks.sink import Held

__all__ = ["find_visit"]

_VISIT = re.compile(r"([A-Za-z]+)([0-9][\w]*)-([0-9]+)")


def find_visit(connection: Connection, schema: Schema, chosen: str, name: str) -> int:
    """Number of the ``BLSession`` that is called ``cm31111-5``, or has that number itself.

    Nothing is guessed, by the beam line or the clock say: results of one group are not to be shown
    to another.

    Parameters
    ----------
    chosen
        As people or the booking say it; empty where nobody does.
    name
        Of our session, for what is said.

    Raises
    ------
    Held
        If nobody said it, or ISPyB does not have it.
    """
    say = f"say which one it is: icestream facility sinks {name} --visit VISIT"
    if not chosen:
        raise Held(f"neither its booking nor a person says which visit of ISPyB it is; {say}")
    session, proposal = schema["BLSession"].c, schema["Proposal"].c
    wanted = select(session.sessionId)
    found = _VISIT.fullmatch(chosen.strip())
    if chosen.strip().isdecimal():
        wanted = wanted.where(session.sessionId == int(chosen))
    elif found is not None:
        wanted = wanted.join(schema["Proposal"], proposal.proposalId == session.proposalId).where(
            proposal.proposalCode == found[1],
            proposal.proposalNumber == found[2],
            session.visit_number == int(found[3]),
        )
    else:
        raise Held(f"{chosen!r} is no visit of ISPyB, such as cm31111-5, nor a number; {say}")
    numbers = connection.execute(wanted.limit(2)).scalars().all()
    if len(numbers) != 1:
        many = "several sessions" if numbers else "no session"
        raise Held(f"ISPyB has {many} {chosen!r}; {say}")
    return int(numbers[0])
