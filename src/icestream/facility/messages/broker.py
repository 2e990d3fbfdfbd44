"""The connection to a message broker, by STOMP.

It is opened, and lost, and opened again by whoever owns it: here are no attempts behind one's back.
A message that came is acknowledged one by one, when it is kept; nothing is ever refused to the
broker, for ActiveMQ would put it among the dead at once, and RabbitMQ would send it again at once
and for ever.
"""

import contextlib
import logging
import queue
import socket
import struct
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import stomp
from stomp.transport import Transport

from icestream.channels.receipt import Undelivered
from icestream.facility.messages.kinds import BrokerSection
from icestream.facility.messages.outbox import OutgoingMessage

__all__ = ["BrokerAway", "BrokerFrame", "BrokerLink", "PublishedMessages"]

PATIENCE = 20.0
"""Seconds that the broker has for each of its answers."""
_BEGINS = 10.0
"""Seconds for each step of a beginning; one that starts up takes connections before it answers."""
_OWN = frozenset(
    ("destination", "subscription", "ack", "content-length", "redelivered", "message-id", "receipt")
)
"""Headers that are the broker's business, and say nothing of the request."""

# What it says is said by us, in words; it would print passwords' neighbours and tracebacks.
logging.getLogger("stomp.py").setLevel(logging.CRITICAL + 1)


class BrokerAway(Exception):
    """The broker cannot be reached, or has gone; the message says where, and why."""

    refused: bool = False
    """It said so itself, perhaps of what was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerFrame:
    """A message as it came."""

    queue: str
    headers: dict[str, str]
    body: bytes
    ack: str
    """What the broker calls this delivery."""
    link: object
    """The connection over which it came: no other can acknowledge it."""

    @property
    def said(self) -> dict[str, str]:
        """Headers that the sender set."""
        return {name: value for name, value in self.headers.items() if name not in _OWN}


@dataclass(slots=True)
class PublishedMessages:
    """What became of messages that were sent."""

    confirmed: list[int] = field(default_factory=list)
    """Numbers of those that the broker has."""
    refused: dict[int, str] = field(default_factory=dict)
    """Those that it will not take, and why."""


class _Listening(stomp.ConnectionListener):  # type: ignore[misc]
    """Keeps what the broker says, which comes in a thread of the library's."""

    def __init__(self) -> None:
        self.frames: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.changed = threading.Condition()
        self.receipts: set[str] = set()
        self.errors: dict[str, str] = {}
        self.error = ""
        self.said = ""
        self.connected = False
        self.lost = False

    def on_connected(self, frame: Any) -> None:
        with self.changed:
            self.connected = True
            self.changed.notify_all()

    def on_message(self, frame: Any) -> None:
        self.frames.put(frame)

    def on_receipt(self, frame: Any) -> None:
        with self.changed:
            self.receipts.add(frame.headers.get("receipt-id", ""))
            self.changed.notify_all()

    def on_error(self, frame: Any) -> None:
        body = (
            frame.body
            if isinstance(frame.body, str)
            else bytes(frame.body).decode(errors="replace")
        )
        body = body.strip().partition("\n")[0].strip()
        said = frame.headers.get("message", "")
        with self.changed:
            self.error = f"{said}: {body}" if said and body and body != said else said or body
            self.said = self.error
            if about := frame.headers.get("receipt-id"):
                self.errors[about] = self.error
            self.changed.notify_all()

    def on_disconnected(self) -> None:
        self._gone()

    def on_heartbeat_timeout(self) -> None:
        with self.changed:
            self.error = self.error or "it has been silent for too long"
        self._gone()

    def _gone(self) -> None:
        with self.changed:
            self.lost = True
            self.changed.notify_all()
        self.frames.put(None)  # whoever waits for a message looks again


