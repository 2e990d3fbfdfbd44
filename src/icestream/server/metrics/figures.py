"""What a monitoring system is told of one session: a few numbers, read from its store."""

from collections.abc import Mapping
from dataclasses import dataclass

from icestream.engine.machine.lock import as_it_is
from icestream.model import SessionState
from icestream.store import queries
from icestream.store.filling import filling
from icestream.store.open import Store
from icestream.store.pace import Pace, pace
from icestream.store.records import StepRecord

__all__ = ["SessionFigures", "figures_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFigures:
    """One session, as of now."""

    name: str
    workflow: str
    state: SessionState
    changed: float
    """Seconds since the epoch."""
    exposures: Mapping[str, int]
    """Numbers by state: going, done, rejected, failed."""
    pace: Pace
    alerts: Mapping[str, int]
    """Numbers of those that hold, by level."""
    free: float | None
    """Bytes left on its disk; None where that was not measured of late."""
    steps: tuple[StepRecord, ...]
    """Of the adopted branch."""


def figures_of(store: Store, now: float) -> SessionFigures:
    """The figures of a session; what they cost does not grow with it."""
    session = as_it_is(queries.session(store), store.folder)
    levels = [alert.level for alert in queries.alerts(store)]
    disk = filling(store, now)
    finished = session.state in ("done", "stopped")
    return SessionFigures(
        name=session.name,
        workflow=session.workflow,
        state=session.state,
        changed=session.changed,
        exposures=queries.count_exposures(store),
        pace=pace(store, now, finished=finished),
        alerts={level: levels.count(level) for level in ("critical", "warning", "notice")},
        free=None if disk is None else disk.free,
        steps=queries.steps(store),
    )
