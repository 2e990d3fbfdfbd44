"""Which alerts were sent over which channels, and which wait."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select

from icestream.store import tables as t
from icestream.store.open import Store

__all__ = ["DeliveryRecord", "deliveries"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """An alert that is or was to be sent over a channel, or that it is over."""

    alert: int
    channel: str
    over: bool
    level: str
    state: str
    """waiting, sent, dropped, given up."""
    queued: float
    due: float
    """When it is tried next; it may be kept back beyond that by quiet hours and mutes."""
    tries: int
    ended: float | None
    answer: str
    """The last of the server, or why there was none."""


def deliveries(store: Store, alerts: Collection[int]) -> tuple[DeliveryRecord, ...]:
    """Of these alerts, in order of queuing."""
    columns = [
        t.delivery.c[name] for name in DeliveryRecord.__dataclass_fields__ if name in t.delivery.c
    ]
    chosen = (
        select(t.delivery.c.alert_id.label("alert"), *columns)
        .where(t.delivery.c.alert_id.in_(sorted(alerts)))
        .order_by(t.delivery.c.id)
    )
    with store.read() as connection:
        return tuple(DeliveryRecord(**row._asdict()) for row in connection.execute(chosen))
