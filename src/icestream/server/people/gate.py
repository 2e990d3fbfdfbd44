"""The gate before every route: whose name is known, who asks, and whether they come from here.

It refuses by default. A route that is added below ``/api`` is behind it without doing anything;
what role it asks for is the route's own word (`icestream.server.access`).
"""

import hmac
import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import unquote

import structlog
from anyio import to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from icestream.server.context import Server
from icestream.server.errors import Refused, refusal
from icestream.server.facility import facility_of
from icestream.server.people.brake import TooMany, network_of
from icestream.server.people.come import Coming, NobodyKnown, who_comes
from icestream.server.people.doors import Doors
from icestream.server.people.lately import Lately
from icestream.server.people.person import Person
from icestream.server.people.visitors import Visitors

__all__ = ["CONTENT_POLICY", "LARGEST_BODY", "NOT_LOGGED_IN", "PUBLIC", "Gate"]

log = structlog.get_logger(__name__)

PUBLIC = frozenset(
    {
        "/api/login",
        "/api/login/failure",
        "/api/login/methods",
        "/api/login/oidc/start",
        "/api/login/oidc/callback",
    }
)
"""Routes below ``/api`` for those who have not logged in."""
LARGEST_BODY = 16 * 1024 * 1024
"""Bytes of the body of a request; whole workflows and lists of 100,000 names are smaller."""
NOT_LOGGED_IN = 4401
"""Code with which a WebSocket is closed where nobody is logged in."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_QUESTIONS = ("/preview", "/check", "/import", "/look")
"""Ends of addresses that are asked with a body and change nothing: a slider asks many a second."""
CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",  # addresses of shared links are secrets
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
_STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"


class Gate:
    """What every request goes through first.

    Parameters
    ----------
    app
        What is behind it.
    server
        Whose gate it is.
    """

    def __init__(self, app: ASGIApp, server: Server) -> None:
        self._app = app
        self._server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        doors = self._server.doors
        if scope["type"] == "http":
            send = partial(_with_headers, send, doors.secure, scope["path"])
        try:
            coming = await self._let_in(scope, doors)
            receive = _measured(scope, receive)
        except Refused as error:
            await self._refuse(error, scope, receive, send)
            return
        if _changes(scope) and coming is not None:
            await self._written_down(coming, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _let_in(self, scope: Scope, doors: Doors) -> Coming | None:
        """Who comes; None where nobody has to be known. Raises Refused."""
        headers = Headers(scope=scope)
        _check_host(doors, headers, scope)
        _check_origin(doors, headers, scope)
        path = scope["path"]
        if not _is_guarded(path):
            return None
        visitors, connection = visitors_of(self._server), HTTPConnection(scope)
        try:
            coming = await self._who(visitors, connection)
        except NobodyKnown as error:
            if path in PUBLIC:
                _slow_down(visitors, scope)
                return None
            raise Refused(401, str(error), "log in first") from None
        scope.setdefault("state", {})["coming"] = coming
        _check_reach(coming.person, path, scope.get("method", "GET"))
        if scope["type"] == "http" and scope["method"] not in SAFE:
            if path not in PUBLIC:
                _check_forgery(coming, headers)
            bucket = visitors.writes if _changes(scope) else visitors.questions
            try:
                bucket.take(coming.person.name)
            except TooMany as error:
                raise Refused(429, str(error), headers=_later(error)) from None
        return coming

    async def _who(self, visitors: Visitors, connection: HTTPConnection) -> Coming:
        """Who comes; what the database says of them is asked in a thread."""
        doors = self._server.doors
        if not doors.login and "authorization" not in connection.headers:
            return who_comes(visitors, doors, connection)
        facility = facility_of(self._server)
        lately = self._server.one(
            Lately, lambda _: Lately(lambda: (visitors.database.mark(), facility.mark()))
        )
        if (known := lately.find(connection)) is not None:
            return known
        mark = lately.mark()
        coming = await to_thread.run_sync(who_comes, visitors, doors, connection)
        lately.keep(connection, coming, mark)
        return coming

    async def _written_down(
        self, coming: Coming, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Hand on a request that changes something, and log what came of it."""
        outcome = "no answer"

        async def watching(message: Message) -> None:
            nonlocal outcome
            if message["type"] == "http.response.start":
                status = message["status"]
                outcome = "done" if status < 400 else f"refused ({status})"
            await send(message)

        try:
            await self._app(scope, receive, watching)
        finally:
            await to_thread.run_sync(
                partial(
                    visitors_of(self._server).audit.add,
                    coming.person.name,
                    f"{scope['method']} {scope['path']}",
                    address=address_of(scope),
                    outcome=outcome,
                    details={"by": coming.how},
                )
            )

    async def _refuse(self, error: Refused, scope: Scope, receive: Receive, send: Send) -> None:
        if error.status != 401:  # which every page asks for once
            log.warning(
                "refused", why=error.message, path=_place(scope["path"]), address=address_of(scope)
            )
        if scope["type"] == "websocket":
            await _hang_up(error, receive, send)
            return
        await refusal(error)(scope, receive, send)


