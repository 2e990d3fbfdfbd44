"""Logins: a cookie in somebody's browser, from when they come until they leave."""

import time
from dataclasses import dataclass

from icestream.server.people.database import Database
from icestream.server.people.secret_words import digest, new_secret

__all__ = ["Logins", "OpenLogin"]

_SEEN_EVERY = 60.0
"""Seconds between two times that are written down of one login."""
_MOST = 20
"""Logins of one account that are open at once; the oldest end."""


@dataclass(frozen=True, slots=True)
class OpenLogin:
    """One browser in which somebody is logged in."""

    number: int
    account: str
    created: float
    seen: float
    address: str
    agent: str
    """What the browser calls itself."""


class Logins:
    """Who is logged in where.

    Parameters
    ----------
    database
        Where they are kept, each as a digest of its cookie.
    lifetime
        Seconds after which a login ends, whatever is done.
    idle
        Seconds without a request after which it ends.
    """

    def __init__(self, database: Database, *, lifetime: float, idle: float) -> None:
        self._database = database
        self.lifetime = lifetime
        self._idle = idle

    def open(self, account: str, *, address: str, agent: str) -> str:
        """Log an account in; gives the cookie, which is nowhere else."""
        secret = new_secret()
        now = time.time()
        with self._database.write() as connection:
            connection.execute(
                "DELETE FROM login WHERE created < ? OR seen < ?",
                (now - self.lifetime, now - self._idle),
            )
            connection.execute(
                "DELETE FROM login WHERE account = ?1 AND number NOT IN (SELECT number FROM login"
                " WHERE account = ?1 ORDER BY number DESC LIMIT ?2)",
                (account, _MOST - 1),
            )
            connection.execute(
                "INSERT INTO login (hash, account, created, seen, address, agent)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (digest(secret), account, now, now, address, agent[:200]),
            )
        return secret

    def find(self, secret: str) -> OpenLogin | None:
        """The login of a cookie, unless it has ended."""
        kept, now = digest(secret), time.time()
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT number, login.account, login.created, login.seen, address, agent FROM login"
                " JOIN account ON account.name = login.account"
                " WHERE hash = ? AND NOT disabled AND login.created > ? AND login.seen > ?",
                (kept, now - self.lifetime, now - self._idle),
            ).fetchone()
        if row is None:
            return None
        if now - row["seen"] > _SEEN_EVERY:
            with self._database.write() as connection:
                connection.execute("UPDATE login SET seen = ? WHERE hash = ?", (now, kept))
        return OpenLogin(*row)

    def close(self, secret: str) -> None:
        """Log out where this cookie is."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM login WHERE hash = ?", (digest(secret),))

    def of(self, account: str) -> list[OpenLogin]:
        """Where an account is logged in, the newest first."""
        now = time.time()
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT number, account, created, seen, address, agent FROM login"
                " WHERE account = ? AND created > ? AND seen > ? ORDER BY number DESC",
                (account, now - self.lifetime, now - self._idle),
            ).fetchall()
        return [OpenLogin(*row) for row in rows]

    def end(self, account: str, number: int | None = None) -> int:
        """Log an account out in one place, or everywhere; gives in how many."""
        with self._database.write() as connection:
            return connection.execute(
                "DELETE FROM login WHERE account = ?1 AND (?2 IS NULL OR number = ?2)",
                (account, number),
            ).rowcount
