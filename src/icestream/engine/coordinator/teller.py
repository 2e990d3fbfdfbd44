"""The teller: how far the session is, for whoever watches it in this process."""

import time
from collections.abc import Callable
from dataclasses import replace

import structlog

from icestream.engine.progress import Progress, look
from icestream.engine.record.record import Record
from icestream.model import Alert, RevisionId, SessionState
from icestream.model.forecast import forecast
from icestream.model.outlook import outlook_words
from icestream.store.workload import workload

__all__ = ["Teller"]

_log = structlog.get_logger("icestream.engine")
_PACE = 0.2
"""Seconds between two looks at the counts."""
_FORESIGHT = 15.0
"""Seconds between two forecasts."""


class Teller:
    """Keeps a snapshot of a session's progress, a few times a second.

    A watcher that raises is told nothing more; the session goes on.
    """

    def __init__(self, record: Record, on_progress: Callable[[Progress], None] | None) -> None:
        self._record = record
        self._on_progress = on_progress
        self._told_at = 0.0
        self.progress = Progress()
        """The newest snapshot; to be read from any thread."""
        self._outlook = ""
        self._foreseen_at = float("-inf")
        self.waiting: dict[RevisionId, int] = {}
        """Files that are not whole yet, by source."""

    def tell(self, session: SessionState, trouble: str, *, at_once: bool = False) -> None:
        """Take another snapshot, unless the last one is new; `trouble` is that with storage."""
        now = time.monotonic()
        if now - self._told_at < _PACE and not at_once:
            return
        self._told_at = now
        alerts = [held.alert for held in self._record.alerts.held.values()]
        if trouble:
            alert = Alert(key="storage", level="critical", message=trouble)
            held = replace(self.progress, state="held", reason=trouble)
            self.progress = replace(held, alerts=(*alerts, alert))
        else:
            waiting = sum(self.waiting.values())
            self._look_ahead(now)
            self.progress = look(
                self._record.store, self._record.plan, session, waiting, alerts, self._outlook
            )
        if self._on_progress is None:
            return
        try:
            self._on_progress(self.progress)
        except Exception as error:
            # A terminal that was closed, a full disk that it is redirected to: no matter of ours.
            _log.warning("nobody watches", reason=f"{type(error).__name__}: {error}")
            self._on_progress = None

    def _look_ahead(self, now: float) -> None:
        """Forecast, once in a while and for those who watch."""
        if self._on_progress is None or now - self._foreseen_at < _FORESIGHT:
            return
        self._foreseen_at, at = now, time.time()
        self._outlook = outlook_words(forecast(workload(self._record.store, at)), at)
