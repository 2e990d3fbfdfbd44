"""What was delivered of a session to a sink: one SQLite file with the session for each sink.

It is what makes a delivery happen once: the key that the other side gave to each parcel, and the
version that it has there. One process at a time delivers; others may look, and ask for parcels that
were set aside to be tried again.
"""

import contextlib
import fcntl
import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from icestream.facility.sinks.parcels import Parcel, parcel_of
from icestream.store.places import is_network

__all__ = ["LedgerBusy", "SetAside", "SinkLedger", "ledger_path"]

_VERSION = 1
_TABLES = (
    "CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS sent (id TEXT PRIMARY KEY, kind TEXT NOT NULL, "
    "key TEXT NOT NULL, version TEXT NOT NULL, time REAL NOT NULL)",
    "CREATE INDEX IF NOT EXISTS sent_kind ON sent (kind)",
    "CREATE TABLE IF NOT EXISTS aside (id TEXT PRIMARY KEY, kind TEXT NOT NULL, "
    "version TEXT NOT NULL, reason TEXT NOT NULL, waits_for TEXT NOT NULL, "
    "since REAL NOT NULL, tries INTEGER NOT NULL, again INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS outgoing (place INTEGER PRIMARY KEY, parcel TEXT NOT NULL)",
)


class LedgerBusy(RuntimeError):
    """Another process delivers this session to this sink."""


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


class SinkLedger:
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
        self.path = ledger_path(session, sink)
        if readonly:
            if not self.path.exists():
                raise FileNotFoundError(self.path)
            self._db = sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True, timeout=10.0)
            return
        self.path.parent.mkdir(exist_ok=True)
        self._db = sqlite3.connect(
            self.path, timeout=10.0, isolation_level=None, check_same_thread=False
        )
        # A log beside the file needs memory that hosts share; nobody has that over a network.
        journal = "DELETE" if is_network(self.path.parent) else "WAL"
        self._db.execute(f"PRAGMA journal_mode={journal}")
        self._db.execute("PRAGMA synchronous=FULL")
        with self._all():
            for table in _TABLES:
                self._db.execute(table)
            self._put("version", _VERSION)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only one who delivers; the kernel lets go when the process ends.

        Raises
        ------
        LedgerBusy
            Where another process does.
        """
        path = self.path.with_suffix(".lock")
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), "r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                holder = file.read().strip() or "another process"
                raise LedgerBusy(f"{path}: {holder} is delivering") from None
            file.truncate(0)
            file.write(f"process {os.getpid()}")
            file.flush()
            yield

    # -- how far it is -------------------------------------------------------------------------

    def fact(self, name: str, default: Any = None) -> Any:
        """A value that was kept by `keep`."""
        row = self._db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return default if row is None else json.loads(row[0])

    def keep(self, **facts: Any) -> None:
        """Keep values that JSON can hold."""
        with self._all():
            for name, value in facts.items():
                self._put(name, value)

    @property
    def chosen(self) -> str:
        """The session at the other side that people chose, or that the booking names."""
        return str(self.fact("chosen") or self.fact("booked") or "")

    def changes(self) -> int:
        """Another number after another process wrote to the ledger."""
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

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

    # -- the file ------------------------------------------------------------------------------

    def _put(self, name: str, value: Any) -> None:
        self._db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, json.dumps(value)))

    def _among(self, chosen: str, ids: Iterable[str]) -> Iterator[tuple[str, str]]:
        wanted = list(ids)
        for first in range(0, len(wanted), 900):
            some = wanted[first : first + 900]
            yield from self._db.execute(chosen.format(", ".join("?" * len(some))), some)

    @contextlib.contextmanager
    def _all(self) -> Iterator[None]:
        """One transaction: all of it happens, or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
