"""What every way of logging in comes to: an identity, or a reason why there is none."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

__all__ = [
    "NAME",
    "Identity",
    "LoginUnavailable",
    "NotProven",
    "PasswordWay",
    "PeopleDirectory",
    "Role",
    "account_name",
    "highest",
]

NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
"""What a person's name here may be."""


class LoginUnavailable(RuntimeError):
    """A directory or a provider does not answer, or its settings are wrong: nobody's password."""


class NotProven(PermissionError):
    """What came back from a provider proves nobody's identity."""


class Role(StrEnum):
    """What a person may do, each more than the one before."""

    VIEWER = "viewer"
    """Look at the sessions that are theirs."""
    OPERATOR = "operator"
    """Start and steer them, too."""
    STAFF = "staff"
    """The same for every session; archive and share them, say who sees them."""
    ADMIN = "admin"
    """People, microscopes, settings and the audit log, too."""

    def covers(self, other: "Role") -> bool:
        """Whether whoever has this role may do what `other` may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody who has proven who they are."""

    name: str
    """Name here, in small letters."""
    full_name: str
    source: str
    """What proved it: ``local``, ``ldap`` or ``oidc``."""
    subject: str
    """What the source calls this person, whatever their name becomes."""
    role: Role | None = None
    """Role that the source's groups give; None where they give none."""
    first_role: Role | None = None
    """Role of whoever comes for the first time without one of their groups."""
    groups: tuple[str, ...] = ()
    """Names of their groups, as the source writes them."""


class PasswordWay(Protocol):
    """A way of logging in by name and password."""

    source: str

    def check(self, name: str, password: str) -> Identity | None:
        """Who has this name and password; None if nobody has.

        Raises
        ------
        LoginUnavailable
            If that cannot be found out now.
        """
        ...


def account_name(given: str) -> str | None:
    """A name as it is kept, in small letters; None if it cannot be one."""
    name = given.strip().lower()
    return name if NAME.fullmatch(name) else None


def highest(groups: Iterable[str], roles: Mapping[str, str]) -> Role | None:
    """The highest role that any of the `groups` gives; capitals make no difference.

    Parameters
    ----------
    groups
        Groups of a person.
    roles
        Role of each group that gives one.
    """
    theirs = {group.lower() for group in groups}
    found = [Role(role) for group, role in roles.items() if group.lower() in theirs]
    return max(found, key=list(Role).index, default=None)


class PeopleDirectory(PasswordWay, Protocol):
    """A way of logging in that can be asked again about people who have logged in before."""

    def again(self, subject: str) -> Identity | None:
        """What is known now of the person with this subject; None if there is none any more.

        Raises
        ------
        LoginUnavailable
            If that cannot be found out now.
        """