class _ClosingTransport(Transport):  # type: ignore[misc]
    """Notices at once when the other end has closed an encrypted connection.

    stomp.py takes nothing read for nothing there yet, and reads again and again, until the
    heart-beat is missed.
    """

    def receive(self) -> Any:
        read = super().receive()
        if read == b"" and not self.blocking:
            self.running = False
        return read


class BrokerLink:
    """One connection at a time to the broker of a section.

    Parameters
    ----------
    section
        Of the facility file.
    queues
        Those that are read.
    """

    def __init__(self, section: BrokerSection, queues: Sequence[str]) -> None:
        self._section = section
        self._queues = tuple(queues)
        self._connection: Any = None
        self._heard = _Listening()
        self._sent = 0
        self.place = ", ".join(f"{host}:{port}" for host, port in section.places)
        """The servers, for people."""

    @property
    def is_open(self) -> bool:
        """Whether there is a connection now."""
        return self._connection is not None and not self._heard.lost

    @property
    def trouble(self) -> str:
        """Why there is no connection."""
        return self._heard.error or "the connection was closed"

    def open(self) -> None:
        """Connect and begin to read.

        Raises
        ------
        BrokerAway
            If that does not come about in time.
        """
        self.close()
        reasons = []
        for host, port in self._section.places:
            try:
                self._open(host, port)
            except BrokerAway as error:
                reasons.append(str(error))
                self.close()
            else:
                return
        raise BrokerAway("; ".join(reasons))

    def _open(self, host: str, port: int) -> None:
        section, heard = self._section, _Listening()
        beat = round(section.heartbeat * 1000)
        connection = stomp.StompConnection12(
            [(host, port)],
            reconnect_attempts_max=1,
            timeout=PATIENCE,
            heartbeats=(beat, beat),
            vhost=section.vhost if section.kind == "rabbitmq" else None,
            auto_decode=False,
            auto_content_length=False,  # ActiveMQ takes a message with a length for no text
            heart_beat_receive_scale=2.0,
        )
        connection.transport.__class__ = _ClosingTransport
        if section.tls:
            authority = str(section.certificates) if section.certificates else None
            connection.set_ssl([(host, port)], ca_certs=authority)
        connection.set_listener("icestream", heard)
        self._connection, self._heard = connection, heard
        where = f"{host}:{port}"
        try:
            password = section.password.read() if section.password else None
            connection.connect(section.user, password, wait=False)
            self._limit_sending(connection)
            self._wait(lambda: heard.connected, where, "it does not answer")
            for number, name in enumerate(self._queues):
                self._subscribe(number, name)
            wanted = {f"s{number}" for number in range(len(self._queues))}
            self._wait(lambda: wanted <= heard.receipts, where, "it does not let us read")
        except Undelivered as error:
            raise BrokerAway(f"{where}: {error}") from None
        except (stomp.exception.StompException, OSError) as error:
            raise BrokerAway(f"{where}: {_reason(host, port, heard, error)}") from None

    def _subscribe(self, number: int, name: str) -> None:
        most = str(self._section.prefetch)
        own = "prefetch-count" if self._section.kind == "rabbitmq" else "activemq.prefetchSize"
        self._connection.subscribe(
            f"/queue/{name}", id=str(number), ack="client-individual",
            headers={own: most, "receipt": f"s{number}"},
        )  # fmt: skip

    def _limit_sending(self, connection: Any) -> None:
        """Let nothing be written for ever to a broker that does not read."""
        with contextlib.suppress(OSError, AttributeError):
            connection.transport.socket.setsockopt(
                socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(PATIENCE), 0)
            )

    def _wait(self, done: Any, where: str, lacking: str, seconds: float = _BEGINS) -> None:
        heard = self._heard
        with heard.changed:
            heard.changed.wait_for(lambda: done() or heard.lost or heard.error, seconds)
            if not done():
                raise BrokerAway(f"{where}: {heard.error or lacking}")

    def frames(self, timeout: float, most: int = 200) -> list[BrokerFrame]:
        """What has come; waits up to `timeout` seconds for the first."""
        found: list[BrokerFrame] = []
        heard = self._heard
        with contextlib.suppress(queue.Empty):
            one = heard.frames.get(timeout=max(0.0, timeout))
            while one is not None and len(found) < most:
                found.append(self._frame(one, heard))
                one = heard.frames.get_nowait()
        return found

    def _frame(self, frame: Any, heard: _Listening) -> BrokerFrame:
        headers = {str(name): str(value) for name, value in frame.headers.items()}
        number = headers.get("subscription", "0")
        known = number.isdigit() and int(number) < len(self._queues)
        body = frame.body.encode() if isinstance(frame.body, str) else bytes(frame.body)
        return BrokerFrame(
            queue=self._queues[int(number)] if known else headers.get("destination", ""),
            headers=headers,
            body=body,
            ack=headers.get("ack", ""),
            link=heard,
        )

    def acknowledge(self, frames: Sequence[BrokerFrame]) -> None:
        """Tell the broker that these are kept; one that came over another connection comes again.

        Raises
        ------
        BrokerAway
            If it has gone.
        """
        try:
            for frame in frames:
                if frame.link is self._heard and self.is_open:
                    self._connection.ack(frame.ack)
        except (stomp.exception.StompException, OSError) as error:
            raise self._lost(error) from None

    def publish(self, messages: Sequence[OutgoingMessage]) -> PublishedMessages:
        """Send messages, and wait until the broker confirms that it has them.

        Raises
        ------
        BrokerAway
            If it goes before it has confirmed any.
        """
        done, heard = PublishedMessages(), self._heard
        if not self.is_open:
            raise BrokerAway(f"{self.place}: {heard.error or 'there is no connection'}")
        asked: dict[str, int] = {}
        lost: Exception | None = None
        try:
            for message in messages:
                self._sent += 1
                receipt = f"p{self._sent}"
                asked[receipt] = message.id
                headers = {"persistent": "true", "content-type": "application/json"}
                headers |= {**message.headers, "receipt": receipt}
                raw = message.queue.startswith("/")
                place = message.queue if raw else f"/queue/{message.queue}"
                self._connection.send(place, message.body, headers=headers)
        except (stomp.exception.StompException, OSError) as error:
            lost = error
        until = time.monotonic() + PATIENCE
        with heard.changed:
            heard.changed.wait_for(
                lambda: asked.keys() <= heard.receipts | heard.errors.keys() or heard.lost,
                max(0.0, until - time.monotonic()),
            )
            done.confirmed = [asked[one] for one in asked if one in heard.receipts]
            done.refused = {asked[one]: said for one, said in heard.errors.items() if one in asked}
            heard.receipts -= asked.keys()
        if asked and not done.confirmed and not done.refused:
            raise self._lost(lost)
        return done

    def _lost(self, error: Exception | None) -> BrokerAway:
        why = self._heard.error or (
            str(error) if error is not None and str(error) else "it has gone"
        )
        away = BrokerAway(f"{self.place}: {why}")
        away.refused = bool(self._heard.said)
        self.close()
        return away

    def close(self) -> None:
        """Let the connection go; what was not acknowledged comes again."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        heard = self._heard
        with contextlib.suppress(Exception):  # whatever it is, we are done with it
            if not heard.lost and connection.is_connected():
                connection.disconnect()
                with heard.changed:
                    heard.changed.wait_for(lambda: heard.lost, 2.0)
        heard.lost = True
        connection.remove_listener("icestream")
        with contextlib.suppress(Exception):
            connection.transport.disconnect_socket()


def _reason(host: str, port: int, heard: _Listening, error: Exception) -> str:
    """Why there is no connection: the library says only that there is none."""
    if heard.error:
        return heard.error
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    try:
        socket.create_connection((host, port), 2.0).close()
    except OSError as refused:
        return (refused.strerror or str(refused)).lower()
    return (
        str(error) or "it closes the connection at once: is its port one for STOMP, and with TLS?"
    )
