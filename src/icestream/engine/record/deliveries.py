"""Deliveries: alerts to be sent over channels, queued in the transaction that raises them.

They are kept in the store and, those that wait or may still be followed by an "over", in memory: a
coordinator that takes the session over loads them and goes on.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, and_, or_, select

from icestream.channels.hours import quiet_until
from icestream.channels.kinds import Channel, Channels
from icestream.model import Alert
from icestream.store import tables as t
from icestream.store.events import AlertSent, AlertUnsent
from icestream.store.mutes import MuteRecord, mute_of, mutes
from icestream.store.severity import LEVELS
from icestream.store.writing import Writes

__all__ = ["DAY", "FAILED", "Deliveries", "Delivery", "due_now", "pause_after"]

DAY = 86400.0
"""Seconds after its first try at which a delivery is given up."""
FAILED = "channel."
"""Beginning of the keys of alerts on channels that do not work; they are not sent over those."""
_FIRST, _LONGEST = 30.0, 3600.0
"""Seconds of the first and of the longest pause before another try."""
_CRITICAL = 5.0
"""Seconds for which a critical alert waits for others."""


@dataclass(slots=True, kw_only=True)
class Delivery:
    """An alert that waits to be sent over a channel, or was sent while it holds."""

    id: int
    alert: int
    key: str
    step: int | None
    channel: str
    over: bool
    level: str
    due: float
    tries: int = 0
    first: float | None = None
    sent: bool = False
    late: bool = False
    """The alert was over while it was being sent."""


def pause_after(tries: int) -> float:
    """Seconds until another try, after so many that failed."""
    return float(min(_LONGEST, _FIRST * 2.0 ** min(tries - 1, 20)))


def due_now(
    waiting: Iterable[Delivery],
    channel: Channel,
    held: Sequence[MuteRecord],
    now: float,
    *,
    last: bool = False,
) -> list[Delivery]:
    """What is to be sent over a channel now, in one message; nothing where nothing presses.

    Parameters
    ----------
    held
        Mutes; of those that are over at `now`, nothing is kept back.
    last
        The session ends: nothing is gathered any more.
    """
    quiet = channel.quiet is not None and quiet_until(channel.quiet, now) is not None
    mutes_now = [mute for mute in held if mute.until > now]
    awake = [
        delivery
        for delivery in waiting
        if mute_of(mutes_now, delivery.key, delivery.step) is None
        and not (quiet and not (delivery.level == "critical" and channel.critical_always))
    ]
    if not any(delivery.due <= now or (last and not delivery.tries) for delivery in awake):
        return []
    # What is sent anyway takes along what is being gathered, but not what has just failed.
    return [delivery for delivery in awake if delivery.due <= now or not delivery.tries]


@dataclass(slots=True)
class Deliveries:
    """What waits to be sent, and what was sent of the alerts that hold, by number."""

    channels: Channels = field(default_factory=Channels)
    session: str = ""
    """Name of the session's folder, by which channels choose."""
    mutes: tuple[MuteRecord, ...] = ()
    each: dict[int, Delivery] = field(default_factory=dict)
    under_way: set[int] = field(default_factory=set)
    """Numbers of those that are being sent."""

    def load(self, connection: Connection, now: float) -> None:
        """Read what an earlier coordinator left, or what the store says after trouble with it."""
        self.mutes = mutes(connection, now)
        delivery, alert = t.delivery.c, t.alert.c
        sent = and_(delivery.state == "sent", delivery.over.is_(False), alert.cleared.is_(None))
        chosen = (
            select(t.delivery, alert.key, alert.step_id, alert.cleared)
            .join(t.alert, alert.id == delivery.alert_id)
            .where(or_(delivery.state == "waiting", sent))
        )
        self.each = {
            row.id: Delivery(
                id=row.id,
                alert=row.alert_id,
                key=row.key,
                step=row.step_id,
                channel=row.channel,
                over=row.over,
                level=row.level,
                due=row.due,
                tries=row.tries,
                first=row.first,
                sent=row.state == "sent",
                late=row.cleared is not None and not row.over,
            )
            for row in connection.execute(chosen)
        }

    def waiting(self, channel: str) -> list[Delivery]:
        """What waits for a channel, and is not being sent."""
        return [
            delivery
            for delivery in self.each.values()
            if delivery.channel == channel
            and not delivery.sent
            and delivery.id not in self.under_way
        ]

    def try_now(self, now: float) -> None:
        """Try what failed without waiting: whoever runs a session again may have fixed it."""
        for delivery in self.each.values():
            if delivery.tries and not delivery.sent:
                delivery.due = min(delivery.due, now)

    # -- what happens to alerts ----------------------------------------------------------------

    def raised(self, writes: Writes, number: int, step: int | None, alert: Alert) -> None:
        """An alert was raised, or has become worse."""
        for name, channel in self._wanting(alert.key, alert.level):
            gather = min(channel.gather, _CRITICAL if alert.level == "critical" else DAY)
            waiting = self._waiting_of(number, name)
            if waiting is None:
                said = (number, alert.key, step, alert.level)
                self._queue(writes, name, said, writes.now + gather)
            else:
                waiting.level, waiting.due = alert.level, min(waiting.due, writes.now + gather)
                writes.update(t.delivery, waiting.id, level=waiting.level, due=waiting.due)

    def updated(
        self, writes: Writes, number: int, step: int | None, before: Alert, alert: Alert
    ) -> None:
        """An alert says something else; that is sent when it has become worse."""
        if LEVELS.index(alert.level) < LEVELS.index(before.level):
            self.raised(writes, number, step, alert)

    def cleared(self, writes: Writes, number: int) -> None:
        """An alert is over: whoever was told of it is told so, and nobody else."""
        for delivery in self._of(number):
            if delivery.id in self.under_way:
                delivery.late = True
            elif delivery.sent:
                self._say_over(writes, delivery)
            elif not delivery.over:
                self._drop(writes, delivery, "it was over before it was sent")

    def acknowledged(self, writes: Writes, number: int, who: str) -> None:
        """Somebody takes care of an alert: it is not sent any more."""
        for delivery in self._of(number):
            if not (delivery.sent or delivery.over or delivery.id in self.under_way):
                self._drop(writes, delivery, f"{who} took care of it before it was sent")

    def rearmed(self, writes: Writes, number: int, step: int | None, alert: Alert) -> None:
        """An alert that holds is to be sent again, at once."""
        for name, _ in self._wanting(alert.key, alert.level):
            waiting = self._waiting_of(number, name)
            if waiting is None:
                self._queue(writes, name, (number, alert.key, step, alert.level), writes.now)
            else:
                waiting.due = writes.now
                writes.update(t.delivery, waiting.id, due=writes.now)

    # -- what comes of sending -----------------------------------------------------------------

    def sent(self, writes: Writes, numbers: Iterable[int], answer: str) -> None:
        """A channel took a message with these."""
        for delivery in self._known(numbers):
            delivery.tries, delivery.sent = delivery.tries + 1, True
            delivery.first = delivery.first or writes.now
            row = {
                "tries": delivery.tries,
                "first": delivery.first,
                "ended": writes.now,
                "answer": answer,
            }
            writes.update(t.delivery, delivery.id, state="sent", **row)
            said = AlertSent(
                alert=delivery.alert,
                channel=delivery.channel,
                over=delivery.over,
                tries=delivery.tries,
            )
            writes.event(said, step_id=delivery.step)
            if delivery.late:
                self._say_over(writes, delivery)
            elif delivery.over:
                del self.each[delivery.id]

    def failed(self, writes: Writes, numbers: Iterable[int], reason: str) -> None:
        """A message with these could not be sent: they are tried again, for a day."""
        for delivery in self._known(numbers):
            delivery.tries, delivery.first = delivery.tries + 1, delivery.first or writes.now
            row = {"tries": delivery.tries, "first": delivery.first, "answer": reason}
            if delivery.late:
                self._drop(writes, delivery, f"it was over before it could be sent: {reason}")
            elif writes.now - delivery.first > DAY:
                del self.each[delivery.id]
                writes.update(t.delivery, delivery.id, state="given up", ended=writes.now, **row)
                said = AlertUnsent(
                    alert=delivery.alert,
                    channel=delivery.channel,
                    over=delivery.over,
                    reason=reason,
                )
                writes.event(said, step_id=delivery.step)
            else:
                delivery.due = writes.now + pause_after(delivery.tries)
                writes.update(t.delivery, delivery.id, due=delivery.due, **row)

    # -- the way it is done --------------------------------------------------------------------

    def _wanting(self, key: str, level: str) -> Iterator[tuple[str, Channel]]:
        for name, channel in self.channels.each.items():
            if channel.wants(level, self.session) and key != FAILED + name:
                yield name, channel

    def _of(self, alert: int) -> list[Delivery]:
        return [delivery for delivery in self.each.values() if delivery.alert == alert]

    def _known(self, numbers: Iterable[int]) -> list[Delivery]:
        return [self.each[number] for number in numbers if number in self.each]

    def _waiting_of(self, alert: int, channel: str) -> Delivery | None:
        waiting = (
            delivery
            for delivery in self.waiting(channel)
            if delivery.alert == alert and not delivery.over
        )
        return next(waiting, None)

    def _queue(
        self,
        writes: Writes,
        channel: str,
        said: tuple[int, str, int | None, str],
        due: float,
        *,
        over: bool = False,
    ) -> None:
        alert, key, step, level = said
        row = {"alert_id": alert, "channel": channel, "over": over, "level": level, "due": due}
        more = {"state": "waiting", "queued": writes.now, "tries": 0, "answer": ""}
        id_ = writes.insert(t.delivery, **row, **more)
        self.each[id_] = Delivery(
            id=id_,
            alert=alert,
            key=key,
            step=step,
            channel=channel,
            over=over,
            level=level,
            due=due,
        )

    def _say_over(self, writes: Writes, delivery: Delivery) -> None:
        """Queue that an alert that was sent is over, once for each channel; forget the sending."""
        del self.each[delivery.id]
        channel = self.channels.each.get(delivery.channel)
        told = any(
            other.over and other.channel == delivery.channel for other in self._of(delivery.alert)
        )
        if channel is not None and channel.over and not told:
            said = (delivery.alert, delivery.key, delivery.step, delivery.level)
            self._queue(writes, delivery.channel, said, writes.now + channel.gather, over=True)

    def _drop(self, writes: Writes, delivery: Delivery, why: str) -> None:
        del self.each[delivery.id]
        writes.update(t.delivery, delivery.id, state="dropped", ended=writes.now, answer=why)
