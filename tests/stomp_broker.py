"""A message broker of the tests' own, in this process: small, quick, and killed at will.

It speaks STOMP 1.2 over a real socket, keeps queues while it lives, gives back what was not
acknowledged when a connection ends, and takes NACK as ActiveMQ does (dead at once) or as RabbitMQ
(back at once).
"""

import itertools
import socket
import ssl
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal


def _escaped(text: str) -> str:
    for sign, written in (("\\", "\\\\"), ("\r", "\\r"), ("\n", "\\n"), (":", "\\c")):
        text = text.replace(sign, written)
    return text


def _plain(text: str) -> str:
    for written, sign in (("\\r", "\r"), ("\\n", "\n"), ("\\c", ":"), ("\\\\", "\\")):
        text = text.replace(written, sign)
    return text


@dataclass
class Kept:
    """A message in a queue."""

    headers: dict[str, str]
    body: bytes
    deliveries: int = 0


@dataclass
class _Client:
    socket: socket.socket
    subscriptions: dict[str, tuple[str, int]] = field(default_factory=dict)
    unacknowledged: dict[str, tuple[str, str, Kept]] = field(default_factory=dict)
    writing: threading.Lock = field(default_factory=threading.Lock)

    def write(self, command: str, headers: dict[str, str], body: bytes = b"") -> None:
        lines = [command, *(f"{_escaped(k)}:{_escaped(v)}" for k, v in headers.items())]
        with self.writing, suppress(OSError):
            self.socket.sendall("\n".join(lines).encode() + b"\n\n" + body + b"\0")


