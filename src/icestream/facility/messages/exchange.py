"""Talking to the broker: what comes is entered and then acknowledged, what waits is published."""

import threading
import time
from collections.abc import Sequence

from icestream.facility.messages.broker import BrokerAway, BrokerLink
from icestream.facility.messages.intake import queues_read, take_frames
from icestream.facility.messages.kinds import MessagesSection
from icestream.facility.messages.outbox import OutgoingMessage
from icestream.facility.messages.requests import RequestsCarriedOut, pause_after

__all__ = ["exchange", "link_of", "publish_due"]

_LOOK = 0.2
"""Seconds between two looks whether something waits to be published."""
_AT_ONCE = 100
"""Messages whose confirmations are waited for together."""


def link_of(section: MessagesSection) -> BrokerLink:
    """A connection to the broker of a section, which is to be opened."""
    assert section.broker is not None
    return BrokerLink(section.broker, queues_read(section))


def exchange(
    carrying: RequestsCarriedOut, link: BrokerLink, stop: threading.Event, seconds: float
) -> tuple[int, int]:
    """Take in and publish for so long; how many messages came, and went.

    Raises
    ------
    BrokerAway
        If the connection is lost.
    """
    until = time.monotonic() + seconds
    came = went = 0
    while not stop.is_set():
        frames = link.frames(_LOOK)
        if frames:
            take_frames(carrying, frames)
            link.acknowledge(frames)
            came += len(frames)
        went += publish_due(carrying, link, stop)
        if not link.is_open:
            raise BrokerAway(f"{link.place}: {link.trouble}")
        if time.monotonic() >= until:
            break
    return came, went


def publish_due(carrying: RequestsCarriedOut, link: BrokerLink, stop: threading.Event) -> int:
    """Publish what waits, until told to stop; how many the broker confirmed.

    Raises
    ------
    BrokerAway
        If it goes meanwhile; what it has not confirmed waits on.
    """
    ledger, went = carrying.ledger, 0
    while not stop.is_set() and (batch := ledger.outbox.unsent(time.time(), _AT_ONCE)):
        try:
            done = link.publish(batch)
        except BrokerAway as error:
            if error.refused:  # and did not say of which: the next time another is the first
                _put_off(carrying, batch, {batch[0].id: str(error)})
            raise
        ledger.outbox.sent(done.confirmed)
        went += len(done.confirmed)
        if done.refused:
            _put_off(carrying, batch, done.refused)
        if len(done.confirmed) < len(batch):
            break
    return went


def _put_off(
    carrying: RequestsCarriedOut, batch: Sequence[OutgoingMessage], refused: dict[int, str]
) -> None:
    """Try again later what the broker would not take, so that it is in nobody's way."""
    for message in batch:
        if message.id in refused:
            until = time.time() + pause_after(message.tried)
            carrying.ledger.outbox.unpublished(message.id, until, refused[message.id])
