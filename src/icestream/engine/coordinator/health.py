"""Health: people are told what is wrong with the engine's own parts while it is."""

import time

import structlog

from icestream.engine.executors.contract import CapacityChanged, Ended
from icestream.engine.machine.ledger import LedgerTrouble
from icestream.engine.machine.watched import ThreadDied
from icestream.engine.record import observations
from icestream.engine.record.alerts import SESSION
from icestream.engine.record.record import Record
from icestream.model import Alert

__all__ = ["LEDGER", "ROOM", "SILENT", "THREAD", "Health", "plain"]

SILENT = "executor.silent"
"""Of the alert that a worker or a node did not answer any more."""
LEDGER = "machine.ledger"
"""Of the alert that the session does not know what others of the machine use."""

ROOM = "executor.room"
"""Of the alert that the executor has less room than it was made for."""
THREAD = "thread."
"""Beginning of the keys of alerts on threads that died."""
_WELL = 120.0
"""Seconds without another death after which a thread is well again: longer than any pause."""

_log = structlog.get_logger("icestream.engine")


class Health:
    """Raises and clears the alerts on executor and threads."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._until: dict[str, float] = {}
        """When each alert on a thread is to be cleared."""
        self._alone = False
        """Whether the ledger cannot be used."""

    def capacity(self, said: CapacityChanged) -> None:
        """The executor has another room."""
        held = self._record.alerts.held.get((SESSION, ROOM))
        if said.reason or said.note:
            message = (
                f"{_many(said.leases)} can run at once: {said.reason}. It is tried again by itself"
                if said.reason
                else said.note
            )
            level = "notice" if said.note else "warning" if said.leases else "critical"
            alert = Alert(key=ROOM, level=level, message=message)  # type: ignore[arg-type]
            if held is None or held.alert != alert:
                observations.alert(self._record, alert, holds=True)
                _log.warning("room", leases=said.leases, reason=said.reason or said.note)
        elif held is not None:
            observations.alert(self._record, held.alert, holds=False)

    def silent(self, said: Ended) -> None:
        """A worker did not answer and was killed, or a node is gone: with what it was doing."""
        outs, steps = self._record.leases.get(said.lease, {}).values(), self._record.plan.steps
        tasks = [f"{steps[o.revision].name} of {o.name}" for o in outs if o.revision in steps]
        doing = f" while it did {', '.join(tasks)}" if tasks else ""
        alert = Alert(
            key=SILENT,
            level="warning",
            message=f"{said.lost}{doing}: was it stopped or killed, or does a disk or the network"
            " not answer? Its work is done again by another",
        )
        observations.alert(self._record, alert, holds=True)
        self._until[SILENT] = time.monotonic() + 5 * _WELL
        _log.warning("silent", lease=said.lease, reason=said.lost)

    def ledger(self, said: LedgerTrouble) -> None:
        """The account of what the machine's sessions use cannot be used, or can again."""
        self._alone = bool(said.reason)
        if said.reason:
            message = (
                f"what the sessions of this machine use cannot be kept account of in {said.file} "
                f"({said.reason}): this session goes on alone with what it had or may have at most."
                " It is tried again every second"
            )
            alert = Alert(key=LEDGER, level="warning", message=message)
            observations.alert(self._record, alert, holds=True)
            _log.warning("ledger", file=str(said.file), reason=said.reason)

    def held(self, reason: str) -> None:
        """Storage was in trouble, and is well again: nothing could be recorded meanwhile."""
        alert = Alert(key="storage", level="critical", message=reason)
        observations.alert(self._record, alert, holds=True)
        observations.alert(self._record, alert, holds=False)

    def died(self, said: ThreadDied) -> None:
        """A thread has died."""
        then = "it is started again" if said.again else "the session ends and can be run again"
        alert = Alert(
            key=THREAD + said.name,
            level="warning" if said.again else "critical",
            message=f"a part of the engine has failed: {said.name} ({plain(said.error)}); {then}",
        )
        observations.alert(self._record, alert, holds=True)
        self._until[alert.key] = time.monotonic() + _WELL
        _log.error("thread", name=said.name, again=said.again, exc_info=said.error)

    def look(self) -> None:
        """Clear what is over; what an earlier run of the session left, too."""
        now = time.monotonic()
        for reporter, key in list(self._record.alerts.held):
            passes = key == SILENT or key.startswith(THREAD)
            well = passes and self._until.get(key, now) <= now
            if reporter == SESSION and (well or (key == LEDGER and not self._alone)):
                alert = self._record.alerts.held[reporter, key].alert
                observations.alert(self._record, alert, holds=False)


def plain(error: BaseException) -> str:
    """An error in one line, with what kind it is."""
    return f"{type(error).__name__}: {error}".rstrip(": ").replace("\n", " ")


def _many(leases: int) -> str:
    return f"only {leases} lease{'' if leases == 1 else 's'}" if leases else "no lease"