class StompBroker:
    """The broker.

    Parameters
    ----------
    nack
        What becomes of a message that is refused: ``dead`` or ``back``.
    password
        Which alone is let in, where it is given.
    """

    def __init__(
        self,
        *,
        nack: Literal["dead", "back"] = "dead",
        password: str | None = None,
        tls: ssl.SSLContext | None = None,
        port: int = 0,
    ) -> None:
        self.nack, self.password, self._tls = nack, password, tls
        self.queues: dict[str, deque[Kept]] = defaultdict(deque)
        self.silent = False
        """It takes connections and says nothing."""
        self.refuses: set[str] = set()
        """Queues into which nothing may be sent."""
        self.names_refused = True
        """It says which message it refused; otherwise it only ends the connection."""
        self.swallow_receipts = 0
        """It breaks down after so many messages more, before it confirms the last."""
        self._numbers = itertools.count(1)
        self._clients: list[_Client] = []
        self._turn = threading.RLock()
        self._listening = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def put(self, queue: str, body: str | bytes, **headers: str) -> None:
        """As if somebody had sent it."""
        raw = body if isinstance(body, bytes) else body.encode()
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        with self._turn:
            self.queues[queue].append(Kept(said, raw))
        self._deliver()

    def bodies(self, queue: str) -> list[str]:
        """What waits in a queue."""
        with self._turn:
            return [kept.body.decode() for kept in self.queues[queue]]

    def taken(self) -> int:
        """How many messages are with clients, and not acknowledged."""
        with self._turn:
            return sum(len(client.unacknowledged) for client in self._clients)

    def cut(self) -> None:
        """Let all connections go; what was not acknowledged is in its queue again."""
        with self._turn:
            for client in list(self._clients):
                with suppress(OSError):
                    client.socket.shutdown(socket.SHUT_RDWR)
                client.socket.close()
                self._gone(client)

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
                if self._tls is not None:
                    connection = self._tls.wrap_socket(connection, server_side=True)
            except ssl.SSLError:
                continue
            except OSError:
                return
            client = _Client(connection)
            with self._turn:
                self._clients.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: _Client) -> None:
        buffer = b""
        while True:
            try:
                read = client.socket.recv(65536)
            except OSError:
                read = b""
            if not read:
                self._gone(client)
                return
            if self.silent:
                continue
            buffer += read
            while (frame := _cut(buffer)) is not None:
                command, headers, body, buffer = frame
                self._obey(client, command, headers, body)

    def _obey(self, client: _Client, command: str, headers: dict[str, str], body: bytes) -> None:
        with self._turn:
            if command in ("STOMP", "CONNECT"):
                if self.password is not None and headers.get("passcode") != self.password:
                    client.write("ERROR", {"message": "Bad CONNECT"}, b"Access refused for user")
                    client.socket.close()
                    return
                client.write("CONNECTED", {"version": "1.2", "heart-beat": "0,0"})
            elif command == "SUBSCRIBE":
                most = headers.get("prefetch-count", headers.get("activemq.prefetchSize", "1000"))
                client.subscriptions[headers["id"]] = (_queue(headers["destination"]), int(most))
            elif command == "SEND":
                if not self._sent(client, headers, body):
                    return
            elif command == "ACK":
                client.unacknowledged.pop(headers["id"], None)
            elif command == "NACK":
                self._nacked(client, headers["id"])
            if "receipt" in headers:
                client.write("RECEIPT", {"receipt-id": headers["receipt"]})
        self._deliver()

    def _sent(self, client: _Client, headers: dict[str, str], body: bytes) -> bool:
        queue = _queue(headers["destination"])
        if queue in self.refuses:
            named = self.names_refused and "receipt" in headers
            about = {"receipt-id": headers["receipt"]} if named else {}
            client.write("ERROR", {"message": "access refused", **about}, b"not for you")
            if not self.names_refused:
                self._gone(client)
            return False
        own = {k: v for k, v in headers.items() if k not in ("receipt", "content-length")}
        self.queues[queue].append(Kept(own, body))
        if self.swallow_receipts:
            self.swallow_receipts -= 1
            if not self.swallow_receipts:
                client.socket.close()
                self._gone(client)
                return False
        return True

    def _nacked(self, client: _Client, ack: str) -> None:
        _, queue, kept = client.unacknowledged.pop(ack)
        if self.nack == "dead":
            self.queues[f"DLQ.{queue}"].append(kept)
        else:
            self.queues[queue].appendleft(kept)

    def _deliver(self) -> None:
        with self._turn:
            for client in self._clients:
                for number, (queue, most) in client.subscriptions.items():
                    while self.queues[queue] and self._out(client, number) < most:
                        kept = self.queues[queue].popleft()
                        kept.deliveries += 1
                        ack = str(next(self._numbers))
                        client.unacknowledged[ack] = (number, queue, kept)
                        again = {"redelivered": "true"} if kept.deliveries > 1 else {}
                        client.write(
                            "MESSAGE",
                            {**kept.headers, "destination": f"/queue/{queue}", **again,
                             "subscription": number, "message-id": f"m{ack}", "ack": ack,
                             "content-length": str(len(kept.body))},
                            kept.body,
                        )  # fmt: skip

    def _out(self, client: _Client, number: str) -> int:
        return sum(one[0] == number for one in client.unacknowledged.values())

    def _gone(self, client: _Client) -> None:
        client.socket.close()
        with self._turn:
            if client not in self._clients:
                return
            self._clients.remove(client)
            for _, queue, kept in reversed(client.unacknowledged.values()):
                self.queues[queue].appendleft(kept)
            client.unacknowledged.clear()


def _queue(destination: str) -> str:
    return destination.removeprefix("/queue/")


def _cut(buffer: bytes) -> tuple[str, dict[str, str], bytes, bytes] | None:
    """The first frame of what was read, and the rest; None where it is not whole yet."""
    buffer = buffer.lstrip(b"\n\r")
    head, found, rest = buffer.partition(b"\n\n")
    if not found:
        return None
    command, *lines = head.decode().replace("\r", "").split("\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers.setdefault(_plain(name), _plain(value))
    if "content-length" in headers:
        length = int(headers["content-length"])
        if len(rest) < length + 1:
            return None
        return command, headers, rest[:length], rest[length + 1 :]
    body, end, rest = rest.partition(b"\0")
    return (command, headers, body, rest) if end else None


@contextmanager
def stomp_broker(**given: object) -> Iterator[StompBroker]:
    """A broker that is closed afterwards."""
    broker = StompBroker(**given)  # type: ignore[arg-type]
    try:
        yield broker
    finally:
        broker.close()
