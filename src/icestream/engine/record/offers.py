"""Offers: changes of parameters that come with an alert, for a person or the engine to adopt.

Adopting is a request like any other (`icestream.engine.requests`), so that what the engine does by
itself is recorded, answered and undone in the same way as what a person does.
"""

import json
import uuid
from collections.abc import Iterable
from dataclasses import replace

from pydantic import ValidationError
from sqlalchemy import Connection, insert, select

from icestream.engine.graph.plan import Plan
from icestream.engine.record.alerts import Alerts
from icestream.engine.record.revisions import change_parameters
from icestream.model import Alert
from icestream.store import tables as t
from icestream.store.writing import Writes

__all__ = ["adopt_automatically", "usable_alerts"]


def usable_alerts(plan: Plan, alerts: Iterable[Alert]) -> list[Alert]:
    """The alerts, without the offers that cannot be adopted or would change nothing.

    An offer that names no step, or values that its parameters refuse, is a defect of the monitor:
    the message says so, and the alert itself stands.
    """
    return [_usable(plan, alert) for alert in alerts]


def _usable(plan: Plan, alert: Alert) -> Alert:
    if alert.offer is None:
        return alert
    try:
        step, *_ = change_parameters(plan, alert.offer.step, alert.offer.changes)
    except (LookupError, ValidationError) as error:
        said = str(error).splitlines()
        why = f"; what it offers cannot be done: {' '.join(line.strip() for line in said)}"
        return replace(alert, message=alert.message + why, offer=None)
    if step.parameters == plan.steps[step.id].parameters:
        return replace(alert, offer=None)
    return alert


def adopt_automatically(
    connection: Connection, writes: Writes, alerts: Alerts, step: int, who: str
) -> bool:
    """Ask for what the alerts of a monitor offer to do at once; true when anything was asked.

    The same key is adopted once only, whatever came of it: a monitor that keeps offering cannot
    make a session run in circles.
    """
    asked = False
    for (number, key), held in alerts.held.items():
        offer = held.alert.offer
        if number != step or offer is None or not offer.automatic:
            continue
        same = (t.alert.c.step_id == step, t.alert.c.key == key)
        before = connection.execute(
            select(t.alert.c.id).where(*same, t.alert.c.adopted.is_not(None)).limit(1)
        ).scalar()
        if before is not None:
            continue
        # Marked now, so that it is asked for once, even if the request is refused.
        alerts.adopt(writes, held.id, who)
        connection.execute(
            insert(t.request).values(
                token=uuid.uuid4().hex,
                time=writes.now,
                verb="adopt",
                document=json.dumps({"alert": held.id}),
                who=who,
                state="new",
            )
        )
        asked = True
    return asked
