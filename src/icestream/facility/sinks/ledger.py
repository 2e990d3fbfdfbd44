"""What was delivered of a session to a sink: one SQLite file with the session for each sink.

It is what makes a delivery happen once: the key that the other side gave to each parcel, and the
version that it has there.
"""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from icestream.facility.sinks.ledger_file import LedgerFile
from icestream.facility.sinks.parcels import Parcel, parcel_of

__all__ = ["SetAside", "SinkLedger", "ledger_path"]

_TABLES = (
    "CREATE TABLE IF NOT EXISTS sent (id TEXT PRIMARY KEY, kind TEXT NOT NULL, "
    "key TEXT NOT NULL, version TEXT NOT NULL, time REAL NOT NULL)",
    "CREATE INDEX IF NOT EXISTS sent_kind ON sent (kind)",
    "CREATE TABLE IF NOT EXISTS aside (id TEXT PRIMARY KEY, kind TEXT NOT NULL, "
    "version TEXT NOT NULL, reason TEXT NOT NULL, waits_for TEXT NOT NULL, "
    "since REAL NOT NULL, tries INTEGER NOT NULL, again INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS outgoing (place INTEGER PRIMARY KEY, parcel TEXT NOT NULL)",
)


@dataclass(frozen=True, slots=True)
class SetAside:
    """A parcel that is not taken as it is."""

    id: str
    reason: str
    waits_for: str
    """Id of the parcel that it refers to and that was not delivered; empty: it is its own fault."""
    since: float
    tries: int
    again: bool
    """Whether somebody asked to have it tried again."""


def ledger_path(session: Path, sink: str) -> Path:
    """Where the ledger of a session and a sink is."""
    return session / ".facility" / f"sink-{sink}.db"


