"""Alerts that hold: raised once, kept while they are reported, cleared by themselves."""

import json
import math
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from icestream.engine.graph.plan import PlannedStep
from icestream.engine.record.deliveries import Deliveries
from icestream.model import Alert, BranchId, Extent, Offer, StepId
from icestream.store import tables as t
from icestream.store.events import AlertAdopted, AlertCleared, AlertRaised, AlertUpdated
from icestream.store.writing import Writes

__all__ = ["ABSENT", "SESSION", "Alerts", "Reporter", "paused", "read_offer"]

ABSENT = 2
"""Reports in a row without an alert after which it is cleared, so that it does not flicker."""


class Reporter(NamedTuple):
    """Who reports an alert: a step of a branch, or the session itself."""

    branch: BranchId | None = None
    step: StepId | None = None

    @classmethod
    def of(cls, step: PlannedStep) -> "Reporter":
        """A step, as part of the branch that it is reported for."""
        return cls(step.branch, step.step)


SESSION = Reporter()


@dataclass(slots=True)
class _Held:
    id: int
    alert: Alert
    absent: int = 0
    adopted: bool = False
    """What it offered was done; the offer stays what it was then."""


@dataclass(slots=True)
class Alerts:
    """The alerts that hold now, by who reports them and what they are about."""

    held: dict[tuple[Reporter, str], _Held] = field(default_factory=dict)
    deliveries: Deliveries = field(default_factory=Deliveries)
    """What of them is sent to people."""
    _past: dict[tuple[StepId | None, str], list[tuple[float, float]]] = field(default_factory=dict)
    """From when to when what is over was, so that nobody is told of it twice, by whichever branch
    the step is reported for meanwhile."""

    def load(self, connection: Connection) -> None:
        """Read the alerts that held when the session was last left."""
        for row in connection.execute(select(t.alert).where(t.alert.c.cleared.is_(None))):
            alert = Alert(
                key=row.key,
                level=row.level,
                message=row.message,
                exposure=row.exposure,
                offer=read_offer(row.offer),
                began=row.began,
                extent=None if row.extent is None else Extent(**json.loads(row.extent)),
                cause=row.cause,
            )
            self.held[Reporter(row.branch_id, row.step_id), row.key] = _Held(
                row.id, alert, adopted=row.adopted is not None
            )
        self._past = {}
        extents = select(t.alert).where(
            t.alert.c.cleared.is_not(None), t.alert.c.began.is_not(None)
        )
        for row in connection.execute(extents.where(t.alert.c.extent.is_not(None))):
            ended = json.loads(row.extent).get("ended")
            if ended is not None:
                told = self._past.setdefault((row.step_id, row.key), [])
                told.append((row.began, ended))
        self.deliveries.load(connection, time.time())

    def report(
        self, writes: Writes, by: Reporter, alerts: Iterable[Alert], *, last: bool = False
    ) -> None:
        """Take in everything that one reporter has to say now, or in its `last` report."""
        now = {}
        for alert in alerts:
            if _ended(alert) is None:
                now[alert.key] = alert
            else:
                self._was(writes, by, alert)
        for alert in now.values():
            self.raise_(writes, by, alert)
        for key in [key for reporter, key in self.held if reporter == by]:
            if key not in now:
                held = self.held[by, key]
                held.absent += 1
                if last or held.absent >= ABSENT:
                    self.clear(writes, by, key)

    def _was(self, writes: Writes, by: Reporter, alert: Alert) -> None:
        """Take in what is over: the end of an alert that holds, or what nobody was told of."""
        began, ended = _span(alert)
        held = self.held.get((by, alert.key))
        told = self._past.setdefault((by.step, alert.key), [])
        if held is not None and _span(held.alert)[0] > ended:
            held = None  # another one, which began later
        if held is None and any(began <= last and first <= ended for first, last in told):
            return
        told.append((began, ended))
        later = self.held.pop((by, alert.key), None) if held is None else None
        self.raise_(writes, by, alert)
        self.clear(writes, by, alert.key)
        if later is not None:
            self.held[by, alert.key] = later

    def raise_(self, writes: Writes, by: Reporter, alert: Alert) -> None:
        """Raise an alert, or keep it up."""
        held = self.held.get((by, alert.key))
        if held is None:
            id_ = writes.insert(
                t.alert,
                branch_id=by.branch,
                step_id=by.step,
                key=alert.key,
                **_columns(alert),
                raised=writes.now,
                seen=writes.now,
            )
            writes.event(AlertRaised(alert=id_, **_said(alert)), step_id=by.step)
            self.held[by, alert.key] = _Held(id_, alert)
            self.deliveries.raised(writes, id_, by.step, alert)
            return
        held.absent = 0
        if held.adopted:
            alert = replace(alert, offer=held.alert.offer)
        if held.alert != alert:
            writes.update(
                t.alert,
                held.id,
                **_columns(alert),
                seen=writes.now,
            )
            writes.event(AlertUpdated(alert=held.id, **_said(alert)), step_id=by.step)
            self.deliveries.updated(writes, held.id, by.step, held.alert, alert)
            held.alert = alert

    def adopt(
        self, writes: Writes, step: StepId | None, alert: int, offer: Offer, who: str
    ) -> None:
        """Note that what an alert of a step offers was adopted; said once, however often asked."""
        held = next((one for one in self.held.values() if one.id == alert), None)
        if held is None or not held.adopted:
            said = AlertAdopted(alert=alert, who=who, offer=asdict(offer))
            writes.event(said, step_id=step)
        if held is not None:
            held.adopted = True
        writes.update(t.alert, alert, adopted=writes.now, adopted_by=who)

    def clear(self, writes: Writes, by: Reporter, key: str) -> None:
        """Clear an alert, if it holds."""
        held = self.held.pop((by, key), None)
        if held is not None:
            writes.update(t.alert, held.id, cleared=writes.now)
            writes.event(AlertCleared(alert=held.id), step_id=by.step)
            self.deliveries.cleared(writes, held.id)

    def follow(self, writes: Writes, reporters: Mapping[Reporter, Reporter | None]) -> None:
        """Lay what holds to those who report it from now on; clear what nobody does any more.

        A step that two branches share is reported for the adopted one; of one that only a branch at
        rest has, nobody says any more when its alerts are over.
        """
        for by, key in list(self.held):
            now = reporters.get(by, by)
            if now is None or (now != by and (now, key) in self.held):
                self.clear(writes, by, key)
            elif now != by:
                held = self.held.pop((by, key))
                writes.update(t.alert, held.id, branch_id=now.branch)
                self.held[now, key] = held

    def rearm(self, writes: Writes, numbers: Collection[int]) -> None:
        """Send those of these that hold again."""
        for by, key in list(self.held):
            held = self.held[by, key]
            if held.id in numbers:
                self.deliveries.rearmed(writes, held.id, by.step, held.alert)


