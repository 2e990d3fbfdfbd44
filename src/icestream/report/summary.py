"""One session at a glance; what it costs does not grow with the session."""

from icestream.engine.machine.lock import as_it_is, holder
from icestream.model.forecast import forecast
from icestream.model.outlook import outlook_words
from icestream.report.verdicts import data_answer
from icestream.store import queries
from icestream.store.newest import newest_settled, newest_values
from icestream.store.open import Store
from icestream.store.pace import pace
from icestream.store.records import AlertRecord
from icestream.store.requests import requests
from icestream.store.severity import told_once
from icestream.store.standing import reruns, told_state
from icestream.store.summaries import (
    AlertCounts,
    ExposureCounts,
    SessionRate,
    SessionSummary,
    SessionVerdict,
)
from icestream.store.workload import workload

__all__ = ["sum_up"]

_ENDED = ("done", "stopped")
_TREND = 24
"""Values that show where the data go."""
_LETTERS = {"done": "a", "rejected": "r", "failed": "f"}


def sum_up(store: Store, session_id: str, now: float) -> SessionSummary:
    """The summary of a session.

    Parameters
    ----------
    store
        The session's.
    session_id
        By which it is asked for.
    now
        Seconds since the epoch.
    """
    session = as_it_is(queries.session(store), store.folder)
    counts = queries.count_exposures(store)
    waiting = requests(store, state="new")
    state, reason = told_state(session.state, session.reason, reruns(store), len(waiting))
    alerts = told_once(queries.alerts(store))
    return SessionSummary(
        id=session_id,
        folder=str(store.folder),
        name=session.name,
        workflow=session.workflow,
        state=state,
        reason=reason,
        running=bool(runs := holder(store.folder)),
        microscope=_microscope(store),
        created=session.created,
        changed=session.changed,
        counts=ExposureCounts(
            found=sum(counts.values()),
            accepted=counts["done"],
            rejected=counts["rejected"],
            failed=counts["failed"],
            behind=counts["going"],
        ),
        rate=_rate(store, now, ended=session.state in _ENDED, runs=bool(runs)),
        alerts=AlertCounts(
            **{level: _count(alerts, level) for level in ("critical", "warning", "notice")}
        ),
        verdict=_verdict(store, sum(counts.values()), alerts),
        trend=tuple(reversed(newest_values(store, "ctf.resolution", None)[:_TREND])),
    )


def _count(alerts: list[AlertRecord], level: str) -> int:
    return sum(alert.level == level for alert in alerts)


def _microscope(store: Store) -> str:
    """What the sources were told of where their movies come from."""
    said = (step.parameters.get("microscope") for step in queries.steps(store))
    return next((str(name) for name in said if name), "")


def _rate(store: Store, now: float, *, ended: bool, runs: bool) -> SessionRate:
    told = pace(store, now, finished=ended)
    words = outlook_words(forecast(workload(store, now)), now) if runs and not ended else ""
    return SessionRate(
        per_hour=told.found,
        processed=told.processed,
        last=told.last,
        interval=told.interval,
        words=words,
    )


def _verdict(store: Store, total: int, alerts: list[AlertRecord]) -> SessionVerdict:
    settled = newest_settled(store)
    states = "".join(_LETTERS[state] for state, _ in settled)
    reasons = ["; ".join(why) for state, why in settled if state == "rejected" and why]
    level, word, why = data_answer(states, reasons, total, alerts)
    return SessionVerdict(level=level, sentence=f"{word}: {why}")
