"""Notes: what monitors, sources and the housekeeping say, written into the record."""

import json
from collections.abc import Sequence

from sqlalchemy import delete, update

from icestream.engine.graph.plan import PlannedStep
from icestream.engine.messages import LIMITS, Compacted, Inspected, SourceFailed
from icestream.engine.record.alerts import SESSION, Reporter
from icestream.engine.record.offers import adopt_automatically, usable_alerts
from icestream.engine.record.record import Record
from icestream.model import Alert, to_document
from icestream.protocol import Sample
from icestream.store import tables as t
from icestream.store.events import FiguresDrawn, SamplesTaken, SegmentWritten, SourceRaised
from icestream.store.writing import Writes

__all__ = ["alert", "compacted", "inspected", "sampled", "source_failed"]

_BROKEN = "monitor.broken"


def inspected(record: Record, said: Inspected, *, last: bool = False) -> bool:
    """Record what a monitor said; true when it made the engine ask itself for something.

    What the `last` inspection of a session does not say is over: nobody looks a second time.
    """
    with record.transaction() as (connection, writes):
        step = record.plan.steps.get(said.step)
        if step is None:
            return False  # it was revised, or taken out, while it looked
        if said.error:
            name = step.name
            why = said.error.strip().splitlines()[-1]
            broken = Alert(key=_BROKEN, level="warning", message=f"{name} cannot look: {why}")
            record.alerts.raise_(writes, Reporter.of(step), broken)
            return False
        alerts = usable_alerts(record.plan, said.alerts)
        if step.protocol.watches:
            record.alerts.report(writes, Reporter.of(step), alerts, last=last)
        else:
            _settled(record, writes, step, alerts)
        _sampled(writes, said.samples, said.time)
        if said.samples:
            names = sorted({sample.name for sample in said.samples})
            writes.event(SamplesTaken(names=names), step_id=step.step)
        if said.figures:
            connection.execute(delete(t.figure).where(t.figure.c.step_id == step.step))
            drawn = json.dumps([to_document(figure) for figure in said.figures])
            writes.insert(t.figure, step_id=step.step, document=drawn, time=said.time)
            titles = [figure.title for figure in said.figures]
            writes.event(FiguresDrawn(titles=titles), step_id=step.step)
        writes.flush(connection)
        return adopt_automatically(connection, writes, record.alerts, step)


def _settled(record: Record, writes: Writes, step: PlannedStep, alerts: Sequence[Alert]) -> None:
    """Let what a selection offers take the place of what it offered before; others stay."""
    ours = Reporter.of(step)
    new = {alert.key for alert in alerts}
    for by, key in list(record.alerts.held):
        offered = key == _BROKEN or key.startswith(LIMITS)
        if by == ours and offered and key not in new:
            record.alerts.clear(writes, ours, key)
    for alert_ in alerts:
        record.alerts.raise_(writes, ours, alert_)


def sampled(record: Record, samples: Sequence[Sample]) -> None:
    """Record what the engine itself measured; that is no news to anybody, and no event."""
    with record.transaction() as (_, writes):
        _sampled(writes, samples, writes.now)


def _sampled(writes: Writes, samples: Sequence[Sample], time: float) -> None:
    for sample in samples:
        writes.insert(t.sample, time=time, name=sample.name, value=sample.value, unit=sample.unit)


def source_failed(record: Record, said: SourceFailed) -> None:
    """Record that a source raised; the alert clears when it finds something again."""
    step = record.plan.steps.get(said.step)
    if step is None:
        return
    then = "" if said.final else " (it tries again)"
    message = f"{step.name} cannot look for new items: {said.reason}{then}"
    alert = Alert(key="source.failed", level="critical", message=message)
    with record.transaction() as (_, writes):
        record.alerts.raise_(writes, Reporter.of(step), alert)
        writes.event(
            SourceRaised(details=said.details, reason=said.reason, final=said.final),
            step_id=step.step,
        )


def compacted(record: Record, made: Compacted) -> None:
    """Record a segment of particles."""
    with record.transaction() as (connection, writes):
        segment = writes.insert(
            t.segment,
            step_id=made.step,
            revision_id=made.revision,
            path=made.path,
            rows=made.rows,
            created=writes.now,
            size=made.size,
            hash=made.hash,
        )
        writes.event(SegmentWritten(path=made.path, rows=made.rows), step_id=made.step)
        writes.flush(connection)
        chosen = t.part.c.result_id.in_(made.results)
        connection.execute(update(t.part).where(chosen).values(segment_id=segment))


def alert(record: Record, said: Alert, *, holds: bool) -> None:
    """Raise or clear an alert of the session itself."""
    with record.transaction() as (_, writes):
        if holds:
            record.alerts.raise_(writes, SESSION, said)
        else:
            record.alerts.clear(writes, SESSION, said.key)
