"""Alerts as people read them: the worst first, of the same level the newest, with what to type."""

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress

from icestream.engine.requests.commands import mending_command
from icestream.protocol.describe import offer_words
from icestream.store import queries
from icestream.store.deliveries import DeliveryRecord, deliveries
from icestream.store.extents import extent_words
from icestream.store.newest import newest_micrograph
from icestream.store.open import Store
from icestream.store.records import AlertRecord
from icestream.store.severity import worst_first

__all__ = ["alert_lines"]


def alert_lines(
    store: Store, alerts: Iterable[AlertRecord], program: str, *, numbered: bool = False
) -> Iterator[str]:
    """Each alert in a line, and below it the whole command that fixes it, where one does.

    Parameters
    ----------
    program
        How icestream is called, as a shell reads it.
    numbered
        With the number of each, and since when it holds.
    """
    alerts = list(worst_first(alerts))
    notes = _limit_notes(store, alerts)
    for alert in alerts:
        if numbered:
            yield f"{alert.id} {alert.level}: {alert.message}"
            over = "" if alert.until is None else f", over since {_clock(alert.until)}"
            of = f" at {alert.step}" if alert.step else ""
            told = "" if alert.raised - alert.since < 60.0 else f", told {_clock(alert.raised)}"
            yield f"  {alert.key}{of}, since {_clock(alert.since)}{over}{told}"
        else:
            yield f"{alert.level}: {alert.message}"
        if note := notes.get(alert.id):
            yield f"  {note}"
        if alert.extent:
            yield f"  shown by {extent_words(alert.extent)}"
        if numbered and alert.cause:
            yield f"  likely cause: {alert.cause}"
        yield from _care_lines(alert)
        if numbered:
            yield from _sent_lines(deliveries(store, [alert.id]))
        command = mending_command(store, alert, program)
        if alert.offer and alert.adopted is None:
            yield f"  offered: {offer_words(alert.offer)}; to do so: {command}"
        elif alert.offer:
            yield f"  {alert.adopted_by} has set {offer_words(alert.offer)}"
        elif command:
            yield f"  then: {command}"


def _limit_notes(store: Store, alerts: Iterable[AlertRecord]) -> dict[int, str]:
    """What is refused beyond the limits that alerts are of, by the alerts' numbers."""
    of_limits = [alert for alert in alerts if alert.key.endswith((".low", ".high"))]
    if not of_limits:
        return {}
    # The protocols say their limits: slow to load, and few alerts are of one.
    from icestream.protocol import Registry, UnknownProtocol
    from icestream.report.limits import alert_words, limits_of

    micrograph = newest_micrograph(store)
    pixel_size = 0.0 if micrograph is None else micrograph.optics.pixel_size
    registry, titles, steps = Registry(), {}, queries.steps(store)
    for step in steps:
        with suppress(UnknownProtocol):  # of a plugin that is not installed here
            titles[step.name] = registry.get(step.protocol).title
    limits = limits_of(registry, steps, titles, pixel_size)
    return {alert.id: alert_words(alert.key, alert.step, limits) for alert in of_limits}


def _care_lines(alert: AlertRecord) -> Iterator[str]:
    """Who takes care of an alert, and who does not want to hear of it."""
    if alert.acknowledged is not None:
        why = f": {alert.acknowledged_why}" if alert.acknowledged_why else ""
        yield f"  acknowledged by {alert.acknowledged_by} at {_clock(alert.acknowledged)}{why}"
    if alert.muted is not None:
        why = f": {alert.muted_why}" if alert.muted_why else ""
        yield f"  muted until {_clock(alert.muted)} by {alert.muted_by}{why}"


def _sent_lines(found: Iterable[DeliveryRecord]) -> Iterator[str]:
    """To whom an alert was sent, and what waits."""
    for one in found:
        what = "its end " if one.over else ""
        if one.state == "sent" and one.ended is not None:
            yield f"  {what}sent over {one.channel} at {_clock(one.ended)}"
        elif one.state == "waiting" and one.tries:
            times = "once" if one.tries == 1 else f"{one.tries} times"
            yield (
                f"  {what}waits for {one.channel}, tried {times}, again at {_clock(one.due)}: "
                f"{one.answer}"
            )
        elif one.state == "waiting":
            yield f"  {what}waits for {one.channel}"
        else:
            yield f"  {what}not sent over {one.channel}: {one.answer}"


def _clock(when: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(when))
