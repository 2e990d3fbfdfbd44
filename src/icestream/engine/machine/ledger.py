"""The machine's ledger: cores, memory, GPUs and program tokens, shared by all its sessions.

Every coordinator says what it wants and what it uses, and is told its share: nothing is started
beyond it, and what runs is not ended for it. What all hold and may start never exceeds what there
is, since a session gets only what no other holds. Where there is less of something than sessions
that want it, they take turns. A coordinator that has not been heard of for a while has no share.
"""

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from icestream.engine.machine.watched import keep_running

__all__ = ["Grant", "Ledger", "Share", "fair_share"]

SILENCE = 10.0
"""Seconds without a word after which a coordinator has no share."""
TURN = 60.0
"""Seconds after which sessions that are too many for the machine change turns.

A task is not ended for it, and a hand-over leaves a core idle for a second or two.
"""
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
    """A session's share."""

    amounts: Amounts = field(default_factory=dict)


def fair_share(total: int, wishes: Mapping[str, int], who: str, turn: int = 0) -> int:
    """The max-min fair share of `who`: nobody gets more than they wish, the rest is even.

    What cannot be divided goes to those that wish for most; where it is all that there is, they
    get one each by turns.
    """
    level, left, among = 0, total, sorted(wishes.values())
    for index, wish in enumerate(among):
        level = min(wish, left // (len(among) - index))
        left -= level
        if level < wish:
            left = total - sum(min(wish_, level) for wish_ in among)
            break
    if wishes[who] <= level:
        return wishes[who]
    more = sorted(name for name, wish in wishes.items() if wish > level)
    if level:
        more.sort(key=lambda name: -wishes[name])
    elif more:
        more = [more[(index + turn) % len(more)] for index in range(len(more))]
    return level + (more.index(who) < left)


class Ledger:
    """One machine's ledger."""

    def __init__(self, folder: Path, capacity: Amounts) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "ledger.db"
        self._capacity = dict(capacity)
        with self._open() as connection:
            connection.execute(_TABLE)

    def share(self, holder: str, wishes: Amounts, used: Amounts) -> dict[str, int]:
        """Say what a session wants and uses now; returns its share, where it may be using more."""
        now = time.time()
        shares = {}
        with self._open() as connection:
            self._reclaim(connection, now)
            rows = connection.execute("SELECT holder, kind, wish, granted FROM holding").fetchall()
            for kind, wish in wishes.items():
                others = {r[0]: (r[2], r[3]) for r in rows if r[1] == kind and r[0] != holder}
                total = self._capacity.get(kind, wish)
                asked = {name: pair[0] for name, pair in others.items()} | {holder: wish}
                free = total - sum(pair[1] for pair in others.values())
                fair = fair_share(total, asked, holder, self._turn(kind, asked, now))
                # What others hold is not given to it; what it uses is not given to others.
                shares[kind] = max(min(fair, free), 0)
                held = max(shares[kind], min(used.get(kind, 0), free))
                connection.execute(
                    "INSERT OR REPLACE INTO holding VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (holder, kind, wish, used.get(kind, 0), held, now, os.getpid()),
                )
        return shares

    def _turn(self, kind: str, wishes: Amounts, now: float) -> int:
        """Whose turn it is; the same for all kinds, so that who gets a GPU gets a core too.

        Each GPU is a kind of its own: they go to different sessions, which keep them where there
        are enough for all.
        """
        turn = int(now // TURN)
        if not kind.startswith("gpu:"):
            return turn
        gpus = sorted(int(kind_[4:]) for kind_ in self._capacity if kind_.startswith("gpu:"))
        index = gpus.index(int(kind[4:])) if int(kind[4:]) in gpus else 0
        among = sum(wish > 0 for wish in wishes.values())
        return index if among <= len(gpus) else index + turn

    def leave(self, holder: str) -> None:
        """Give everything back."""
        with self._open() as connection:
            connection.execute("DELETE FROM holding WHERE holder = ?", (holder,))

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
        self.granted = ledger.share(holder, wishes(), used())

    def run(self) -> None:
        """Keep the share until it is stopped; what ends it otherwise is told, and it goes on."""
        keep_running(self.name, self._keep, self._tell, self._stopped)

    def _keep(self) -> None:
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
