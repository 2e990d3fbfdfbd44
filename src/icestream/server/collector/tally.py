"""What a collector keeps: a day of an installation once, whoever often it is said."""

import datetime
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from icestream.server.errors import Refused
from icestream.store.places import is_network
from icestream.usage.statement import MOST_DAYS, DayOfUse, UsageStatement

__all__ = ["ChainFigures", "CountryFigures", "ProtocolFigures", "Tally", "UsageFigures"]

_KEPT_DAYS = 2 * 366
_SHOWN_DAYS = 365
_MOST_ROWS = 2_000
"""Protocols and chains that are shown; somebody may have invented many."""
_MOST_NEW_A_DAY = 2_000
"""Installations that were not known before, taken in a day."""
_TABLES = """
    CREATE TABLE IF NOT EXISTS installation (
        id TEXT PRIMARY KEY, first TEXT NOT NULL, country TEXT, icestream TEXT NOT NULL,
        python TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS day (
        id TEXT NOT NULL REFERENCES installation (id) ON DELETE CASCADE, day TEXT NOT NULL,
        sessions INTEGER NOT NULL, exposures INTEGER NOT NULL, PRIMARY KEY (id, day)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS day_day ON day (day);
    CREATE TABLE IF NOT EXISTS protocol (
        id TEXT NOT NULL, day TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,
        plugin TEXT NOT NULL, plugin_version TEXT NOT NULL, sessions INTEGER NOT NULL,
        PRIMARY KEY (id, day, name, version, plugin, plugin_version),
        FOREIGN KEY (id, day) REFERENCES day (id, day) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS chain (
        id TEXT NOT NULL, day TEXT NOT NULL, protocol TEXT NOT NULL, next TEXT NOT NULL,
        sessions INTEGER NOT NULL, PRIMARY KEY (id, day, protocol, next),
        FOREIGN KEY (id, day) REFERENCES day (id, day) ON DELETE CASCADE
    ) STRICT, WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryFigures:
    """What was used in a country."""

    country: str | None
    """Its code; None: of those that did not say theirs."""
    installations: int
    sessions: int
    """At least: each day of each installation says where a coarse class begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolFigures:
    """How much a protocol was used."""

    name: str
    plugin: str
    versions: tuple[str, ...]
    """Of the plugin, as they were said."""
    sessions: int
    installations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFigures:
    """How often a protocol followed another."""

    protocol: str
    next: str
    sessions: int
    installations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageFigures:
    """Everything that a collector shows."""

    form: int
    since: str
    until: str
    """First and last of the days."""
    installations: int
    sessions: int
    exposures: int
    """At least."""
    countries: tuple[CountryFigures, ...]
    protocols: tuple[ProtocolFigures, ...]
    chains: tuple[ChainFigures, ...]


