"""The audit log: who did what, when, about what, from where, and what came of it."""

import json
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from icestream.server.people.database import Database

__all__ = ["Audit", "AuditEntry"]

log = structlog.get_logger(__name__)

_LONGEST = 300
"""Characters of one value: what is logged comes from outside, too."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that somebody did, or was refused."""

    number: int
    time: float
    who: str
    what: str
    about: str
    address: str
    outcome: str
    details: dict[str, Any]


class Audit:
    """What was done on this server; entries are added and never changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        who: str,
        what: str,
        about: str = "",
        *,
        address: str = "",
        outcome: str = "done",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Write down one thing.

        Parameters
        ----------
        who
            Name of the person; what was typed where nobody has logged in.
        what
            Such as ``login`` or ``POST /api/sessions``.
        about
            What it was done to.
        address
            Where the request came from.
        outcome
            ``done``, or why not.
        details
            More; never a secret: no password, token, cookie or body of a request belongs here.
        """
        values = [str(one)[:_LONGEST] for one in (who, what, about, address, outcome)]
        more = {key: str(value)[:_LONGEST] for key, value in (details or {}).items()}
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO audit (time, who, what, about, address, outcome, details)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (time.time(), *(_sayable(one) for one in values), json.dumps(more)),
            )
        log.info("audit", who=values[0], what=values[1], about=values[2], outcome=values[4])

    def entries(
        self, *, limit: int = 100, before: int | None = None, who: str | None = None, what: str = ""
    ) -> list[AuditEntry]:
        """The newest entries, newest first.

        Parameters
        ----------
        limit
            How many.
        before
            Number of the entry before which to go on.
        who, what
            Only of this person; only what starts like this.
        """
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT * FROM audit WHERE (?1 IS NULL OR number < ?1) AND (?2 IS NULL OR who = ?2)"
                " AND substr(what, 1, length(?3)) = ?3 ORDER BY number DESC LIMIT ?4",
                (before, who, what, limit),
            ).fetchall()
        return [_entry(row) for row in rows]


def _entry(row: sqlite3.Row) -> AuditEntry:
    values = dict(row)
    return AuditEntry(**(values | {"details": json.loads(values["details"])}))


def _sayable(text: str) -> str:
    """Text that SQLite takes: half a pair of UTF-16 comes in by JSON."""
    return text.encode("utf-8", "replace").decode()
