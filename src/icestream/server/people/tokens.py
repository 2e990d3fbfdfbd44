"""Tokens for programs: each may do a part of what its owner may, until it expires."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from icestream.login import Role
from icestream.server.people.database import Database
from icestream.server.people.secret_words import digest, new_secret

__all__ = ["LONGEST_DAYS", "METRICS", "ApiToken", "ApiTokens", "BadScope", "UnknownToken"]

METRICS = "metrics"
"""Scope that reads ``/metrics``, which tells of every session, and nothing else."""
LONGEST_DAYS = 366.0
PREFIX = "icestream_"


class BadScope(ValueError):
    """A scope that there is not, or that its owner may not give."""


class UnknownToken(LookupError):
    """No token of that number is this person's."""


@dataclass(frozen=True, slots=True)
class ApiToken:
    """What is known of a token; the token itself was shown once."""

    number: int
    account: str
    title: str
    scopes: tuple[str, ...]
    created: float
    expires: float
    used: float | None
    """When it was last used, to the minute."""
    revoked: float | None


_COLUMNS = "number, account, title, scopes, created, expires, used, revoked"


class ApiTokens:
    """The tokens of all accounts, each kept as a digest."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(
        self, account: str, role: Role, *, title: str, scopes: Iterable[str], days: float
    ) -> tuple[ApiToken, str]:
        """A new token; the second value is the token, which cannot be had again.

        Parameters
        ----------
        account, role
            Whose it is, and what they may: a token may no more.
        title
            What it is for.
        scopes
            One role, up to which it may do what its owner may, or ``metrics``; and
            ``session/UID`` for each session that it is limited to.
        days
            Until it expires.

        Raises
        ------
        BadScope
            If a scope is unknown, or more than its owner may.
        """
        wanted = tuple(dict.fromkeys(scopes))
        _check(wanted, role)
        secret = new_secret(PREFIX)
        now = time.time()
        with self._database.write() as connection:
            cursor = connection.execute(
                "INSERT INTO token (hash, account, title, scopes, created, expires)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (digest(secret), account, title, " ".join(wanted), now, now + days * 86400),
            )
            row = connection.execute(
                f"SELECT {_COLUMNS} FROM token WHERE number = ?", (cursor.lastrowid,)
            ).fetchone()
        return _token(row), secret

    def find(self, secret: str) -> ApiToken | None:
        """The token, unless it has expired, was revoked, or its owner is disabled."""
        if not secret.startswith(PREFIX):
            return None
        kept, now = digest(secret), time.time()
        with self._database.read() as connection:
            row = connection.execute(
                f"SELECT {_qualified()} FROM token JOIN account ON account.name = token.account"
                " WHERE hash = ? AND expires > ? AND revoked IS NULL AND NOT disabled",
                (kept, now),
            ).fetchone()
        if row is None:
            return None
        if row["used"] is None or now - row["used"] > 60:
            with self._database.write() as connection:
                connection.execute("UPDATE token SET used = ? WHERE hash = ?", (now, kept))
        return _token(row)

    def of(self, account: str | None) -> list[ApiToken]:
        """The tokens of an account, or of all, the newest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM token WHERE ?1 IS NULL OR account = ?1"
                " ORDER BY number DESC",
                (account,),
            ).fetchall()
        return [_token(row) for row in rows]

    def revoke(self, number: int, account: str | None) -> None:
        """End a token of that account (of any, when None).

        Raises
        ------
        UnknownToken
            If there is none.
        """
        with self._database.write() as connection:
            changed = connection.execute(
                "UPDATE token SET revoked = coalesce(revoked, ?3)"
                " WHERE number = ?1 AND (?2 IS NULL OR account = ?2)",
                (number, account, time.time()),
            ).rowcount
        if not changed:
            raise UnknownToken(f"there is no token {number} of yours")


def role_of(scopes: Iterable[str], role: Role) -> Role:
    """What a token may at most: what its scope says, and no more than its owner's role now."""
    named = [Role(one) for one in scopes if one in set(Role)]
    given = named[0] if named else Role.VIEWER
    return given if role.covers(given) else role


def sessions_of(scopes: Iterable[str]) -> frozenset[str] | None:
    """Uids of the sessions that a token is limited to; None: it is not."""
    named = frozenset(one.partition("/")[2] for one in scopes if one.startswith("session/"))
    return named or None


def _check(scopes: Sequence[str], role: Role) -> None:
    roles = [one for one in scopes if one in set(Role)]
    others = [one for one in scopes if one not in set(Role)]
    unknown = [one for one in others if one != METRICS and not one.startswith("session/")]
    if unknown:
        raise BadScope(
            f"there is no scope {unknown[0]!r}: there are {', '.join(Role)}, {METRICS}, and"
            " session/UID to limit it to a session"
        )
    if (METRICS in scopes) == (len(roles) == 1) or len(roles) > 1:
        raise BadScope(f"a token has one of the scopes {', '.join(Role)} or {METRICS}")
    if METRICS in scopes and not role.covers(Role.STAFF):
        raise BadScope(
            f"your role is {role}; the scope {METRICS} tells of every session, which staff see"
        )
    if roles and not role.covers(Role(roles[0])):
        raise BadScope(f"your role is {role}; a token of yours cannot have the scope {roles[0]}")


def _qualified() -> str:
    return ", ".join(f"token.{column}" for column in _COLUMNS.split(", "))


def _token(row: Sequence[object]) -> ApiToken:
    values = list(row)
    values[3] = tuple(str(values[3]).split())
    return ApiToken(*values)  # type: ignore[arg-type]
