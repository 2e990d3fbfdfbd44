"""Monitors: inspected in one thread, each at its own pace, when there is something new.

So are selections whose limits follow from the session's own distribution.
"""

import threading
import time
import traceback
from collections.abc import Callable, Iterable
from typing import Any

from icestream.engine.coordinator.settling import Settling, settled, settles
from icestream.engine.graph.plan import Plan, PlannedStep
from icestream.engine.machine.watched import keep_running
from icestream.engine.messages import Inspected
from icestream.model import Alert, RevisionId
from icestream.protocol import Figure, Monitor, Sample, Window, known_types
from icestream.store.items import latest_items
from icestream.store.measured import MeasuredWindow, measured_exposures
from icestream.store.open import Store
from icestream.store.pace import count_waiting, found_times, looks_for_more, went_on
from icestream.store.squares import newest_squares
from icestream.store.workload import workload

__all__ = ["MonitorThread", "inspect", "inspect_all"]


def inspect(store: Store, plan: Plan, step: PlannedStep) -> Inspected:
    """Show a monitor its window, and gather what it says."""
    now = time.time()
    monitor: Any = step.protocol
    try:
        items: tuple[Any, ...] = ()
        for feeds in step.feeds.values():
            feed = feeds[0]
            kind = type(monitor).inputs()[0].item
            source, port = plan.maker(feed)
            known = known_types([type(source.protocol)])
            items = latest_items(store, source.name, port, kind, known, limit=type(monitor).last)
        found, open_ = tuple(found_times(store)), looks_for_more(store)
        names = type(monitor).measures
        measured = measured_exposures(store, names) if names else MeasuredWindow()
        window = Window(
            items,
            now,
            store.folder,
            found,
            open_,
            measured.exposures,
            measured.revisions,
            workload(store, now) if type(monitor).foresees else None,
            newest_squares(store) if type(monitor).surveys else (),
            count_waiting(store) if names else 0,
            lambda number: measured_exposures(store, names, number).exposures,
            went_on(store),
        )
        said = list(monitor.inspect(window))
    except Exception:
        return Inspected(step.id, now, error=traceback.format_exc())
    return Inspected(
        step.id,
        now,
        tuple(yielded for yielded in said if isinstance(yielded, Alert)),
        tuple(yielded for yielded in said if isinstance(yielded, Sample)),
        tuple(yielded for yielded in said if isinstance(yielded, Figure)),
    )


def inspect_all(store: Store, plan: Plan) -> list[Inspected]:
    """What all monitors say, and what selections settle, at the end of a session."""
    watching = [step for step in plan.by_depth() if step.protocol.watches]
    return [*(inspect(store, plan, step) for step in watching), *settled(store, plan)]


class MonitorThread(threading.Thread):
    """Inspects all monitors of a session."""

    def __init__(self, store: Store, plan: Plan, tell: Callable[[object], None]) -> None:
        super().__init__(name="monitors", daemon=True)
        self._store = store
        self._plan = plan
        self._tell = tell
        self._wake = threading.Condition()
        self._stopped = threading.Event()
        self._new: set[RevisionId] = set()
        looked_at = (s for s in plan.steps.values() if s.protocol.watches or settles(s))
        self._due = {step.id: 0.0 for step in looked_at}
        self._settling = Settling()

    def news(self, steps: Iterable[RevisionId]) -> None:
        """Steps have new results: the monitors that look at them have something to see."""
        fed = {c for maker in steps for c in self._plan.steps[maker].consumers}
        fed = (fed | set(steps)) & self._due.keys()
        if fed - self._new:
            with self._wake:
                self._new |= fed
                self._wake.notify()

    def stop(self) -> None:
        """End after the present inspection."""
        with self._wake:
            self._stopped.set()
            self._wake.notify()

    def run(self) -> None:
        """Inspect until it is stopped; what ends it otherwise is told, and it goes on."""
        keep_running(self.name, self._look, self._tell, self._stopped)

    def _look(self) -> None:
        """Inspect what is due and has something new, and sleep until the next."""
        while True:
            now = time.monotonic()
            with self._wake:
                if self._stopped.is_set():
                    return
                due = [n for n, when in self._due.items() if when <= now and self._sees(n)]
                if not due:
                    coming = [when for n, when in self._due.items() if self._sees(n)]
                    self._wake.wait(max(0.0, min(coming) - now) if coming else None)
                    continue
                self._new.difference_update(due)
            for monitor in due:
                step = self._plan.steps[monitor]
                if step.protocol.watches:
                    self._tell(inspect(self._store, self._plan, step))
                elif said := self._settling.look(self._store, step):
                    self._tell(said)
                every = step.protocol.every if isinstance(step.protocol, Monitor) else 10.0
                self._due[monitor] = time.monotonic() + every

    def _sees(self, monitor: RevisionId) -> bool:
        return monitor in self._new or not self._plan.steps[monitor].feeds
