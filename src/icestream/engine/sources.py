"""Sources: one thread each, asking its protocol again and again what is new."""

import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from icestream.protocol import Cursor, Discovery, SourceProtocol

__all__ = ["Discovered", "SourceFailed", "SourceThread"]


@dataclass(frozen=True, slots=True)
class Discovered:
    """What a source found."""

    step: int
    revision: int
    found: Discovery


@dataclass(frozen=True, slots=True)
class SourceFailed:
    """A source raised; it is asked again after a while."""

    step: int
    reason: str
    details: str


class SourceThread(threading.Thread):
    """Asks one source what is new until it closes or is stopped."""

    def __init__(
        self,
        step: int,
        revision: int,
        protocol: SourceProtocol[Any],
        state: Any,
        tell: Callable[[object], None],
    ) -> None:
        super().__init__(name=f"source-{step}", daemon=True)
        self._step = step
        self._revision = revision
        self._protocol = protocol
        self._state = state
        self._tell = tell
        self._stopped = threading.Event()
        self._open = threading.Event()
        self._open.set()

    def hold(self, held: bool) -> None:
        """Stop asking, or go on."""
        if held:
            self._open.clear()
        else:
            self._open.set()

    def stop(self) -> None:
        """End after the present call."""
        self._stopped.set()
        self._open.set()

    def run(self) -> None:
        """Ask, tell what is new, wait."""
        failures, said = 0, (0, 0)
        while not self._stopped.is_set():
            self._open.wait()
            if self._stopped.is_set():
                return
            try:
                found = self._protocol.discover(Cursor(self._state, time.time()))
                wait = self._protocol.interval()
            except Exception as error:
                failures += 1
                wait = min(60.0, 2.0**failures)
                reason = f"{type(error).__name__}: {error}"
                self._tell(SourceFailed(self._step, reason, traceback.format_exc()))
            else:
                news = (len(found.alerts), found.waiting)
                if found.items or found.refused or found.closed or news != said or failures:
                    self._tell(Discovered(self._step, self._revision, found))
                failures, said = 0, news
                self._state = found.state
                if found.closed:
                    return
            self._stopped.wait(wait)
