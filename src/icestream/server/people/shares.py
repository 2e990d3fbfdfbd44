"""Links that open one session to whoever has them, to look at, until they expire."""

import time
from dataclasses import dataclass

from icestream.server.people.database import Database
from icestream.server.people.secret_words import digest, new_secret

__all__ = ["ShareLink", "ShareLinks", "UnknownShare"]


class UnknownShare(LookupError):
    """A link that there is not, or no more."""


@dataclass(frozen=True, slots=True)
class ShareLink:
    """What is known of a link; the link itself was shown once."""

    number: int
    session: str
    """Uid of the session that it opens."""
    title: str
    who: str
    created: float
    expires: float
    opened: int
    """How often it was opened."""
    revoked: float | None


_COLUMNS = "number, session, title, who, created, expires, opened, revoked"


class ShareLinks:
    """The links of all sessions, each kept as a digest."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(self, session: str, *, who: str, title: str, days: float) -> tuple[ShareLink, str]:
        """A new link to a session; the second value is its secret, which cannot be had again."""
        secret = new_secret()
        now = time.time()
        with self._database.write() as connection:
            cursor = connection.execute(
                "INSERT INTO share (hash, session, title, who, created, expires)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (digest(secret), session, title, who, now, now + days * 86400),
            )
            row = connection.execute(
                f"SELECT {_COLUMNS} FROM share WHERE number = ?", (cursor.lastrowid,)
            ).fetchone()
        return ShareLink(*row), secret

    def find(self, secret: str, *, opening: bool = False) -> ShareLink | None:
        """The link of a secret, unless it has expired or was revoked."""
        kept = digest(secret)
        with self._database.read() as connection:
            row = connection.execute(
                f"SELECT {_COLUMNS} FROM share WHERE hash = ? AND expires > ? AND revoked IS NULL",
                (kept, time.time()),
            ).fetchone()
        if row is None:
            return None
        if opening:
            with self._database.write() as connection:
                connection.execute("UPDATE share SET opened = opened + 1 WHERE hash = ?", (kept,))
        return ShareLink(*row)

    def of(self, session: str) -> list[ShareLink]:
        """The links to a session, the newest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM share WHERE session = ? ORDER BY number DESC", (session,)
            ).fetchall()
        return [ShareLink(*row) for row in rows]

    def end_all(self, session: str) -> int:
        """End every link to a session that still opens it; how many there were."""
        now = time.time()
        with self._database.write() as connection:
            return connection.execute(
                "UPDATE share SET revoked = ?1"
                " WHERE session = ?2 AND revoked IS NULL AND expires > ?1",
                (now, session),
            ).rowcount

    def revoke(self, session: str, number: int) -> None:
        """End a link; whoever has it sees nothing from now on.

        Raises
        ------
        UnknownShare
            If the session has no link of that number.
        """
        with self._database.write() as connection:
            changed = connection.execute(
                "UPDATE share SET revoked = coalesce(revoked, ?3)"
                " WHERE number = ?1 AND session = ?2",
                (number, session, time.time()),
            ).rowcount
        if not changed:
            raise UnknownShare(f"this session has no shared link {number}")
