"""Publishing a report again and again while it is written, without anybody waiting for it."""

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import structlog

from icestream.report.pictures import write_atomically
from icestream.report.upload import Target, Unpublished, upload
from icestream.store.published import RECORD, Published, published

__all__ = ["Publisher", "Times", "shown"]

_log = structlog.get_logger(__name__)

_KEPT = "pictures"
_STATUS = re.compile(r"\d+")
"""What may differ from one failure to the next that is the same for people."""


class Times(NamedTuple):
    """Seconds."""

    timeout: float = 600.0
    """That one round may take."""
    pause: float = 10.0
    """From the beginning of one round to that of the next."""
    first: float = 5.0
    """Before a round that failed is tried again; doubled each time."""
    longest: float = 300.0
    """At most so many."""


class Publisher:
    """Brings a report to its target in a thread of its own.

    Whoever writes the report says that there is news and goes on. A round that fails is tried
    again after pauses that grow; news that come meanwhile go with the next round.

    Parameters
    ----------
    target
        Where to.
    folder
        The report's.
    session
        The session's folder, where its state is kept.
    tell
        Called with the state when it begins to fail, fails otherwise, or is well again.
    times
        How long it may take, and the pauses.
    """

    def __init__(
        self,
        target: Target,
        folder: Path,
        session: Path,
        *,
        tell: Callable[[Published], None] | None = None,
        times: Times | None = None,
    ) -> None:
        self.state = _before(target, session)
        self._target = target
        self._folder = folder
        self._session = session
        self._tell = tell
        self._times = times or Times()
        self._wanted = threading.Event()
        self._finishing = threading.Event()
        self._stopped = threading.Event()
        self._names: set[str] | None = None
        self._told: tuple[bool, str] | None = None
        self._thread = threading.Thread(target=self._work, name="publish", daemon=True)
        self._thread.start()

    def news(self) -> None:
        """There is something new in the folder; returns at once."""
        self._wanted.set()

    def drop(self) -> None:
        """Publish nothing more, and end."""
        self._stopped.set()
        self._wanted.set()

    def finish(self, patience: float) -> Published:
        """Publish what came last, trying for so many seconds, and end."""
        deadline = time.monotonic() + patience
        self._finishing.set()
        self._wanted.set()
        self._thread.join(patience)
        self._stopped.set()
        self._thread.join(max(5.0, deadline - time.monotonic()))
        return self.state

    def _work(self) -> None:
        wait = self._times.pause
        began = -float("inf")
        while not self._stopped.is_set():
            last = self._finishing.is_set()
            if not last:
                self._sleep(began + wait - time.monotonic())
                self._wanted.wait()
                last = self._finishing.is_set()
            if self._stopped.is_set():
                return
            self._wanted.clear()
            began = time.monotonic()
            well = self._round()
            if well:
                wait = self._times.pause
                if last and not self._wanted.is_set():
                    return
            else:
                self._wanted.set()
                again = self._times.first * 2 ** min(self.state.tries - 1, 10)
                wait = max(self._times.pause, min(self._times.longest, again))
                if last:
                    self._stopped.wait(again)

    def _sleep(self, seconds: float) -> None:
        """Wait, but not on when the end has come."""
        if seconds > 0:
            self._finishing.wait(seconds)

    def _round(self) -> bool:
        names = {path.name for path in (self._folder / _KEPT).glob("[0-9]*")}
        try:
            upload(
                self._target,
                self._folder,
                session=self._session.name,
                timeout=self._times.timeout,
                remove=self._names is None or bool(self._names - names),
                stopped=self._stopped,
            )
        except (Unpublished, OSError) as error:
            state = self.state
            failing = time.time() if state.failing is None else state.failing
            self._note(replace(state, failing=failing, tries=state.tries + 1, why=str(error)))
            return False
        self._names = names
        self._note(Published(target=str(self._target), last=time.time()))
        return True

    def _note(self, state: Published) -> None:
        self.state = state
        try:
            write_atomically(self._session / RECORD, json.dumps(asdict(state)).encode())
        except OSError as error:
            _log.warning("the state of publishing is not kept", why=str(error))
        said = (state.failing is None, _STATUS.sub("", state.why))
        if said == self._told:
            return
        self._told = said
        if self._tell is not None:
            self._tell(state)


def _before(target: Target, session: Path) -> Published:
    """The state that an earlier process left, where it published to the same target."""
    left = published(session)
    fresh = Published(target=str(target))
    return left if left is not None and left.target == fresh.target else fresh


def shown(state: Published) -> dict[str, Any]:
    """The state for the page, which is read where it is published: without where that is."""
    return {"last": state.last, "failing": state.failing, "why": state.why}
