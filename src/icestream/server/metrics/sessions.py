"""The sessions of a server as families of figures that a monitoring system reads."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, get_args

from prometheus_client.core import (
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
    StateSetMetricFamily,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

from icestream.model import SessionState
from icestream.server.catalogue import UNREADABLE, Catalogue, Entry, UnreadableSession
from icestream.server.metrics.figures import SessionFigures, figures_of
from icestream.store.follow import commit_mark

__all__ = ["SessionCollector"]

_STATES = get_args(SessionState)
_UNREADABLE = "unreadable"
"""State of a session whose store cannot be read."""
_RECENT = 86_400.0
"""Seconds after its last change that a session's own figures are told: older ones do not move."""
_FRESH = 60.0
"""Seconds that figures hold when nothing was written: rates fall."""
_STEP_STATES = ("ready", "running", "held", "done", "failed", "skipped", "rejected")


@dataclass(slots=True)
class _Read:
    """The figures of a session, and when they were read."""

    mark: object
    at: float
    figures: SessionFigures | None
    """None where they could not be read."""


class SessionCollector(Collector):
    """Figures of all sessions; those in which nothing was written are not read again.

    Parameters
    ----------
    catalogue
        Where the sessions are.
    hidden
        Says which are confidential, by keys and folders: these are counted, and nothing more is
        told of them. None: nobody knows, so that any may be.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        hidden: Callable[[], AbstractSet[str] | None] = frozenset,
    ) -> None:
        self._catalogue = catalogue
        self._hidden = hidden
        self._read: dict[str, _Read] = {}
        self._turn = threading.Lock()

    def collect(self) -> Iterator[Metric]:
        """All families, with a label ``session`` where they are about one."""
        now, hidden = time.time(), self._hidden()
        entries = {entry.id: entry for entry in self._catalogue.entries()}
        with self._turn:
            read = {entry.id: self._figures(entry, now) for entry in entries.values()}
            self._read = {session_id: self._read[session_id] for session_id in read}
        yield _counted(read.values())
        told = {
            session_id: figures
            for session_id, figures in read.items()
            if figures is not None
            and _is_told(figures, now)
            and hidden is not None
            and hidden.isdisjoint((entries[session_id].key, str(entries[session_id].folder)))
        }
        yield from _families(told)

    def describe(self) -> Iterable[Metric]:
        """None: what there is, is not known before sessions are read."""
        return []

    def _figures(self, entry: Entry, now: float) -> SessionFigures | None:
        mark = (entry.folder, commit_mark(entry.folder))
        known = self._read.get(entry.id)
        if known is not None and known.mark == mark and now - known.at < _FRESH:
            return known.figures
        try:
            with self._catalogue.store(entry) as store:
                figures = figures_of(store, now)
        except (*UNREADABLE, UnreadableSession):
            figures = None
        self._read[entry.id] = _Read(mark, now, figures)
        return figures


def _is_told(figures: SessionFigures, now: float) -> bool:
    return figures.state not in ("done", "stopped") or now - figures.changed < _RECENT


def _counted(all_figures: Iterable[SessionFigures | None]) -> Metric:
    counts = dict.fromkeys([*_STATES, _UNREADABLE], 0)
    for figures in all_figures:
        counts[_UNREADABLE if figures is None else figures.state] += 1
    family = GaugeMetricFamily("icestream_sessions", "Sessions by their state.", labels=["state"])
    for state, count in counts.items():
        family.add_metric([state], count)
    return family


def _families(told: dict[str, SessionFigures]) -> Iterator[Metric]:
    info = InfoMetricFamily("icestream_session", "What a session is.", labels=["session"])
    state = StateSetMetricFamily(
        "icestream_session_state", "State of a session.", labels=["session"]
    )
    for session_id, figures in told.items():
        info.add_metric([session_id], {"name": figures.name, "workflow": figures.workflow})
        state.add_metric([session_id], {each: each == figures.state for each in _STATES})
    yield from (info, state, *_of_exposures(told), *_of_pace(told), *_of_steps(told))


def _of_exposures(told: dict[str, SessionFigures]) -> Iterator[Metric]:
    exposures = _gauge("exposures", "Exposures of a session by their state.", "state")
    backlog = _gauge("backlog", "Exposures that were found and need something more.")
    alerts = _gauge("alerts", "Alerts that hold, by their level.", "level")
    free = _gauge("disk_free_bytes", "Room on the session's disk, where it was measured of late.")
    for session_id, figures in told.items():
        for state, count in figures.exposures.items():
            exposures.add_metric([session_id, state], count)
        backlog.add_metric([session_id], figures.exposures["going"])
        for level, count in figures.alerts.items():
            alerts.add_metric([session_id, level], count)
        if figures.free is not None:
            free.add_metric([session_id], figures.free)
    yield from (exposures, backlog, alerts, free)


def _of_pace(told: dict[str, SessionFigures]) -> Iterator[Metric]:
    families = (
        ("found", _gauge("found_per_hour", "Movies found in an hour, as of the last ten minutes.")),
        ("processed", _gauge("processed_per_hour", "Movies processed in an hour, likewise.")),
        ("delay", _gauge("delay_seconds", "From a movie's being found to its being processed.")),
        ("last", _gauge("last_found_timestamp_seconds", "When the last movie was found.")),
    )
    for name, family in families:
        for session_id, figures in told.items():
            value = getattr(figures.pace, name)
            if value is not None:
                family.add_metric([session_id], value)
        yield family


def _of_steps(told: dict[str, SessionFigures]) -> Iterator[Metric]:
    labels = ["session", "step"]
    tasks = GaugeMetricFamily(
        "icestream_step_tasks",
        "Tasks of a step by their state; the rejected ones are among the done.",
        labels=[*labels, "state"],
    )
    seconds = SummaryMetricFamily(
        "icestream_step_task_seconds", "Time that tasks of a step took.", labels=labels
    )
    for session_id, figures in told.items():
        for step in figures.steps:
            counts: Any = step.counts
            for state in _STEP_STATES:
                tasks.add_metric([session_id, step.name, state], getattr(counts, state))
            ran = counts.done - counts.reused
            seconds.add_metric([session_id, step.name], ran, counts.seconds)
    yield from (tasks, seconds)


def _gauge(name: str, says: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"icestream_session_{name}", says, labels=["session", *labels])
