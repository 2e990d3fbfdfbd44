"""What people say of alerts: that they take care of them, that they want to hear less, or again."""

import time

from sqlalchemy import Connection, select, update

from icestream.engine.record.record import Record
from icestream.engine.requests.models import Acknowledge, InvalidRequest, Mute, Rearm
from icestream.store import tables as t
from icestream.store.events import AlertAcknowledged, AlertMuted, AlertRearmed
from icestream.store.mutes import alert_row, check_key, mutes

__all__ = ["acknowledge", "heed", "mute", "rearm"]


def heed(record: Record, request: Acknowledge | Mute | Rearm) -> str:
    """Carry out what people say of alerts; returns the answer."""
    match request:
        case Acknowledge():
            return acknowledge(record, request)
        case Mute():
            return mute(record, request)
        case Rearm():
            return rearm(record, request)


def acknowledge(record: Record, request: Acknowledge) -> str:
    """Record that somebody takes care of an alert; returns the answer."""
    with record.transaction() as (connection, writes):
        row = alert_row(connection, request.alert)
        seen = {"acknowledged_by": request.who, "acknowledged_why": request.why}
        writes.update(t.alert, row.id, acknowledged=writes.now, **seen)
        said = AlertAcknowledged(alert=row.id, who=request.who, why=request.why)
        writes.event(said, step_id=row.step_id)
        record.alerts.deliveries.acknowledged(writes, row.id, request.who)
    return "acknowledged"


def mute(record: Record, request: Mute) -> str:
    """Send nothing of a kind of alerts for a time; returns the answer."""
    until = time.strftime("%Y-%m-%d %H:%M", time.localtime(request.until))
    with record.transaction() as (connection, writes):
        key, step, name = _kind(connection, request)
        if request.until <= writes.now:
            raise InvalidRequest(f"{name} was to be muted until {until}, which is over")
        _end(connection, key, step, request.who)
        writes.insert(
            t.mute,
            key=key,
            step_id=step,
            since=writes.now,
            until=request.until,
            who=request.who,
            why=request.why,
            ended_by="",
        )
        said = AlertMuted(key=key, until=request.until, who=request.who, why=request.why)
        writes.event(said, step_id=step)
        writes.flush(connection)
        record.alerts.deliveries.mutes = mutes(connection, writes.now)
    return f"{name} is muted until {until}"


def rearm(record: Record, request: Rearm) -> str:
    """Take back mutes and acknowledgements of a kind of alerts; returns the answer."""
    with record.transaction() as (connection, writes):
        key, step, name = _kind(connection, request)
        _end(connection, key, step, request.who)
        column = t.alert.c
        chosen = select(column.id).where(column.key == key, column.cleared.is_(None))
        if step is not None:
            chosen = chosen.where(column.step_id == step)
        held = connection.execute(chosen).scalars().all()
        for alert in held:
            writes.update(
                t.alert, alert, acknowledged=None, acknowledged_by="", acknowledged_why=""
            )
        said = AlertRearmed(key=key, who=request.who, why=request.why)
        writes.event(said, step_id=step)
        record.alerts.rearm(writes, held)
        record.alerts.deliveries.mutes = mutes(connection, writes.now)
    return f"{name} is sent again"


def _kind(connection: Connection, request: Mute | Rearm) -> tuple[str, int | None, str]:
    """Which kind of alerts is meant: the key, the step (None: of all), and how to call it."""
    if request.alert is not None:
        row = alert_row(connection, request.alert)
        chosen = select(t.step.c.name).where(t.step.c.id == row.step_id)
        step = connection.execute(chosen).scalar()
        return row.key, row.step_id, f"{row.key} of {step}" if step else row.key
    key = str(request.key)
    check_key(connection, key)
    return key, None, key


def _end(connection: Connection, key: str, step: int | None, who: str) -> None:
    """End the mutes of a kind; for all steps, those of single ones, too."""
    now = time.time()
    for held in mutes(connection, now):
        if held.key == key and step in (None, held.step_id):
            connection.execute(
                update(t.mute).where(t.mute.c.id == held.id).values(ended=now, ended_by=who)
            )
