"""Projects and teams of people, by the groups that they have where they log in."""

import re
from collections.abc import Iterable

from icestream.facility.opened import Facility
from icestream.facility.people.kinds import People
from icestream.facility.registry.people import keep_person, projects, set_projects

__all__ = ["keep_groups", "named_by"]

SOURCE = "login"
"""What says of memberships that they come from the groups of a login."""


def named_by(pattern: str | None, groups: Iterable[str]) -> list[str]:
    """What the groups name that fit a pattern, each once, in order of the alphabet.

    >>> named_by("cn=proj-(.+),ou=groups", ["cn=proj-b,ou=groups", "CN=Proj-a,OU=groups", "x"])
    ['a', 'b']
    """
    if pattern is None:
        return []
    found = (re.fullmatch(pattern, group.strip(), flags=re.IGNORECASE) for group in groups)
    return sorted({one[1].strip() for one in found if one is not None and one[1].strip()})


def keep_groups(
    facility: Facility, section: People, name: str, full_name: str, groups: Iterable[str]
) -> None:
    """Write down the team and the projects that somebody's groups give, and no others of a login.

    A project that nobody has told of yet is written down by its code; its letters are those that
    it is known by, where it is.
    """
    known = list(groups)
    teams = named_by(section.teams, known)
    with facility.registry.write() as connection:
        told = {"title": full_name} if full_name else {}
        if section.teams is not None and teams:
            keep_person(connection, name, team=teams[0], **told)
        else:
            keep_person(connection, name, **told)
        if section.projects is not None:
            codes = {one.code.casefold(): one.code for one in projects(connection)}
            mine = [codes.get(one.casefold(), one) for one in named_by(section.projects, known)]
            set_projects(connection, name, mine, source=SOURCE)
