"""The post: sends alerts over channels, without ever letting the session wait for a server."""

import hashlib
import queue
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import structlog

from icestream.channels.kinds import Channel, Channels
from icestream.channels.message import Message, Told, discreet
from icestream.channels.receipt import Undelivered
from icestream.channels.send import send
from icestream.engine.coordinator.outcry import Outcry
from icestream.engine.messages import Delivered
from icestream.engine.record.alerts import SESSION
from icestream.engine.record.deliveries import FAILED, Deliveries, Delivery, due_now
from icestream.engine.record.record import Record
from icestream.engine.requests.commands import mending_command
from icestream.model import Alert
from icestream.store import queries
from icestream.store.extents import extent_words
from icestream.store.records import AlertRecord
from icestream.store.severity import worst_first

__all__ = ["Post"]

_log = structlog.get_logger("icestream.engine")
_LAST = 10.0
"""Seconds that a session that ends has for what waits."""


class Post:
    """Hands what is due to a thread for each message, one at a time for each channel.

    Parameters
    ----------
    tell
        Takes what came of it, from any thread.
    """

    def __init__(self, record: Record, channels: Channels, tell: Callable[[object], None]) -> None:
        self._record = record
        self._channels = channels
        self._tell = tell
        self._took: dict[str, float] = {}
        """When each channel last took a message."""
        self._busy: set[str] = set()
        """Channels over which a message is being sent."""
        self._outcry = Outcry(channels, record.folder.name, self._unrecorded)
        self._looked = False
        record.alerts.deliveries = Deliveries(channels, record.folder.name)

    def look(self, *, last: bool = False) -> None:
        """Send what is due; `last`: also what is being gathered."""
        if not self._looked:
            self._looked = True
            self._forget_channels()
            self._record.alerts.deliveries.try_now(time.time())
        deliveries, now = self._record.alerts.deliveries, time.time()
        if not deliveries.each:
            return
        for name, channel in self._channels.each.items():
            soon = now < self._took.get(name, 0.0) + channel.gather and not last
            if name in self._busy or soon:
                continue
            due = due_now(deliveries.waiting(name), channel, deliveries.mutes, now, last=last)
            if due:
                self._send(name, channel, due)

    def delivered(self, said: Delivered) -> None:
        """Record what came of a message."""
        deliveries, key = self._record.alerts.deliveries, f"{FAILED}{said.channel}"
        with self._record.transaction(durable=True) as (_, writes):
            if said.error:
                deliveries.failed(writes, said.deliveries, said.error)
            else:
                deliveries.sent(writes, said.deliveries, said.answer)
            deliveries.under_way.difference_update(said.deliveries)
            if said.error or said.refused:
                self._record.alerts.raise_(writes, SESSION, self._broken(said))
            else:
                self._record.alerts.clear(writes, SESSION, key)
        self._busy.discard(said.channel)
        if not said.error:
            self._took[said.channel] = time.time()

    def finish(self, inbox: "queue.SimpleQueue[object]") -> None:
        """Send what waits before the session ends; what cannot be sent in time stays queued."""
        deadline = time.monotonic() + _LAST
        while True:
            self.look(last=True)
            left = deadline - time.monotonic()
            if not self._busy or left <= 0:
                return
            try:
                message = inbox.get(timeout=left)
            except queue.Empty:
                return
            if isinstance(message, Delivered):
                self.delivered(message)

    def held(self, reason: str) -> None:
        """Storage is in trouble, so that nothing can be recorded; empty: it is well again."""
        self._outcry.hear(reason)

    # -- the way it is done --------------------------------------------------------------------

    def _send(self, name: str, channel: Channel, due: list[Delivery]) -> None:
        numbers = tuple(delivery.id for delivery in due)
        told = self._told(due)
        self._record.alerts.deliveries.under_way.update(numbers)
        self._busy.add(name)
        mark = hashlib.sha256(repr((name, numbers)).encode()).hexdigest()[:16]
        message = self._message(mark, told)
        start = threading.Thread(
            target=_deliver,
            args=(Delivered(name, numbers), channel, message, self._tell),
            name=f"channel {name}",
            daemon=True,  # a server that hangs does not keep the process
        )
        start.start()

    def _unrecorded(self, mark: str, told: Told) -> Message:
        """A message while the folder may not be there: nothing is looked for in it."""
        folder = self._record.folder
        message = Message(
            id=f"{self._record.uid}.{mark}",
            session=folder.name,
            folder=str(folder),
            time=time.time(),
            alerts=(told,),
        )
        return self._as_may_be_said(message)

    def _message(self, mark: str, told: Iterable[Told]) -> Message:
        folder = self._record.folder
        page = folder / "report" / "index.html"
        message = Message(
            id=f"{self._record.uid}.{mark}",
            session=folder.name,
            folder=str(folder),
            report=str(page) if page.exists() else "",
            time=time.time(),
            alerts=tuple(told),
        )
        return self._as_may_be_said(message)

    def _as_may_be_said(self, message: Message) -> Message:
        take_out = self._channels.secret()
        return message if take_out is None else discreet(message, take_out)

    def _told(self, due: list[Delivery]) -> list[Told]:
        """Each alert once, as it is now: what holds first, the worst first."""
        over = {delivery.alert: delivery.over for delivery in due}
        store = self._record.store
        records = worst_first(
            record
            for number in sorted(over)
            for record in queries.alerts(store, open_only=False, after=number - 1, limit=1)
        )
        told = [self._as_told(record, over[record.id]) for record in records]
        return sorted(told, key=lambda alert: alert.over is not None)

    def _as_told(self, record: AlertRecord, over: bool) -> Told:
        return Told(
            number=record.id,
            level=record.level,
            key=record.key,
            message=record.message,
            step=record.step,
            exposure=record.exposure,
            raised=record.raised,
            began=record.began,
            extent=extent_words(record.extent),
            cause=record.cause,
            over=(record.cleared or time.time()) if over else None,
            command="" if over else mending_command(self._record.store, record),
        )

    def _broken(self, said: Delivered) -> Alert:
        """The alert on a channel that does not work, the same for each try that fails alike."""
        name, where = said.channel, f'"{said.channel}" in {self._channels.origin}'
        if said.error:
            what = f'the channel "{name}" does not work: {said.error}. What is to be sent over it '
            what += "waits, and is tried again"
        else:
            what = f'the channel "{name}" does not reach everybody: {said.refused}'
        message = f"{what}; look at the channel {where}, then: icestream settings channels --test"
        return Alert(key=FAILED + name, level="warning", message=f"{message} {name}")

    def _forget_channels(self) -> None:
        """Clear what an earlier run said of channels that are there no more."""
        there = {FAILED + name for name in self._channels.each}
        held = [key for by, key in self._record.alerts.held if by == SESSION]
        gone = [key for key in held if key.startswith(FAILED) and key not in there]
        if gone:
            with self._record.transaction() as (_, writes):
                for key in gone:
                    self._record.alerts.clear(writes, SESSION, key)


def _deliver(
    said: Delivered, channel: Channel, message: Message, tell: Callable[[object], None]
) -> None:
    """Send a message and tell what came of it, whatever it was."""
    try:
        receipt = send(channel, message)
    except Undelivered as error:
        said = replace(said, error=str(error))
    except BaseException as error:  # a defect of ours must not leave the channel busy for ever
        _log.error("channel", name=said.channel, exc_info=error)
        said = replace(said, error=f"{type(error).__name__} while it was sent")
    else:
        said = replace(said, answer=receipt.text, refused=receipt.refused)
    tell(said)
