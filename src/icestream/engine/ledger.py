"""The machine's ledger: cores, memory, GPUs and program tokens, shared by all its sessions.

Every coordinator says what it wants and what it uses, and is granted a share. What is granted to
all never exceeds what there is: a session gives back only what it does not use, and another is
granted only what is free. A coordinator that has not been heard of for a while has no share.
"""

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Grant", "Ledger", "Share", "fair_share"]

SILENCE = 10.0
"""Seconds without a word after which a coordinator has no share."""
_TABLE = """
CREATE TABLE IF NOT EXISTS holding (
    holder TEXT NOT NULL, kind TEXT NOT NULL, wish INTEGER NOT NULL, used INTEGER NOT NULL,
    granted INTEGER NOT NULL, heard REAL NOT NULL, pid INTEGER NOT NULL,
    PRIMARY KEY (holder, kind))
"""

Amounts = Mapping[str, int]
"""How much of each kind: ``cores``, ``memory``, ``gpu:0``, ``token:relion`` ..."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a session may use."""

    amounts: Amounts = field(default_factory=dict)


def fair_share(total: int, wishes: Mapping[str, int], who: str) -> int:
    """The max-min fair share of `who`: nobody gets more than they wish, the rest is even."""
    left, open_ = total, sorted(wishes, key=lambda name: (wishes[name], name))
    for place, name in enumerate(open_):
        among = len(open_) - place
        # What cannot be divided goes to those that come last in the order.
        even = left // among
        share = min(wishes[name], even)
        if name == who:
            return share
        left -= share
    return 0


class Ledger:
    """One machine's ledger."""

    def __init__(self, folder: Path, capacity: Amounts) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "ledger.db"
        self._capacity = dict(capacity)
        with self._open() as connection:
            connection.execute(_TABLE)

    def share(self, holder: str, wishes: Amounts, used: Amounts) -> dict[str, int]:
        """Say what a session wants and uses now; returns what it may use."""
        now = time.time()
        granted = {}
        with self._open() as connection:
            self._reclaim(connection, now)
            rows = connection.execute("SELECT holder, kind, wish, granted FROM holding").fetchall()
            for kind, wish in wishes.items():
                others = {r[0]: (r[2], r[3]) for r in rows if r[1] == kind and r[0] != holder}
                total = self._capacity.get(kind, wish)
                asked = {name: pair[0] for name, pair in others.items()} | {holder: wish}
                free = total - sum(pair[1] for pair in others.values())
                fair = fair_share(total, asked, holder)
                # What it uses is not taken from it; what others hold is not given to it.
                granted[kind] = max(min(fair, free), min(used.get(kind, 0), max(free, 0)), 0)
                connection.execute(
                    "INSERT OR REPLACE INTO holding VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (holder, kind, wish, used.get(kind, 0), granted[kind], now, os.getpid()),
                )
        return granted

    def leave(self, holder: str) -> None:
        """Give everything back."""
        with self._open() as connection:
            connection.execute("DELETE FROM holding WHERE holder = ?", (holder,))

    def holders(self) -> tuple[str, ...]:
        """Sessions that have a share now."""
        with self._open() as connection:
            self._reclaim(connection, time.time())
            rows = connection.execute("SELECT DISTINCT holder FROM holding ORDER BY holder")
            return tuple(row[0] for row in rows)

    @staticmethod
    def _reclaim(connection: sqlite3.Connection, now: float) -> None:
        """Take back what belongs to coordinators that are dead or silent."""
        for pid in [row[0] for row in connection.execute("SELECT DISTINCT pid FROM holding")]:
            if not Path(f"/proc/{pid}").exists():
                connection.execute("DELETE FROM holding WHERE pid = ?", (pid,))
        connection.execute("DELETE FROM holding WHERE heard < ?", (now - SILENCE,))

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._file, timeout=10.0, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        finally:
            connection.close()


class Share(threading.Thread):
    """Keeps a session's share of the machine, and tells when it changes."""

    def __init__(
        self,
        ledger: Ledger,
        holder: str,
        wishes: Callable[[], Amounts],
        used: Callable[[], Amounts],
        tell: Callable[[object], None],
    ) -> None:
        super().__init__(name="ledger", daemon=True)
        self._ledger = ledger
        self._holder = holder
        self._wishes = wishes
        self._used = used
        self._tell = tell
        self._stopped = threading.Event()
        self.granted = ledger.share(holder, wishes(), {})

    def run(self) -> None:
        """Say every second that the session lives, and what it uses."""
        while not self._stopped.wait(1.0):
            try:
                granted = self._ledger.share(self._holder, self._wishes(), self._used())
            except sqlite3.Error:
                continue  # the state folder is full or away: the share stays what it was
            if granted != self.granted:
                self.granted = granted
                self._tell(Grant(granted))

    def stop(self) -> None:
        """Give the share back."""
        self._stopped.set()
        if self.is_alive():
            self.join(5.0)
        with contextlib.suppress(sqlite3.Error):
            self._ledger.leave(self._holder)
