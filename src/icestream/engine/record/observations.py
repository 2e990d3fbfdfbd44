"""Notes: what monitors, sources and the housekeeping say, written into the record."""

import json

from sqlalchemy import delete, update

from icestream.engine.messages import Compacted, Inspected, SourceFailed
from icestream.engine.record.offers import adopt_automatically, usable_alerts
from icestream.engine.record.record import Record
from icestream.model import Alert, to_document
from icestream.store import tables as t

__all__ = ["alert", "compacted", "inspected", "source_failed"]


def inspected(record: Record, said: Inspected, *, last: bool = False) -> bool:
    """Record what a monitor said; true when it made the engine ask itself for something.

    What the `last` inspection of a session does not say is over: nobody looks a second time.
    """
    with record.transaction() as (connection, writes):
        if said.error:
            name = record.plan.steps[said.step].name
            why = said.error.strip().splitlines()[-1]
            broken = Alert(
                key="monitor.broken", level="warning", message=f"{name} cannot look: {why}"
            )
            record.alerts.raise_(writes, said.step, broken)
            return False
        alerts = usable_alerts(record.plan, said.alerts)
        record.alerts.report(writes, said.step, alerts, last=last)
        for one in said.samples:
            writes.insert(t.sample, time=said.time, name=one.name, value=one.value, unit=one.unit)
        if said.figures:
            connection.execute(delete(t.figure).where(t.figure.c.step_id == said.step))
            drawn = json.dumps([to_document(figure) for figure in said.figures])
            writes.insert(t.figure, step_id=said.step, document=drawn, time=said.time)
        writes.flush(connection)
        name = record.plan.steps[said.step].name
        return adopt_automatically(connection, writes, record.alerts, said.step, name)


def source_failed(record: Record, said: SourceFailed) -> None:
    """Record that a source raised; the alert clears when it finds something again."""
    name = record.plan.steps[said.step].name
    then = "" if said.final else " (it tries again)"
    message = f"{name} cannot look for new items: {said.reason}{then}"
    alert = Alert(key="source.failed", level="critical", message=message)
    with record.transaction() as (_, writes):
        record.alerts.raise_(writes, said.step, alert)
        writes.event("source.failed", json.dumps({"details": said.details}), step_id=said.step)


def compacted(record: Record, made: Compacted) -> None:
    """Record a segment of particles."""
    with record.transaction() as (connection, writes):
        number = writes.insert(
            t.segment,
            step_id=made.step,
            revision_id=made.revision,
            path=made.path,
            rows=made.rows,
            created=writes.now,
        )
        writes.flush(connection)
        chosen = t.part.c.result_id.in_(made.results)
        connection.execute(update(t.part).where(chosen).values(segment_id=number))


def alert(record: Record, one: Alert, *, holds: bool) -> None:
    """Raise or clear an alert of the session itself."""
    with record.transaction() as (_, writes):
        if holds:
            record.alerts.raise_(writes, None, one)
        else:
            record.alerts.clear(writes, None, one.key)
