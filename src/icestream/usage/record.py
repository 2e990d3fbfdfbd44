"""What is counted on this machine until it is sent: a small database in the state folder.

It is made when somebody wants usage to be counted, and goes, with the random id of the
installation, when nobody does any more.
"""

import contextlib
import datetime
import hashlib
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from icestream.usage.statement import MOST_DAYS, DayOfUse, SessionUse, day_of_use

__all__ = ["FILE", "Unsent", "UsageRecord", "forget", "today"]

FILE = "usage.db"
"""Name of the file in the state folder."""
_MOST_SESSIONS = 5000
_TABLES = """
    CREATE TABLE IF NOT EXISTS said (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS session (
        key TEXT PRIMARY KEY, day TEXT NOT NULL, use TEXT NOT NULL, sent INTEGER NOT NULL DEFAULT 0
    ) STRICT;
"""


def today() -> str:
    """The day, everywhere the same: that of UTC."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()


@dataclass(frozen=True, slots=True)
class Unsent:
    """What waits to be sent."""

    installation: str
    days: tuple[DayOfUse, ...]
    """Oldest first."""
    sessions: Mapping[str, tuple[str, ...]]
    """Keys of the sessions of each day."""

    def oldest(self, count: int) -> "Unsent":
        """The same of so many days."""
        return replace(self, days=self.days[:count])


class UsageRecord:
    """The database of what is counted.

    Parameters
    ----------
    state
        State folder of the settings; the file is made where it is not there, for its owner alone.
    """

    def __init__(self, state: Path) -> None:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = state / FILE
        file.touch(mode=0o600)  # before SQLite does, for others could read its file
        self._connection = sqlite3.connect(file, timeout=5, isolation_level=None)
        with self._transaction():
            for statement in filter(str.strip, _TABLES.split(";")):
                self._connection.execute(statement)
            self._connection.execute(
                "INSERT OR IGNORE INTO said VALUES ('installation', ?)", (secrets.token_hex(16),)
            )

    def note(self, session: Path, use: SessionUse, day: str) -> None:
        """Count a session that has ended, once: one that goes on is counted anew until it is sent.

        Parameters
        ----------
        session
            Its folder; a keyed hash of it is kept until it is old, and never sent.
        use
            What it used.
        day
            On which it ended.
        """
        key = self._key(session)
        with self._transaction():
            self._connection.execute(
                "INSERT INTO session VALUES (?, ?, ?, 0) ON CONFLICT (key) DO UPDATE"
                " SET day = excluded.day, use = excluded.use WHERE sent = 0",
                (key, day, use.to_json()),
            )
            self._connection.execute(
                "DELETE FROM session WHERE key NOT IN"
                " (SELECT key FROM session ORDER BY day DESC, rowid DESC LIMIT ?)",
                (_MOST_SESSIONS,),
            )
        self.forget_old(day)

    def forget_old(self, day: str) -> None:
        """Forget the days that no collector takes any more on that day."""
        oldest = datetime.date.fromisoformat(day) - datetime.timedelta(days=MOST_DAYS - 1)
        self._connection.execute("DELETE FROM session WHERE day < ?", (oldest.isoformat(),))

    def unsent(self) -> Unsent:
        """Days with a session that was not sent yet, each with all of its sessions."""
        rows = self._connection.execute(
            "SELECT key, day, use FROM session WHERE day IN"
            " (SELECT DISTINCT day FROM session WHERE sent = 0 ORDER BY day DESC LIMIT ?)"
            " ORDER BY day, key",
            (MOST_DAYS,),
        ).fetchall()
        days: dict[str, dict[str, SessionUse]] = {}
        for key, day, use in rows:
            days.setdefault(day, {})[key] = SessionUse.from_json(use)
        return Unsent(
            self._said("installation"),
            tuple(day_of_use(day, [*uses.values()]) for day, uses in days.items()),
            {day: tuple(uses) for day, uses in days.items()},
        )

    def sent(self, unsent: Unsent) -> None:
        """Know that a collector has all of that."""
        keys = [key for one in unsent.days for key in unsent.sessions[one.day]]
        with self._transaction():
            self._connection.executemany(
                "UPDATE session SET sent = 1 WHERE key = ?", [(key,) for key in keys]
            )

    def take_turn(self, day: str) -> bool:
        """Whether nobody has tried to send by itself on that day; from now on somebody has."""
        with self._transaction():
            if self._said("tried") >= day:
                return False
            self.say("tried", day)
            return True

    def say(self, name: str, value: str) -> None:
        """Keep a word, such as what came of the last try."""
        self._connection.execute(
            "INSERT INTO said VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )

    def outcome(self) -> str:
        """What came of the last try to send; empty: there was none."""
        return self._said("outcome")

    def close(self) -> None:
        """Give the file up."""
        self._connection.close()

    def _said(self, name: str) -> str:
        row = self._connection.execute("SELECT value FROM said WHERE name = ?", (name,)).fetchone()
        return "" if row is None else str(row[0])

    def _key(self, session: Path) -> str:
        whose = self._said("installation").encode()
        return hashlib.blake2b(bytes(session.resolve()), key=whose, digest_size=16).hexdigest()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


def forget(state: Path) -> bool:
    """Throw the id away, and what is counted; whether there was anything."""
    there = (state / FILE).exists()
    for end in ("", "-journal"):
        (state / (FILE + end)).unlink(missing_ok=True)
    return there