def _ended(alert: Alert) -> float | None:
    return None if alert.extent is None else alert.extent.ended


def _span(alert: Alert) -> tuple[float, float]:
    """From when to when it was; without an end of what holds."""
    ended = _ended(alert)
    began = -math.inf if alert.began is None else alert.began
    return began, math.inf if ended is None else ended


def read_offer(document: str | None) -> Offer | None:
    """An offer from the form in which the store keeps it."""
    return None if document is None else Offer(**json.loads(document))


def _said(alert: Alert) -> dict[str, Any]:
    """What an event says of an alert."""
    return {
        "key": alert.key,
        "level": alert.level,
        "message": alert.message,
        "about": alert.exposure,
        "offer": None if alert.offer is None else asdict(alert.offer),
        "began": alert.began,
        "extent": None if alert.extent is None else asdict(alert.extent),
        "cause": alert.cause,
    }


def _columns(alert: Alert) -> dict[str, Any]:
    """What the store keeps of what an alert says."""
    return {
        "level": alert.level,
        "message": alert.message,
        "exposure": alert.exposure,
        "offer": _write_offer(alert.offer),
        "began": alert.began,
        "extent": None if alert.extent is None else json.dumps(asdict(alert.extent)),
        "cause": alert.cause,
    }


def _write_offer(offer: Offer | None) -> str | None:
    return None if offer is None else json.dumps(asdict(offer), sort_keys=True, default=str)


def paused(session: Path, step: str, reason: str) -> Alert:
    """The alert of a step that was paused because something is wrong with it."""
    message = (
        f"{step} is paused: {reason}. Fix what is wrong, or change a parameter "
        f"(icestream set), then: icestream resume {session} {step}"
    )
    return Alert(key="step.paused", level="critical", message=message)
