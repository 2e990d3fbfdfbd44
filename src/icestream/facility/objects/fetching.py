"""Bringing what lands in a bucket into a folder of this machine while a session runs."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from icestream.facility.transfer.address import Address
from icestream.facility.transfer.copying import Copying, Round, Route, Rules
from icestream.facility.transfer.session import ledger_of

__all__ = ["Fetch", "Fetching"]

_log = structlog.get_logger(__name__)

_BUSY, _IDLE = 0.5, 5.0
"""Seconds between two rounds, after one that brought something and after one that did not."""
_LONGEST = 60.0
"""Seconds between two rounds while the store is away, at most."""
_TRIES = 3
"""Tries after which one object that cannot be had keeps nobody waiting."""
_RESERVE = 2_000_000_000
"""Bytes that stay free on the disk: the session writes there, too, perhaps."""
_UNDER_WAY = ("seen", "settling", "ready", "copying")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """From where to where."""

    session: Path
    """The session's folder, which has the ledger."""
    origin: Address
    folder: Path
    """The folder that the session watches."""
    exclude: tuple[str, ...] = ()
    patience: float = 300.0
    """Seconds after which a movie that stays cut is taken as it is."""


class Fetching:
    """Brings objects in a thread of its own, round by round, until it is stopped.

    Parameters
    ----------
    fetch
        From where to where.
    say
        Is told what people should know: that the store is away, that it is back.
    caught_up
        Is called once, when all that was in the bucket since the beginning is here.
    """

    def __init__(
        self, fetch: Fetch, say: Callable[[str], None], caught_up: Callable[[], None] | None = None
    ) -> None:
        self._fetch, self._say, self._caught_up = fetch, say, caught_up
        self._stopped = threading.Event()
        self._away = ""
        self._failures = 0
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._fetch.folder.mkdir(parents=True, exist_ok=True)
        self._thread = threading.Thread(target=self._work, name="fetching", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End soon; what came of an object that is under way is kept."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(30.0)

    def _work(self) -> None:
        one = self._fetch
        route = Route(
            session=one.session.name,
            source=one.origin,
            target=one.folder,
            ledger=ledger_of(one.session),
        )
        rules = Rules(
            settle=5.0,
            patience=one.patience,
            exclude=one.exclude,
            file_mode=0o644,
            reserve=_RESERVE,
        )
        copying = Copying(route, rules)
        try:
            while not self._stopped.is_set():
                began = time.time()
                done = copying.round(stopped=self._stopped)
                self._tell(done)
                if not done.outage and self._caught_up and self._has_all(copying, began):
                    self._caught_up()
                    self._caught_up = None
                self._stopped.wait(self._pause(done))
        finally:
            copying.close()

    def _pause(self, done: Round) -> float:
        if done.outage:
            self._failures += 1
            return min(_LONGEST, _IDLE * 2.0 ** (self._failures - 1))
        self._failures = 0
        return _BUSY if done.copied else _IDLE

    def _has_all(self, copying: Copying, now: float) -> bool:
        """Whether nothing is to come any more of what was listed."""
        if any(state in copying.ledger.tallies() for state in _UNDER_WAY):
            return False
        return all(one.tries >= _TRIES for one in copying.ledger.of_state("failed", most=10**6))

    def _tell(self, done: Round) -> None:
        """Say once that the store is away, and why, and once that it is back."""
        if done.outage != self._away:
            if done.outage:
                _log.warning("objects cannot be brought", why=done.outage)
                self._say(f"{done.outage}; it is tried again, and nothing is lost")
            else:
                _log.info("objects are brought again")
                self._say(f"{self._fetch.origin} is there again")
            self._away = done.outage
        for name, why in done.failed.items():
            _log.warning("an object cannot be brought", name=name, why=why)