async def _hang_up(error: Refused, receive: Receive, send: Send) -> None:
    """Refuse a WebSocket; who has to log in is told so, which a page learns in no other way."""
    if error.status == 401:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": json.dumps({"error": error.message})})
        await send({"type": "websocket.close", "code": NOT_LOGGED_IN, "reason": "log in first"})
    else:
        # Closed before it is accepted, it is answered by 403.
        await send({"type": "websocket.close", "code": 1008, "reason": error.message[:120]})


def visitors_of(server: Server) -> Visitors:
    """Who may come to this server, and who is here."""
    return server.one(
        Visitors,
        lambda one: Visitors(
            one.loaded.settings.state,
            one.loaded.settings.login,
            seeing=facility_of(one).seeing,
            welcome=facility_of(one).welcome,
        ),
    )


def _changes(scope: Scope) -> bool:
    """Whether something may be otherwise after a request."""
    if scope["type"] != "http" or scope["method"] in SAFE:
        return False
    return not (scope["method"] == "POST" and scope["path"].endswith(_QUESTIONS))


def address_of(scope: Scope) -> str:
    """Where a request came from."""
    client = scope.get("client")
    return "" if client is None else str(client[0])


def _place(path: str) -> str:
    """As much of an address as may be logged: that of a shared link is a secret itself."""
    parts = path.split("/")
    return "/".join(parts[: 3 if parts[1:2] == ["api"] else 2])[:100]


def _is_guarded(path: str) -> bool:
    # Paths that a proxy or a router might read in another way are guarded, too.
    plain = unquote(path).lower().lstrip("/")
    return plain.split("/")[0] in ("api", "metrics", "openapi.json") or ".." in plain


def _check_host(doors: Doors, headers: Headers, scope: Scope) -> None:
    at = scope.get("server")
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not doors.knows_host(hosts[0], None if at is None else at[0]):
        raise Refused(
            400,
            f"this server is not known as {', '.join(hosts)[:100] or 'nothing'}",
            "start it with --name for each name by which browsers know it",
        )


def _check_origin(doors: Doors, headers: Headers, scope: Scope) -> None:
    """Refuse what another site's page has a browser do."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
    changes = scope["type"] == "websocket" or scope["method"] not in SAFE
    foreign = origin is not None and not doors.knows_origin(origin, headers.get("host"))
    other = site not in ("same-origin", "none")
    loads = headers.get("sec-fetch-mode", "navigate") != "navigate"
    if (changes and (foreign or other)) or (other and loads and _is_guarded(scope["path"])):
        raise Refused(
            403,
            f"a page of {(origin or 'another site')[:100]} asks, and this server's pages alone may",
            "behind a proxy, have it hand on the Host header, and start the server with --name",
        )


def _check_forgery(coming: Coming, headers: Headers) -> None:
    said = headers.get("x-csrf-token", "")
    if coming.csrf is None or hmac.compare_digest(said.encode(), coming.csrf.encode()):
        return
    raise Refused(
        403,
        "the request does not say X-CSRF-Token as /api/me gives it",
        "load the page again; programs use a token (Authorization: Bearer ...)",
    )


_OF_THE_SESSION = ("/api/me", "/api/sessions", "/api/protocols", "/api/ws", "/api/logout")
_NOT_SHARED = ("files", "exports", "people", "shares", "requests")


def _check_reach(person: Person, path: str, method: str) -> None:
    """Refuse what is beyond a shared link, or a token that is limited to something."""
    if person.only_metrics and path != "/metrics":
        raise Refused(403, "this token reads /metrics and nothing else")
    if person.only is None:
        return
    parts = path.split("/")
    inside = any(path == one or path.startswith(one + "/") for one in _OF_THE_SESSION)
    creates = path == "/api/sessions" and method not in SAFE
    hidden = person.shared and (method not in SAFE or (len(parts) > 4 and parts[4] in _NOT_SHARED))
    if not inside or creates or hidden:
        what = "a shared link opens" if person.shared else "this token is limited to"
        raise Refused(403, f"{what} one session to look at, and {path} is more than that")


def _slow_down(visitors: Visitors, scope: Scope) -> None:
    try:
        visitors.strangers.take(network_of(address_of(scope)))
    except TooMany as error:
        raise Refused(429, str(error), headers=_later(error)) from None


def _later(error: TooMany) -> dict[str, str]:
    return {"Retry-After": str(error.seconds)}


def _measured(scope: Scope, receive: Receive) -> Receive:
    """Receive, with an end to what is received."""
    if scope["type"] != "http":
        return receive
    length = Headers(scope=scope).get("content-length", "0")
    if not length.isdecimal() or int(length) > LARGEST_BODY:
        raise Refused(413, f"the body of a request has at most {LARGEST_BODY} bytes")
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > LARGEST_BODY:
            raise Refused(413, f"the body of a request has at most {LARGEST_BODY} bytes")
        return message

    return counted


async def _with_headers(send: Callable[[Message], Awaitable[None]], secure: bool, path: str,
                        message: Any) -> None:  # fmt: skip
    if message["type"] == "http.response.start":
        headers = MutableHeaders(scope=message)
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        if secure:
            headers["Strict-Transport-Security"] = _STRICT_TRANSPORT
        if _is_guarded(path) and "cache-control" not in headers:
            headers["Cache-Control"] = "no-store"
    await send(message)
