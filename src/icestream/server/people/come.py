"""Who comes with a request: by a cookie, a token, a shared link, or because all here are known."""

import secrets
from dataclasses import dataclass
from functools import cache
from typing import Literal

from starlette.requests import HTTPConnection

from icestream.engine.machine.naming import person_here
from icestream.login import Role
from icestream.server.people.accounts import Account, UnknownAccount
from icestream.server.people.doors import Doors
from icestream.server.people.person import Person
from icestream.server.people.secret_words import csrf_of
from icestream.server.people.tokens import METRICS, role_of, sessions_of
from icestream.server.people.visitors import Visitors

__all__ = ["Coming", "NobodyKnown", "cookie_name", "login_cookie", "share_cookie", "who_comes"]

_OF_THIS_PROCESS = csrf_of(secrets.token_urlsafe(32))
"""What pages say where nobody has to log in: another site's page cannot know it."""


class NobodyKnown(PermissionError):
    """Nobody has logged in."""


@dataclass(frozen=True, slots=True)
class Coming:
    """Somebody, and how they are known."""

    person: Person
    how: Literal["here", "cookie", "token", "share"]
    csrf: str | None
    """What has to be said with whatever changes something; None: nothing more than was said."""


def cookie_name(name: str, doors: Doors) -> str:
    """The name of a cookie; by HTTPS one that no other name of the domain can set."""
    return f"__Host-icestream_{name}" if doors.secure else f"icestream_{name}"


def login_cookie(doors: Doors) -> str:
    """The name of the cookie of those who have logged in."""
    return cookie_name("session", doors)


def share_cookie(doors: Doors) -> str:
    """The name of the cookie of those who have opened a shared link."""
    return cookie_name("share", doors)


def who_comes(visitors: Visitors, doors: Doors, connection: HTTPConnection) -> Coming:
    """Who makes a request.

    Raises
    ------
    NobodyKnown
        If that cannot be said.
    """
    bearer = connection.headers.get("authorization")
    if bearer is not None:
        # Whoever gives a token means it: one that is not valid is never anybody else.
        return _by_token(visitors, bearer)
    if not doors.login:
        return Coming(_everybody(), "here", _csrf_here(connection))
    cookie = connection.cookies.get(login_cookie(doors))
    login = None if cookie is None else visitors.logins.find(cookie)
    shared = _by_share(visitors, doors, connection)
    if login is None or cookie is None:
        if shared is None:
            raise NobodyKnown("nobody is logged in, or not any more")
        return shared
    person = _person(visitors, visitors.accounts.get(login.account))
    if shared is not None and _is_about(connection, shared.person, person):
        return shared
    return Coming(person, "cookie", csrf_of(cookie))


@cache
def _everybody() -> Person:
    return Person(name=person_here(), role=Role.ADMIN)


def _csrf_here(connection: HTTPConnection) -> str | None:
    """Scripts on this machine say nothing of where they come from; browsers always do."""
    by_browser = {"origin", "sec-fetch-site", "cookie", "referer"} & set(connection.headers)
    return _OF_THIS_PROCESS if by_browser else None


def csrf_for(coming: Coming) -> str:
    """What a page of whoever comes has to say with whatever changes something."""
    return coming.csrf or (_OF_THIS_PROCESS if coming.how == "here" else "")


def _by_token(visitors: Visitors, header: str) -> Coming:
    kind, _, secret = header.partition(" ")
    token = visitors.tokens.find(secret.strip()) if kind.lower() == "bearer" else None
    if token is None:
        raise NobodyKnown("the token is not known, has expired, or was revoked")
    try:
        owner = _person(visitors, visitors.accounts.get(token.account))
    except UnknownAccount:
        raise NobodyKnown("the owner of the token has no account any more") from None
    person = Person(
        name=owner.name,
        full_name=owner.full_name,
        role=role_of(token.scopes, owner.role),
        scopes=frozenset(token.scopes),
        sessions=owner.sessions,
        hidden=owner.hidden,
        sees_all=owner.role.covers(Role.STAFF),
        only=sessions_of(token.scopes),
        only_metrics=METRICS in token.scopes,
    )
    return Coming(person, "token", None)


def _by_share(visitors: Visitors, doors: Doors, connection: HTTPConnection) -> Coming | None:
    secret = connection.cookies.get(share_cookie(doors))
    link = None if secret is None else visitors.shares.find(secret)
    if link is None or secret is None or not visitors.open_to_links(link.session):
        return None
    only = frozenset({link.session})
    person = Person(name=f"link {link.number} of {link.who}", sessions=only, only=only, shared=True)
    return Coming(person, "share", csrf_of(secret))


def _is_about(connection: HTTPConnection, shared: Person, person: Person) -> bool:
    """Whether somebody who is logged in looks at what only their shared link shows them."""
    parts = connection.url.path.split("/")
    uid = parts[3].partition("~")[0] if len(parts) > 3 and parts[2] == "sessions" else ""
    return shared.sees(uid) and not person.sees(uid)


def _person(visitors: Visitors, account: Account) -> Person:
    seeing = visitors.seeing()
    return Person(
        name=account.name,
        full_name=account.full_name,
        role=account.role,
        sessions=visitors.members.sessions(account.name) | seeing.of(account.name),
        hidden=seeing.hidden,
    )
