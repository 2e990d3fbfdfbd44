"""The machine's ledger: cores, memory, GPUs and program tokens, shared by all its sessions.

Every coordinator says what it wants and what it uses, and is told its share: nothing is started
beyond it, and what runs is not ended for it. What all hold and may start never exceeds what there
is, since a session gets only what no other holds. Where there is less of something than sessions
that want it, they take turns. A coordinator that has not been heard of for a while has no share.

Each host has a ledger of its own, also where hosts share the folder, and an entry says of which
process it is. Times are of the clock that begins with the machine: nothing sets it. A session that
cannot use the ledger goes on alone, and says so.
"""

import contextlib
import fcntl
import re
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from icestream.engine.machine.owner import Owner, this_process
from icestream.engine.machine.watched import keep_running

__all__ = ["Grant", "Ledger", "LedgerTrouble", "Share", "fair_share"]

PATIENCE = 10.0
"""Seconds that a session waits for others that write in the ledger."""
SILENCE = 10.0
"""Seconds without a word after which a coordinator has no share."""
TURN = 60.0
"""Seconds after which sessions that are too many for the machine change turns.

A task is not ended for it, and a hand-over leaves a core idle for a second or two.
"""
_KEPT = 86400.0
"""Seconds for which entries of another run of the kernel are kept: it may be another machine's."""
_WORTH_SAYING = 3
"""Times in a row that the ledger cannot be used before a session that runs says so."""
_TABLE = """
CREATE TABLE IF NOT EXISTS holding (
    holder TEXT NOT NULL, kind TEXT NOT NULL, wish INTEGER NOT NULL, used INTEGER NOT NULL,
    granted INTEGER NOT NULL, heard REAL NOT NULL, written REAL NOT NULL,
    boot TEXT NOT NULL, space INTEGER NOT NULL, pid INTEGER NOT NULL, started INTEGER NOT NULL,
    PRIMARY KEY (holder, kind))
"""

Amounts = Mapping[str, int]
"""How much of each kind: ``cores``, ``memory``, ``gpu:0``, ``token:relion`` ..."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A session's share."""

    amounts: Amounts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LedgerTrouble:
    """The ledger cannot be used, or can again when there is no reason."""

    file: Path
    reason: str = ""


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
        host = re.sub(r"[^\w.-]", "_", socket.gethostname())
        self.file = folder / f"ledger.{host}.db"
        self._capacity = dict(capacity)

    def share(self, holder: str, wishes: Amounts, used: Amounts) -> dict[str, int]:
        """Say what a session wants and uses now; returns its share, where it may be using more.

        Of what the ledger does not keep account of, it has what it wants.

        Raises
        ------
        sqlite3.Error, OSError
            If the ledger cannot be used.
        """
        now, written, owner = time.monotonic(), time.time(), this_process()
        shares = {}
        with self._open() as connection:
            self._reclaim(connection, owner.boot)
            asked_of = "SELECT holder, kind, wish, granted FROM holding WHERE boot = ?"
            rows = connection.execute(asked_of, (owner.boot,)).fetchall()
            for kind, wish in wishes.items():
                if kind not in self._capacity:
                    shares[kind] = wish  # it is no matter of this machine
                    continue
                others = {r[0]: (r[2], r[3]) for r in rows if r[1] == kind and r[0] != holder}
                total = self._capacity[kind]
                asked = {name: pair[0] for name, pair in others.items()} | {holder: wish}
                free = total - sum(pair[1] for pair in others.values())
                fair = fair_share(total, asked, holder, self._turn(kind, asked, now))
                # What others hold is not given to it; what it uses is not given to others.
                shares[kind] = max(min(fair, free), 0)
                held = max(shares[kind], min(used.get(kind, 0), free))
                entry = (holder, kind, wish, used.get(kind, 0), held, now, written)
                connection.execute(
                    "INSERT OR REPLACE INTO holding VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (*entry, owner.boot, owner.space, owner.pid, owner.started),
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
    def _reclaim(connection: sqlite3.Connection, boot: str) -> None:
        """Take back what belongs to coordinators that are dead or silent."""
        asked = "SELECT DISTINCT boot, space, pid, started FROM holding"
        for owner in [Owner(*row) for row in connection.execute(asked)]:
            if owner.is_dead():
                dead = (
                    "DELETE FROM holding WHERE boot = ? AND space = ? AND pid = ? AND started = ?"
                )
                connection.execute(dead, (owner.boot, owner.space, owner.pid, owner.started))
        now, written = time.monotonic(), time.time()
        # What is later than now no coordinator of this run of the kernel has written.
        silent = "DELETE FROM holding WHERE boot = ? AND (heard < ? OR heard > ?)"
        connection.execute(silent, (boot, now - SILENCE, now + SILENCE))
        old = "DELETE FROM holding WHERE boot != ? AND abs(written - ?) > ?"
        connection.execute(old, (boot, written, _KEPT))

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.file, timeout=PATIENCE, isolation_level=None)
        try:
            try:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute(_TABLE)
            except sqlite3.OperationalError:
                raise  # it is locked, or its disk is full or away
            except sqlite3.DatabaseError:
                connection.close()
                self._set_aside()
                raise
            yield connection
            connection.execute("COMMIT")
        finally:
            connection.close()

    def _set_aside(self) -> None:
        """Put what is no ledger out of the way: the next word of any session begins a new one."""
        with self.file.with_suffix(".lock").open("a") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            connection = sqlite3.connect(self.file, timeout=PATIENCE)
            try:
                connection.execute("SELECT count(*) FROM sqlite_master")
            except sqlite3.OperationalError:
                return
            except sqlite3.DatabaseError:
                self.file.replace(self.file.with_suffix(".broken"))
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
        self._failed = 0
        """How often in a row the ledger could not be used."""
        self.granted = dict(wishes())  # what it has when it is alone
        self._ask(sure=True)

    def run(self) -> None:
        """Keep the share until it is stopped; what ends it otherwise is told, and it goes on."""
        keep_running(self.name, self._keep, self._tell, self._stopped)

    def _keep(self) -> None:
        """Say every second that the session lives, and what it uses."""
        while not self._stopped.wait(1.0):
            before = self.granted
            self._ask()
            if self.granted != before:
                self._tell(Grant(self.granted))

    def _ask(self, *, sure: bool = False) -> None:
        """Ask for the share; it stays what it was while the ledger cannot be used.

        That is told when it has lasted, or at once, where it is `sure` that this matters.
        """
        worth = 1 if sure else _WORTH_SAYING
        try:
            self.granted = self._ledger.share(self._holder, self._wishes(), self._used())
        except (sqlite3.Error, OSError) as error:
            self._failed += 1
            if self._failed == worth:
                self._failed = max(self._failed, _WORTH_SAYING)
                self._tell(LedgerTrouble(self._ledger.file, str(error)))
            return
        if self._failed >= _WORTH_SAYING:
            self._tell(LedgerTrouble(self._ledger.file))
        self._failed = 0

    def stop(self) -> None:
        """Give the share back."""
        self._stopped.set()
        if self.is_alive():
            self.join(5.0)
        with contextlib.suppress(sqlite3.Error, OSError):
            self._ledger.leave(self._holder)
