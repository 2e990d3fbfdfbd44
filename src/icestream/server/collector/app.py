"""The collector: takes statements of usage, and shows what they say together. Keeps no address."""

import datetime
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from icestream.server.collector.page import STYLE, write_page
from icestream.server.collector.tally import Tally, UsageFigures
from icestream.server.errors import Refused
from icestream.server.people.brake import Bucket, TooMany, network_of
from icestream.usage.sending import ADDRESS
from icestream.usage.statement import LARGEST, UsageStatement
from icestream.usage.suggestions import FIGURES

__all__ = ["CONTENT_POLICY", "create_collector"]

CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_FRESH = 60.0
"""Seconds for which figures are not reckoned again."""
_PROBLEMS = 5


class _Collector:
    """What the routes share."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        # Networks are known in memory alone, and for as long as they send.
        self.statements = Bucket(20, 1 / 60)
        self.pages = Bucket(120, 2.0)
        self._figures: tuple[float, UsageFigures] | None = None

    def take(self, text: bytes) -> None:
        """Keep a statement."""
        try:
            statement = UsageStatement.model_validate_json(text)
        except ValidationError as error:
            raise Refused(422, f"no statement that is understood: {_words(error)}") from None
        self.tally.take(statement, _today())

    def figures(self) -> UsageFigures:
        """What is shown: of this minute."""
        now = time.monotonic()
        if self._figures is None or now - self._figures[0] > _FRESH:
            self._figures = (now, self.tally.figures(_today()))
        return self._figures[1]


def create_collector(tally: Tally) -> Starlette:
    """The application of a collector.

    Parameters
    ----------
    tally
        What it keeps; closed when the application ends.
    """
    collector = _Collector(tally)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        tally.close()

    async def receive(request: Request) -> Response:
        _slow_down(collector.statements, request)
        await run_in_threadpool(collector.take, await _body(request))
        return Response(status_code=204)

    async def page(request: Request) -> Response:
        _slow_down(collector.pages, request)
        figures = await run_in_threadpool(collector.figures)
        return HTMLResponse(await run_in_threadpool(write_page, figures))

    async def figures(request: Request) -> Response:
        _slow_down(collector.pages, request)
        return JSONResponse(asdict(await run_in_threadpool(collector.figures)))

    async def style(_: Request) -> Response:
        return FileResponse(STYLE, media_type="text/css")

    app = Starlette(
        routes=[
            Route("/", page, methods=["GET"]),
            Route(FIGURES, figures, methods=["GET"]),
            Route("/style.css", style, methods=["GET"]),
            Route(ADDRESS, receive, methods=["POST"]),
        ],
        exception_handlers={Refused: _refused},
        lifespan=lifespan,
    )
    app.add_middleware(BaseHTTPMiddleware, dispatch=_with_headers)
    return app


async def _with_headers(
    request: Request, answer: Callable[[Request], Awaitable[Response]]
) -> Response:
    response = await answer(request)
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-cache")
    return response


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    said = {"message": error.message, "advice": error.advice}
    return JSONResponse(said, status_code=error.status, headers=error.headers)


def _slow_down(bucket: Bucket, request: Request) -> None:
    try:
        bucket.take(network_of("" if request.client is None else request.client.host))
    except TooMany as error:
        later = {"Retry-After": str(error.seconds)}
        raise Refused(429, str(error), headers=later) from None


async def _body(request: Request) -> bytes:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Refused(415, "a statement is application/json")
    taken = bytearray()
    async for part in request.stream():
        taken += part
        if len(taken) > LARGEST:
            raise Refused(413, f"a statement has at most {LARGEST} bytes")
    return bytes(taken)


def _words(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False)
    # What is too much comes first: it may be somebody's.
    found.sort(key=lambda one: one["type"] != "extra_forbidden")
    said = [f"{'.'.join(map(str, one['loc'])) or 'it'}: {one['msg']}" for one in found[:_PROBLEMS]]
    more = f"; and {len(found) - _PROBLEMS} more" if len(found) > _PROBLEMS else ""
    return "; ".join(said) + more


def _today() -> datetime.date:
    return datetime.datetime.now(datetime.UTC).date()