class SinkLedger(LedgerFile):
    """The ledger of one session and one sink.

    Parameters
    ----------
    session
        The session's folder.
    sink
        Name of the sink.
    readonly
        To look only. FileNotFoundError where nothing was delivered yet.
    """

    def __init__(self, session: Path, sink: str, *, readonly: bool = False) -> None:
        super().__init__(ledger_path(session, sink), _TABLES, readonly=readonly)

    # -- how far it is -------------------------------------------------------------------------

    @property
    def chosen(self) -> str:
        """The session at the other side that people chose, or that the booking names."""
        return str(self.fact("chosen") or self.fact("booked") or "")

    # -- what was delivered --------------------------------------------------------------------

    def key(self, parcel: str) -> str | None:
        """What the other side calls a parcel; None: it was not delivered yet."""
        row = self._db.execute("SELECT key FROM sent WHERE id = ?", (parcel,)).fetchone()
        return None if row is None else str(row[0])

    def newest(self, kind: str) -> int:
        """The highest key of a kind, where keys are numbers; 0 before the first."""
        chosen = "SELECT max(CAST(key AS INTEGER)) FROM sent WHERE kind = ?"
        return int(self._db.execute(chosen, (kind,)).fetchone()[0] or 0)

    def first(self, kind: str) -> str | None:
        """The key of the first one of a kind that was delivered."""
        chosen = "SELECT key FROM sent WHERE kind = ? ORDER BY rowid LIMIT 1"
        row = self._db.execute(chosen, (kind,)).fetchone()
        return None if row is None else str(row[0])

    def ids(self, kind: str) -> list[str]:
        """Ids of all of a kind that were delivered."""
        chosen = "SELECT id FROM sent WHERE kind = ? ORDER BY rowid"
        return [str(row[0]) for row in self._db.execute(chosen, (kind,))]

    def versions(self, ids: Iterable[str]) -> dict[str, str]:
        """The version of each parcel that was delivered, by its id."""
        return dict(self._among("SELECT id, version FROM sent WHERE id IN ({})", ids))

    def count(self) -> dict[str, int]:
        """How many of each kind were delivered."""
        return dict(self._db.execute("SELECT kind, count(*) FROM sent GROUP BY kind"))

    def record(
        self,
        parcels: Mapping[str, Parcel],
        keys: Mapping[str, str],
        refused: Mapping[str, tuple[str, str]],
    ) -> None:
        """Keep what became of some parcels, all at once, and that nothing of them is outgoing.

        Parameters
        ----------
        parcels
            All of them, by id.
        keys
            What the other side calls those that it has.
        refused
            (reason, id of the parcel that was waited for) of the others.
        """
        now = time.time()
        with self._all():
            self._db.executemany(
                "INSERT INTO sent VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
                "key = excluded.key, version = excluded.version, time = excluded.time",
                [(one, parcels[one].kind, key, parcels[one].version, now)
                 for one, key in keys.items()],
            )  # fmt: skip
            self._db.executemany("DELETE FROM aside WHERE id = ?", [(one,) for one in keys])
            self._db.executemany(
                "INSERT INTO aside VALUES (?, ?, ?, ?, ?, ?, 1, 0) ON CONFLICT (id) DO UPDATE SET "
                "version = excluded.version, reason = excluded.reason, again = 0, "
                "waits_for = excluded.waits_for, tries = tries + 1",
                [(one, parcels[one].kind, parcels[one].version, reason, waits_for, now)
                 for one, (reason, waits_for) in refused.items()],
            )  # fmt: skip
            self._db.execute("DELETE FROM outgoing")
            if keys:
                self._put("delivered", now)

    # -- what was set aside --------------------------------------------------------------------

    def asides(self) -> tuple[SetAside, ...]:
        """What was set aside, the oldest first."""
        chosen = (
            "SELECT id, reason, waits_for, since, tries, again FROM aside ORDER BY since, rowid"
        )
        found = self._db.execute(chosen)
        return tuple(
            SetAside(one, reason, waits_for, since, tries, again=bool(again))
            for one, reason, waits_for, since, tries, again in found
        )

    def aside(self) -> tuple[int, str]:
        """How many were set aside for their own fault, and why the first of them was."""
        chosen = "SELECT count(*) FROM aside WHERE waits_for = ''"
        count = int(self._db.execute(chosen).fetchone()[0])
        chosen = "SELECT reason FROM aside WHERE waits_for = '' ORDER BY since, rowid LIMIT 1"
        row = self._db.execute(chosen).fetchone()
        return count, "" if row is None else str(row[0])

    def refused_versions(self, ids: Iterable[str]) -> dict[str, str]:
        """Versions of parcels that were set aside for their own fault and are not to be tried."""
        chosen = "SELECT id, version FROM aside WHERE waits_for = '' AND again = 0 AND id IN ({})"
        return dict(self._among(chosen, ids))

    def retry(self) -> int:
        """Have everything that was set aside tried again; how many there are."""
        with self._all():
            return self._db.execute("UPDATE aside SET again = 1").rowcount

    def tried(self) -> None:
        """All that was asked for was tried: what is still there has no parcel any more."""
        with self._all():
            self._db.execute("UPDATE aside SET again = 0")

    def forget_versions(self) -> None:
        """Have everything delivered again, under the keys that it has."""
        with self._all():
            self._db.execute("UPDATE sent SET version = ''")
            self._put("setting", "")

    # -- what is on its way --------------------------------------------------------------------

    def send_out(self, parcels: Sequence[Parcel]) -> None:
        """Keep parcels that are about to be sent, as they are sent."""
        with self._all():
            self._db.execute("DELETE FROM outgoing")
            self._db.executemany(
                "INSERT INTO outgoing (parcel) VALUES (?)",
                [(json.dumps(parcel.described()),) for parcel in parcels],
            )

    def outgoing(self) -> list[Parcel]:
        """Parcels that a process was about to send, and did not say what became of them."""
        chosen = self._db.execute("SELECT parcel FROM outgoing ORDER BY place")
        return [parcel_of(json.loads(row[0])) for row in chosen]
