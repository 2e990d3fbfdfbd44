"""Who asks, and what they may: roles, and the sessions that a person sees."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from icestream.login import Role
from icestream.server.catalogue import Entry
from icestream.server.context import Server
from icestream.server.errors import Refused
from icestream.server.people.come import Coming, NobodyKnown, who_comes
from icestream.server.people.gate import visitors_of
from icestream.server.people.person import Person

__all__ = [
    "Admin",
    "CurrentPerson",
    "Operator",
    "Person",
    "Role",
    "Staff",
    "Viewer",
    "current_person",
    "may_see",
    "person_of",
    "requires",
]


async def current_person(connection: HTTPConnection) -> Person:
    """Whoever asks; the gate has seen to it that it is somebody."""
    coming: Coming | None = getattr(connection.state, "coming", None)
    if coming is None:
        raise Refused(401, "nobody is logged in", "log in first")
    return coming.person


def person_of(connection: HTTPConnection) -> Person:
    """Whoever asks, for what goes on for longer than an answer takes: looked up anew each time.

    Raises
    ------
    Refused
        If nobody is logged in, or no longer.
    """
    server: Server = connection.app.state.server
    try:
        return who_comes(visitors_of(server), server.doors, connection).person
    except NobodyKnown as error:
        raise Refused(401, str(error), "log in first") from None


CurrentPerson = Annotated[Person, Depends(current_person)]
"""A parameter of a route: whoever asks."""


def requires(role: Role) -> Callable[[Person], Awaitable[Person]]:
    """Make a dependency that refuses whoever has less than `role`."""

    async def person_with_role(person: CurrentPerson) -> Person:
        if not person.role.covers(role):
            raise Refused(
                403,
                f"{person.name} is {person.role.value}, and this asks for {role.value}",
                "ask an administrator for that role",
            )
        return person

    return person_with_role


Viewer = Annotated[Person, Depends(requires(Role.VIEWER))]
"""A parameter of a route: whoever asks, at least a viewer; and so on."""
Operator = Annotated[Person, Depends(requires(Role.OPERATOR))]
Staff = Annotated[Person, Depends(requires(Role.STAFF))]
Admin = Annotated[Person, Depends(requires(Role.ADMIN))]


def may_see(person: Person, entry: Entry) -> bool:
    """Whether a person sees a session at all."""
    return person.sees(entry.key, "" if entry.uid else str(entry.folder))
