"""Alerts with what to do about them, what monitors measured, and forecasts."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Annotated, Any

from fastapi import APIRouter, Query

from icestream.engine.machine.lock import as_it_is
from icestream.engine.requests.commands import mending_command
from icestream.model.forecast import forecast
from icestream.model.outlook import (
    behind_words,
    filling_document,
    forecast_document,
)
from icestream.model.taken import Taken
from icestream.protocol.describe import offer_words
from icestream.report.limits import Limits, alert_words
from icestream.report.live import sample_title
from icestream.server.drawing import Gallery, ThisGallery
from icestream.store import queries
from icestream.store.deliveries import DeliveryRecord, deliveries
from icestream.store.extents import extent_words
from icestream.store.filling import filling
from icestream.store.newest import newest_taken
from icestream.store.pace import Pace, pace
from icestream.store.records import AlertRecord, SampleRecord
from icestream.store.samples import newest_samples
from icestream.store.severity import worst_first
from icestream.store.subjects import numbers_of
from icestream.store.workload import workload

__all__ = ["Outlook", "SampleSeries", "ShownAlert", "router"]

router = APIRouter(tags=["alerts"])

_POINTS = 500
"""Values of one series that are sent."""
_SAMPLES = 200_000
"""Samples that are looked through, the newest."""
_ENDED = ("done", "stopped")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAlert:
    """An alert as it is recorded, and what to say and do about it."""

    id: int
    """What people type to acknowledge it."""
    step: str
    """Empty when it is about the session as a whole."""
    branch: str
    key: str
    level: str
    message: str
    cause: str
    """What is likely to have caused it."""
    exposure: str
    """The one that shows it best; empty where none does."""
    exposure_number: int | None
    raised: float
    cleared: float | None
    began: float | None
    """When its first exposure was taken."""
    since: float
    """When what it is about began, as well as is known."""
    until: float | None
    """When it was over; null: it holds."""
    acknowledged: float | None
    acknowledged_by: str
    acknowledged_why: str
    muted: float | None
    """Until when nothing of its kind is sent."""
    muted_by: str
    muted_why: str
    adopted: float | None
    """When what it offers was done."""
    adopted_by: str
    offer: Mapping[str, Any] | None
    """Step and changes that would fix it."""
    offer_words: str | None
    """What its button does: ``align: gain_flip=up-down``; null where nothing is offered now."""
    extent: Mapping[str, Any] | None
    extent_words: str
    """Which exposures show it; empty where that is not known."""
    note: str
    """Whether such exposures are refused, too; empty where it is of no limit."""
    command: str
    """What a person types to do what it offers; empty where nothing is offered."""
    deliveries: tuple[DeliveryRecord, ...]
    """Over which channels it was sent, or waits to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSeries:
    """Values that a monitor measured over time."""

    name: str
    title: str
    unit: str
    points: tuple[tuple[float, float], ...]
    """(seconds since the epoch, value); of many, evenly spread ones with the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """How fast a session gets on, when it will have caught up, and when its disk is full."""

    now: float
    finished: bool
    pace: Pace
    forecast: dict[str, Any] | None
    """With ``words`` and ``waiting``, as people are told; null of a session that has ended."""
    disk: dict[str, Any] | None
    """Null where no monitor has looked of late."""


@router.get("/sessions/{id}/alerts")
def alerts(
    gallery: ThisGallery,
    open_only: Annotated[bool, Query(description="Only those that hold now.")] = True,
    after: Annotated[int, Query(ge=0, lt=1 << 63, description="The last that is known.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="Alerts at most.")] = 500,
) -> list[ShownAlert]:
    """Alerts, the worst first and of the same level the newest, with what to do about each."""
    store = gallery.store
    found = queries.alerts(store, open_only=open_only, after=after, limit=limit)
    limits = _limits(gallery, found)
    sent: dict[int, list[DeliveryRecord]] = {}
    for one in deliveries(store, [alert.id for alert in found]):
        sent.setdefault(one.alert, []).append(one)
    numbers = numbers_of(store, [alert.exposure for alert in found if alert.exposure])
    return [
        ShownAlert(
            **{field.name: getattr(alert, field.name) for field in fields(AlertRecord)},
            since=alert.since,
            until=alert.until,
            exposure_number=numbers.get(alert.exposure),
            offer_words=_offered(alert),
            extent_words=extent_words(alert.extent),
            note=alert_words(alert.key, alert.step, limits),
            command=mending_command(store, alert),
            deliveries=tuple(sent.get(alert.id, ())),
        )
        for alert in worst_first(found)
    ]


def _offered(alert: AlertRecord) -> str | None:
    """What a person can still do that it offers."""
    if alert.offer is None or alert.adopted is not None or alert.cleared is not None:
        return None
    return offer_words(alert.offer)


def _limits(gallery: Gallery, found: Sequence[AlertRecord]) -> Limits:
    """What is refused beyond the limits that alerts are of; the protocols say it."""
    if not any(alert.key.endswith((".low", ".high")) for alert in found):
        return {}
    return gallery.limits()


@router.get("/sessions/{id}/samples")
def samples(
    gallery: ThisGallery,
    names: Annotated[
        str | None, Query(max_length=4000, description="With commas between them; all by default.")
    ] = None,
    since: Annotated[float, Query(description="Seconds since the epoch.")] = 0.0,
) -> list[SampleSeries]:
    """What monitors measured over time: load, disk, pace, diameters."""
    wanted = None if names is None else [name for name in names.split(",") if name]
    series: dict[str, list[SampleRecord]] = {}
    for record in newest_samples(gallery.store, since, wanted, most=_SAMPLES):
        series.setdefault(record.name, []).append(record)
    return [
        SampleSeries(
            name=name,
            title=sample_title(name),
            unit=records[-1].unit,
            points=tuple((one.time, one.value) for one in _spread(records)),
        )
        for name, records in sorted(series.items())
    ]


def _spread(records: Sequence[SampleRecord]) -> Sequence[SampleRecord]:
    """So many of them as are sent, evenly, the newest among them."""
    stride = -(-len(records) // _POINTS)
    return records[(len(records) - 1) % stride :: stride]


@router.get("/sessions/{id}/figures")
def figures(gallery: ThisGallery) -> dict[str, list[dict[str, Any]]]:
    """What each monitor drew at its last inspection, by the name of its step."""
    drawn = queries.figures(gallery.store)
    return {step: [dict(one) for one in documents] for step, documents in drawn.items()}


@router.get("/sessions/{id}/forecast")
def outlook(gallery: ThisGallery) -> Outlook:
    """How fast a session gets on, when it will have caught up, and when its disk is full."""
    store, now = gallery.store, time.time()
    finished = as_it_is(queries.session(store), store.folder).state in _ENDED
    foreseen: dict[str, Any] | None = None
    if not finished:
        said = forecast(workload(store, now))
        many = (newest_taken(store)[0] or Taken()).many
        foreseen = forecast_document(said, now) | {"waiting": behind_words(said, many)}
    disk = filling(store, now)
    return Outlook(
        now=now,
        finished=finished,
        pace=pace(store, now, finished=finished),
        forecast=foreseen,
        disk=None if disk is None else filling_document(disk, now),
    )
