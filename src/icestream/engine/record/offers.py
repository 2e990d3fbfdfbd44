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

from icestream.engine.graph.plan import Plan, PlannedStep, parameters_of
from icestream.engine.record.alerts import Alerts, Reporter
from icestream.model import Alert
from icestream.protocol import refused_values
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
        step = plan.step(alert.offer.step)
        parameters = parameters_of(type(step.protocol), {**step.changed, **alert.offer.changes})[1]
    except LookupError as error:
        return _without_offer(alert, str(error))
    except ValidationError as error:
        return _without_offer(alert, _refused(step, error))
    if parameters == step.parameters:
        return replace(alert, offer=None)
    return alert


def _without_offer(alert: Alert, why: str) -> Alert:
    return replace(
        alert, message=f"{alert.message}; what it offers cannot be done: {why}", offer=None
    )


def _refused(step: PlannedStep, error: ValidationError) -> str:
    """What the step does not take, in words."""
    protocol = step.protocol
    unknown = [str(one["loc"][-1]) for one in error.errors() if one["type"] == "extra_forbidden"]
    said = [
        f"{name}: {why}" if name else why
        for name, why in refused_values(type(protocol.parameters), error)
        if name not in unknown
    ]
    if unknown:
        said.append(
            f"the step {step.name!r} runs {protocol.name}, which has no parameter "
            f"{' or '.join(unknown)}; let the monitor name another step"
        )
    return "; ".join(said)


def adopt_automatically(
    connection: Connection, writes: Writes, alerts: Alerts, step: PlannedStep
) -> bool:
    """Ask for what the alerts of a monitor offer to do at once; true when anything was asked.

    The same key is adopted once only, whatever came of it: a monitor that keeps offering cannot
    make a session run in circles.
    """
    asked = False
    for (by, key), held in alerts.held.items():
        offer = held.alert.offer
        if by != Reporter.of(step) or offer is None or not offer.automatic:
            continue
        same = (t.alert.c.step_id == step.step, t.alert.c.key == key)
        before = connection.execute(
            select(t.alert.c.id).where(*same, t.alert.c.adopted.is_not(None)).limit(1)
        ).scalar()
        if before is not None:
            continue
        # Marked now, so that it is asked for once, even if the request is refused.
        alerts.adopt(writes, step.step, held.id, offer, step.name)
        connection.execute(
            insert(t.request).values(
                token=uuid.uuid4().hex,
                time=writes.now,
                verb="adopt",
                document=json.dumps({"alert": held.id}),
                who=step.name,
                state="new",
            )
        )
        asked = True
    return asked