class Tally:
    """The file, and one connection to it.

    Parameters
    ----------
    file
        Made where it is not there.
    """

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        self._turn = threading.Lock()
        self._connection = sqlite3.connect(
            file, timeout=10, isolation_level=None, check_same_thread=False
        )
        mode = "DELETE" if is_network(file.parent) else "WAL"
        self._connection.execute(f"PRAGMA journal_mode = {mode}")
        self._connection.execute("PRAGMA foreign_keys = ON")
        with self._transaction():
            for statement in filter(str.strip, _TABLES.split(";")):
                self._connection.execute(statement)

    def take(self, statement: UsageStatement, today: datetime.date) -> None:
        """Keep what a statement says; a day that was said before is replaced.

        Raises
        ------
        Refused
            If a day is not of the last ones, or too many installations are new today. Nothing of
            the statement is kept then.
        """
        oldest, newest = today - datetime.timedelta(days=MOST_DAYS + 1), today + _A_DAY
        days = [datetime.date.fromisoformat(one.day) for one in statement.days]
        if len(set(days)) != len(days):
            raise Refused(422, "a day is said twice")
        for day in days:
            if not oldest <= day <= newest:
                raise Refused(
                    422,
                    f"{day} is not of the last {MOST_DAYS} days",
                    "look at the clock of the machine",
                )
        with self._transaction():
            self._know(statement, today)
            for day_of_use in statement.days:
                self._keep(statement.installation, day_of_use)
            self._tidy(today)

    def _know(self, statement: UsageStatement, today: datetime.date) -> None:
        run = self._connection.execute
        known = run("SELECT 1 FROM installation WHERE id = ?", (statement.installation,)).fetchone()
        if known is None:
            (new,) = run(
                "SELECT count(*) FROM installation WHERE first = ?", (today.isoformat(),)
            ).fetchone()
            if new >= _MOST_NEW_A_DAY:
                raise Refused(429, "too many installations are new today", "send it tomorrow")
        run(
            "INSERT INTO installation VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " country = excluded.country, icestream = excluded.icestream, python = excluded.python",
            (
                statement.installation,
                today.isoformat(),
                statement.country,
                statement.icestream,
                statement.python,
            ),
        )

    def _keep(self, whose: str, use: DayOfUse) -> None:
        run, many = self._connection.execute, self._connection.executemany
        run("DELETE FROM day WHERE id = ? AND day = ?", (whose, use.day))
        run("INSERT INTO day VALUES (?, ?, ?, ?)", (whose, use.day, use.sessions, use.exposures))
        try:
            many(
                "INSERT INTO protocol VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (whose, use.day, one.name, one.version, one.plugin, one.plugin_version,
                     one.sessions)
                    for one in use.protocols
                ],
            )  # fmt: skip
            many(
                "INSERT INTO chain VALUES (?, ?, ?, ?, ?)",
                [(whose, use.day, one.protocol, one.next, one.sessions) for one in use.chains],
            )
        except sqlite3.IntegrityError:
            raise Refused(422, f"{use.day}: a protocol or a chain is said twice") from None

    def _tidy(self, today: datetime.date) -> None:
        """Forget what is old, and installations of which nothing is left."""
        oldest = (today - datetime.timedelta(days=_KEPT_DAYS)).isoformat()
        self._connection.execute("DELETE FROM day WHERE day < ?", (oldest,))
        self._connection.execute(
            "DELETE FROM installation WHERE NOT EXISTS (SELECT 1 FROM day WHERE day.id ="
            " installation.id)"
        )

    def figures(self, today: datetime.date) -> UsageFigures:
        """What was used within the last year, the most used first."""
        since = (today - datetime.timedelta(days=_SHOWN_DAYS - 1)).isoformat()
        with self._turn:
            run = self._connection.execute
            whole = run(
                "SELECT count(DISTINCT id), coalesce(sum(sessions), 0),"
                " coalesce(sum(exposures), 0) FROM day WHERE day >= ?",
                (since,),
            ).fetchone()
            countries = run(
                "SELECT country, count(DISTINCT id) AS n, sum(sessions) FROM day"
                " JOIN installation USING (id) WHERE day >= ? GROUP BY country"
                " ORDER BY n DESC, country IS NULL, country",
                (since,),
            ).fetchall()
            protocols = run(
                "SELECT name, plugin, group_concat(DISTINCT plugin_version), sum(sessions),"
                " count(DISTINCT id) AS n FROM protocol WHERE day >= ? GROUP BY name, plugin"
                " ORDER BY n DESC, sum(sessions) DESC, name, plugin LIMIT ?",
                (since, _MOST_ROWS),
            ).fetchall()
            chains = run(
                "SELECT protocol, next, sum(sessions), count(DISTINCT id) AS n FROM chain"
                " WHERE day >= ? GROUP BY protocol, next"
                " ORDER BY n DESC, sum(sessions) DESC, protocol, next LIMIT ?",
                (since, _MOST_ROWS),
            ).fetchall()
        return UsageFigures(
            form=1,
            since=since,
            until=today.isoformat(),
            installations=whole[0],
            sessions=whole[1],
            exposures=whole[2],
            countries=tuple(
                CountryFigures(country=row[0], installations=row[1], sessions=row[2])
                for row in countries
            ),
            protocols=tuple(
                ProtocolFigures(
                    name=row[0],
                    plugin=row[1],
                    versions=tuple(sorted(filter(None, (row[2] or "").split(",")))),
                    sessions=row[3],
                    installations=row[4],
                )
                for row in protocols
            ),
            chains=tuple(
                ChainFigures(protocol=row[0], next=row[1], sessions=row[2], installations=row[3])
                for row in chains
            ),
        )

    def close(self) -> None:
        """Give the file up."""
        with self._turn:
            self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._turn:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


_A_DAY = datetime.timedelta(days=1)
