"""Room: tasks are ready and nothing runs, since others have the machine or it is too small."""

from collections.abc import Mapping

from icestream.engine.coordinator.health import ROOM
from icestream.engine.decisions.share import free_of
from icestream.engine.decisions.state import Free, StateView, StepView
from icestream.engine.record import observations
from icestream.engine.record.alerts import SESSION
from icestream.engine.record.record import Record
from icestream.model import Alert
from icestream.protocol import Resources

__all__ = ["KEY", "Room"]

KEY = "machine.crowded"
"""Of the alert."""
_PATIENCE = 10.0
"""Seconds in which nothing runs before people are told: shares change hands within a few."""
_GIB = 2**30
_HERE = "on this machine", "allow the session more, or process it on another machine"
_NODE = "on the largest node", "or say in the settings of the cluster that nodes have more"
"""Where tasks run, and what else helps those that need too much."""


class Room:
    """Watches whether a session can start what is ready, and tells people when it cannot.

    Parameters
    ----------
    most
        What the session may use when it is alone, by kind of the machine's ledger.
    node
        What one node of a cluster has at most, likewise; None: tasks run on this machine.
    """

    def __init__(self, most: Mapping[str, int], node: Mapping[str, int] | None = None) -> None:
        self._most = free_of(most if node is None else node)
        self._where, self._elsewhere = _HERE if node is None else _NODE
        self._since: float | None = None

    def look(self, record: Record, state: StateView, now: float) -> bool:
        """Raise or clear the session's alert; returns whether tasks wait for room.

        Parameters
        ----------
        record, state
            Of the session.
        now
            Seconds of any clock that only goes forward.
        """
        ready = _ready(state)
        able = [step for step in ready if self._most.fits(step.need)]
        unable = [step for step in ready if not self._most.fits(step.need)]
        if not able or state.leases:
            self._since = None
        elif self._since is None:
            self._since = now
        message = ""
        if unable:
            message = self._never(record, unable[0])
        elif self._since is not None and now - self._since > _PATIENCE:
            message = _not_now(record, able[0], state)
        _tell(record, message, "critical" if unable else "warning")
        return bool(able)

    def _never(self, record: Record, step: StepView) -> str:
        name = record.plan.steps[step.id].name
        return (
            f"{name} cannot start here: it needs {_lacking(step.need, self._most)} for this session"
            f" {self._where}. Change its parameters, {self._elsewhere}"
        )


def _not_now(record: Record, step: StepView, state: StateView) -> str:
    name = record.plan.steps[step.id].name
    lacking = _lacking(step.need, state.free)
    if not lacking and (SESSION, ROOM) in record.alerts.held:
        return ""  # the executor has said why
    if not lacking:
        return (
            f"nothing runs although tasks are ready: the executor has no room for {name} yet;"
            " it goes on by itself when it has"
        )
    return (
        f"nothing runs although tasks are ready: {name} needs {lacking}"
        " of the share of the machine that the session has now. Other sessions use the rest;"
        " it goes on by itself when they leave some"
    )


def _tell(record: Record, message: str, level: str) -> None:
    held = record.alerts.held.get((SESSION, KEY))
    if message:
        alert = Alert(key=KEY, level=level, message=message)  # type: ignore[arg-type]
        if held is None or held.alert != alert:
            observations.alert(record, alert, holds=True)
    elif held is not None:
        observations.alert(record, held.alert, holds=False)


def _ready(state: StateView) -> list[StepView]:
    """Steps with tasks that could start if there were room, the deepest first."""
    if state.session != "running":
        return []
    waiting = [s for s in state.steps.values() if not s.held and (s.window or s.stored)]
    return sorted(waiting, key=lambda step: -step.depth)


def _lacking(need: Resources, free: Free) -> str:
    """What a task needs more of than there is."""
    parts = []
    if need.cores > free.cores:
        parts.append(f"{_many(need.cores, 'core')} and there are {max(0, free.cores)}")
    if need.memory > free.memory:
        there = max(0, free.memory) / _GIB
        parts.append(f"{need.memory / _GIB:.1f} GiB of memory and there are {there:.1f}")
    if need.gpus > max(0, free.gpus):
        parts.append(f"{_many(need.gpus, 'GPU')} and there are {max(0, free.gpus)}")
    gone = [token for token in need.tokens if free.tokens.get(token, 1) <= 0]
    if gone:
        parts.append(f"copies of {' and '.join(gone)} and there are 0")
    return ", ".join(parts)


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
