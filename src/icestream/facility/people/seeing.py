"""Who sees which session, by what the registry knows of projects and their people.

The operator of a session and the people of its project see it. A confidential session, or one of
a confidential project, is seen by nobody else but administrators, not even by staff.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, or_, select, union

from icestream.facility.registry import tables as t

__all__ = ["UNKNOWN", "Seeing", "read_seeing"]


@dataclass(frozen=True, slots=True)
class Seeing:
    """Sessions by their keys, and who sees them."""

    confidential: frozenset[str] | None = frozenset()
    """Those that only their people and administrators may know of; None: nobody knows which they
    are, so that any may be."""
    folders: frozenset[str] = frozenset()
    """Of these sessions: one whose store cannot be read does not say its key."""
    people: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Those that each person is one of the people of, by login in small letters."""

    @property
    def hidden(self) -> frozenset[str] | None:
        """Keys and folders of the confidential ones; None: any may be."""
        return None if self.confidential is None else self.confidential | self.folders

    def of(self, name: str) -> frozenset[str]:
        """The sessions whose people somebody is one of."""
        return self.people.get(name.casefold(), frozenset())


UNKNOWN = Seeing(confidential=None)
"""Where the registry cannot be asked."""


def read_seeing(connection: Connection) -> Seeing:
    """Who sees which session now."""
    s, p = t.session, t.project
    hidden = (
        select(s.c.key, s.c.folder)
        .join(p, p.c.id == s.c.project_id, isouter=True)
        .where(or_(s.c.confidential, func.coalesce(p.c.confidential, False)))
    )
    operators = select(t.person.c.name, s.c.key).join(s, s.c.operator_id == t.person.c.id)
    members = (
        select(t.person.c.name, s.c.key)
        .join(t.membership, t.membership.c.person_id == t.person.c.id)
        .join(s, s.c.project_id == t.membership.c.project_id)
    )
    people: dict[str, set[str]] = {}
    for name, key in connection.execute(union(operators, members)):
        people.setdefault(name.casefold(), set()).add(key)
    found = connection.execute(hidden).all()
    return Seeing(
        frozenset(row.key for row in found),
        frozenset(row.folder for row in found),
        {name: frozenset(keys) for name, keys in people.items()},
    )
