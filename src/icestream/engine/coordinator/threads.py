"""The coordinator's threads: sources, monitors, the doorbell, and the one that keeps house."""

import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Protocol

from icestream.engine.coordinator.monitors import MonitorThread
from icestream.engine.coordinator.sources import SourceThread, items_so_far
from icestream.engine.graph.plan import Plan
from icestream.engine.machine.watched import ThreadDied
from icestream.engine.messages import Rung
from icestream.engine.record.segments import compact
from icestream.engine.requests.doorbell import Doorbell
from icestream.model import RevisionId
from icestream.protocol import SourceProtocol
from icestream.store.items import revisions_with_items
from icestream.store.open import Store

__all__ = ["KEEPER", "Threads"]

KEEPER = "keeper"
"""Name of the thread that keeps house."""

_LOOSE = 200_000
"""Particles in no segment at which segments are made."""
_CHECKPOINT = 60.0
"""Seconds between copies of a store that is kept on a local disk."""


class Planned(Protocol):
    """Who knows the present plan."""

    @property
    def plan(self) -> Plan: ...


class Threads:
    """Starts, holds and stops the threads of one coordinator; `name` is that of its doorbell."""

    def __init__(
        self, store: Store, planned: Planned, tell: Callable[[object], None], name: str
    ) -> None:
        self._name = name
        self._store = store
        self._planned = planned
        self._tell = tell
        self._sources: dict[RevisionId, SourceThread] = {}
        self._monitors: MonitorThread | None = None
        self._bell: Doorbell | None = None
        self._keeper: threading.Thread | None = None
        self._copied = time.monotonic()

    def start(self, cursors: dict[RevisionId, Any], held: Iterable[RevisionId]) -> None:
        """Start all of them; sources go on from where they stood."""
        self._bell = Doorbell(self._name, lambda: self._tell(Rung()), self._tell)
        for source, cursor in cursors.items():
            self.start_source(source, cursor)
        self.hold_sources(held)
        self.restart_monitors()

    def start_source(self, source: RevisionId, cursor: Any) -> None:
        """Start a source's thread, in the place of an earlier one."""
        if source in self._sources:
            self._sources[source].stop()
        step = self._planned.plan.steps[source]
        if not isinstance(step.protocol, SourceProtocol):
            raise TypeError(f"step {step.name!r} is no source")
        earlier = partial(items_so_far, self._store, step.name, type(step.protocol))
        within = None if step.within is None else (*step.within, str(self._store.folder))
        thread = SourceThread(source, step.protocol, cursor, self._tell, earlier, within)
        thread.name = f"source {step.name}"
        self._sources[source] = thread
        thread.start()

    def hold_source(self, source: RevisionId, held: bool) -> None:
        """Let a source wait, or go on; other steps have no thread."""
        if source in self._sources:
            self._sources[source].hold(held)

    def stop_sources(self, sources: Iterable[RevisionId]) -> None:
        """Let sources end after their present look, for good; other steps have no thread."""
        for source in self._sources.keys() & set(sources):
            self._sources[source].stop()

    def hold_sources(self, sources: Iterable[RevisionId]) -> None:
        """Let all of these wait."""
        for source in sources:
            self.hold_source(source, True)

    def sources(self) -> list[RevisionId]:
        """Steps that have a source's thread."""
        return list(self._sources)

    def restart_monitors(self) -> None:
        """Start the monitors' thread on the present parameters.

        What is there already is news to it: of a step that is another now, or whose news the thread
        before it had not come to.
        """
        if self._monitors is not None:
            self._monitors.stop()
        plan = self._planned.plan
        self._monitors = MonitorThread(self._store, plan, self._tell)
        made = revisions_with_items(self._store) & plan.steps.keys()
        self._monitors.news(RevisionId(revision) for revision in made)
        self._monitors.start()

    def news(self, steps: Iterable[RevisionId]) -> None:
        """Tell the monitors which steps have new results."""
        if self._monitors is not None:
            self._monitors.news(steps)

    def keep_house(self, loose: int) -> bool:
        """Make segments of loose particles, copy the store: when it is time. True: begun."""
        if self._keeper is not None and self._keeper.is_alive():
            return False
        copy = self._store.remote and time.monotonic() - self._copied > _CHECKPOINT
        if loose < _LOOSE and not copy:
            return False
        self._copied = time.monotonic()
        self._keeper = threading.Thread(target=self._keep, name=KEEPER, daemon=True)
        self._keeper.start()
        return loose >= _LOOSE

    def _keep(self) -> None:
        try:
            for made in compact(self._store, least=_LOOSE):
                self._tell(made)
            self._store.checkpoint()
        except BaseException as error:
            self._tell(ThreadDied(KEEPER, error, again=True))  # when it is time for it again

    def stop(self) -> None:
        """Stop all of them."""
        for thread in self._sources.values():
            thread.stop()
        if self._monitors is not None:
            self._monitors.stop()
            self._monitors.join(5.0)
        if self._bell is not None:
            self._bell.close()
        for thread in self._sources.values():
            thread.join(1.0)
        if self._keeper is not None:
            self._keeper.join()
