"""Servers to send alerts to: a mail server with TLS and login, and a sink for what is posted."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from icestream.channels.message import Message, Told

USER, PASSWORD = "icestream", "tops3cret-and-long"

TOLD = Told(
    number=3,
    level="critical",
    key="step.paused",
    message="align is paused: the disk is full",
    step="align",
    exposure="mov_7",
    raised=1_000_000.0,
    command="icestream resume /processed/apof align",
)
MESSAGE = Message(
    id="u1.7.staff",
    session="apof",
    folder="/processed/apof",
    report="/processed/apof/report/index.html",
    time=1_000_060.0,
    alerts=(TOLD,),
)


def free_port() -> int:
    """A port at which nobody listens."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class MailServer:
    """A real SMTP server: what it has taken is in `mails`, the newest last."""

    def __init__(self, folder: Path, *, at_once: bool = False, port: int | None = None) -> None:
        self.port = port or free_port()
        self.certificates = folder / "authority.pem"
        self.mails: list[EmailMessage] = []
        self.logins: list[bytes] = []
        self.answer = ""
        """Said to each mail instead of taking it."""
        self.refused: set[str] = set()
        """Whom it takes no mail for."""
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.certificates))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self.how: dict[str, Any] = (
            {"ssl_context": context, "auth_require_tls": False}
            if at_once
            else {"tls_context": context, "require_starttls": True}
        )
        """TLS and login, as `Controller` takes them."""
        self.how["authenticator"] = self._login
        self._controller: Controller | None = None

    def _login(self, _server: Any, _session: Any, _envelope: Any, _how: str, given: Any) -> Any:
        assert isinstance(given, LoginPassword)
        self.logins.append(given.password)
        return AuthResult(success=given.password == PASSWORD.encode(), handled=False)

    async def handle_RCPT(self, _s: Any, _e: Any, envelope: Any, who: str, _o: Any) -> str:
        if who in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(who)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.answer:
            return self.answer
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 taken"

    def start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **self.how)
        self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
        self._controller = None

    def settings(self, **more: Any) -> dict[str, Any]:
        """Those of a channel that leads here."""
        return {
            "kind": "email",
            "server": "127.0.0.1",
            "port": self.port,
            "user": USER,
            "password": PASSWORD,
            "sender": "icestream@example.org",
            "to": ["ann@example.org"],
            "certificates": str(self.certificates),
            **more,
        }


@contextmanager
def mail_server(folder: Path, **how: Any) -> Iterator[MailServer]:
    """A mail server that runs."""
    server = MailServer(folder, **how)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class Sink:
    """A web server that keeps what is posted: `posts` has what was taken, the newest last."""

    def __init__(self) -> None:
        self.posts: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self.answers: list[int] = []
        """Statuses to answer with, one for each post; 200 after them. 0: no answer at all."""
        self.tries = 0
        self._gone = threading.Event()
        sink = self

        class Answering(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sink.tries += 1
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = sink.answers.pop(0) if sink.answers else 200
                if status == 0:
                    sink._gone.wait(60.0)
                    return
                if status == 200:
                    sink.posts.append(json.loads(body))
                    sink.headers.append(dict(self.headers))
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                self.end_headers()
                self.wfile.write(b"ok" if status == 200 else b"out of order")

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.host}/hooks/s3cret"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )

    @property
    def told(self) -> list[tuple[str, bool]]:
        """Every alert that was taken: its message, and whether it is over."""
        return [
            (told["message"], told["over"] is not None)
            for post in self.posts
            for told in post["alerts"]
        ]

    def __enter__(self) -> "Sink":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._gone.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def silent_server() -> Iterator[int]:
    """A port at which a server takes connections and says nothing."""
    with closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield int(server.getsockname()[1])


def waited(begun: float) -> float:
    """Seconds since `begun`, a time of `time.monotonic`."""
    return time.monotonic() - begun
