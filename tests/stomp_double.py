"""A broker that speaks as much STOMP as it takes to receive messages."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Double:
    """What was sent to it."""

    port: int
    messages: list[tuple[str, bytes]] = field(default_factory=list)
    confirms: bool = True
    lets_in: bool = True
    logins: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def stomp_double() -> Iterator[Double]:
    """A broker on loopback that confirms what it receives."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.05)
    made = Double(listening.getsockname()[1])
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            with suppress(TimeoutError):
                connection, _ = listening.accept()
                connection.settimeout(5.0)
                with connection, suppress(OSError):
                    _talk(connection, made)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield made
    finally:
        over.set()
        thread.join()
        listening.close()


def _talk(connection: socket.socket, made: Double) -> None:
    waiting = b""
    while True:
        while b"\x00" not in waiting:
            came = connection.recv(65536)
            if not came:
                return
            waiting += came
        frame, _, waiting = waiting.partition(b"\x00")
        head, _, body = frame.lstrip(b"\r\n").partition(b"\n\n")
        command, *lines = head.decode().splitlines()
        headers = dict(line.partition(":")[::2] for line in lines)
        if command in ("CONNECT", "STOMP"):
            made.logins.append((headers.get("login", ""), headers.get("passcode", "")))
            if not made.lets_in:
                connection.sendall(b"ERROR\nmessage:not you\n\n\x00")
                return
            connection.sendall(b"CONNECTED\nversion:1.2\n\n\x00")
        elif command == "SEND":
            made.messages.append((headers["destination"], body))
        if "receipt" in headers and (made.confirms or command != "SEND"):
            connection.sendall(f"RECEIPT\nreceipt-id:{headers['receipt']}\n\n\x00".encode())
        if command == "DISCONNECT":
            return
