"""The section ``[people]`` of the facility file: what groups of the site mean."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from icestream.facility.kinds import Section

__all__ = ["People"]


def _pattern(text: str) -> str:
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from None
    if pattern.groups != 1:
        raise ValueError(
            f"write one pair of parentheses around what is the name, found {pattern.groups} in "
            f"{text!r}"
        )
    if pattern.fullmatch(""):
        raise ValueError(f"{text!r} fits no group at all as well")
    return text


GroupPattern = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_pattern)]
"""A regular expression that a whole name of a group fits, with the name that is meant in it."""


class People(Section):
    """What groups of the site's directory (LDAP) or provider (OpenID Connect) mean.

    Each time that somebody logs in, their projects and team become those of their groups; what
    staff or another source have said beside that stays.
    """

    projects: GroupPattern | None = None
    """Which groups are the people of a project: "cn=proj-(.+),ou=groups,dc=example,dc=org" finds
    its code. Capitals make no difference."""
    teams: GroupPattern | None = None
    """Which groups are teams: "cn=lab-(.+),ou=groups,dc=example,dc=org". The first by name
    counts."""
