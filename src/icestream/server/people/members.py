"""People of a session: who sees it, beside staff."""

import sqlite3
import time

from icestream.server.people.accounts import UnknownAccount
from icestream.server.people.database import Database

__all__ = ["SessionPeople"]


class SessionPeople:
    """Which accounts see which sessions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, session: str) -> list[str]:
        """Names of a session's people."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT account FROM member WHERE session = ? ORDER BY account", (session,)
            ).fetchall()
        return [row["account"] for row in rows]

    def sessions(self, account: str) -> frozenset[str]:
        """Uids of the sessions whose people an account is one of."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT session FROM member WHERE account = ?", (account,)
            ).fetchall()
        return frozenset(row["session"] for row in rows)

    def add(self, session: str, account: str, by: str) -> None:
        """Let an account see a session.

        Raises
        ------
        UnknownAccount
            If there is none of that name.
        """
        try:
            with self._database.write() as connection:
                connection.execute(
                    "INSERT INTO member VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    (session, account, time.time(), by),
                )
        except sqlite3.IntegrityError:
            raise UnknownAccount(f"there is no account {account!r}") from None

    def remove(self, session: str, account: str) -> bool:
        """Let an account see a session no more; whether it had."""
        with self._database.write() as connection:
            return bool(
                connection.execute(
                    "DELETE FROM member WHERE session = ? AND account = ?", (session, account)
                ).rowcount
            )
