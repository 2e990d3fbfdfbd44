"""Sources: one thread each, asking its protocol again and again what is new."""

import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from icestream.engine.machine.clock import steady
from icestream.engine.machine.watched import keep_running
from icestream.engine.messages import Discovered, SourceFailed
from icestream.engine.record.alerts import ABSENT
from icestream.formats.within import read_within
from icestream.model import Alert, RevisionId
from icestream.protocol import Cursor, ProtocolError, SourceProtocol, TryAgain, known_types
from icestream.store.items import items_ever
from icestream.store.open import Store

__all__ = ["SourceThread", "items_so_far", "plain_reason"]

_TRIES = 3
"""Failures in a row after which a source that does not wait is given up."""


class SourceThread(threading.Thread):
    """Asks one source what is new until it closes or is stopped."""

    def __init__(
        self,
        step: RevisionId,
        protocol: SourceProtocol[Any],
        state: Any,
        tell: Callable[[object], None],
        earlier: Callable[[], Iterable[Any]] = tuple,
        within: Iterable[str] | None = None,
    ) -> None:
        super().__init__(name=f"source-{step}", daemon=True)
        self._earlier = earlier
        self._within = within
        self._step = step
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
        """Ask until the source closes; what ends it otherwise is told, and it goes on."""
        with read_within(self._within):
            keep_running(self.name, self._ask, self._tell, self._stopped)

    def _ask(self) -> None:
        """Ask, tell what is new, wait."""
        failures = 0
        said: tuple[tuple[Alert, ...], int] = ((), 0)
        repeats = 0
        while not self._stopped.is_set():
            self._open.wait()
            if self._stopped.is_set():
                return
            try:
                discovery = self._protocol.discover(Cursor(self._state, steady(), self._earlier))
                wait = self._protocol.interval()
                news = (tuple(discovery.alerts), discovery.waiting)
            except (Exception, SystemExit) as error:
                failures += 1
                wait = min(60.0, 2.0**failures)
                final = self._gives_up(error, failures)
                details = traceback.format_exc()
                self._tell(SourceFailed(self._step, plain_reason(error), details, final))
                if final:
                    return
            else:
                # Until alerts that are over have been absent often enough to be cleared.
                gone = {alert.key for alert in said[0]} - {alert.key for alert in news[0]}
                repeats = ABSENT if gone else max(repeats - 1, 0)
                new = discovery.items or discovery.refused or discovery.closed or news != said
                if new or repeats or failures:
                    self._tell(Discovered(self._step, discovery))
                failures, said = 0, news
                self._state = discovery.state
                if discovery.closed:
                    return
            self._stopped.wait(wait)

    def _gives_up(self, error: BaseException, failures: int) -> bool:
        if self._protocol.waits():
            return False
        expected = isinstance(error, ProtocolError) and not isinstance(error, TryAgain)
        return expected or failures >= _TRIES


def items_so_far(store: Store, step: str, protocol: type[SourceProtocol[Any]]) -> Iterator[Any]:
    """The items of a source in all its revisions, in order of arrival."""
    port = protocol.outputs()[0]
    return items_ever(store, step, port.name, port.item, known_types([protocol]))


def plain_reason(error: BaseException) -> str:
    """What went wrong in the words of the error; a defect says what kind of error it is."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, ProtocolError | OSError) and str(error):
        return str(error)
    return f"a defect ({type(error).__name__}: {error})"
