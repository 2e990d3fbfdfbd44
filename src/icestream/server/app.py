"""The application: which routes there are, and how one process serves them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from icestream import __version__
from icestream.server import front
from icestream.server.again import Again
from icestream.server.context import Server
from icestream.server.errors import ErrorAnswer, answer_errors
from icestream.server.log_lines import keep_log
from icestream.server.metrics.shared import RequestTimes
from icestream.server.people.asked_again import keep_asking
from icestream.server.people.gate import Gate
from icestream.server.routes import (
    alerts,
    begin,
    branches,
    channels,
    classes,
    entrance,
    exposures,
    facility,
    files,
    folders,
    lineage,
    live,
    machine,
    metrics,
    people,
    pictures,
    previews,
    protocols,
    record,
    requests,
    sessions,
    settings,
    shots,
    standing,
    volumes,
    whole,
    workflows,
)

__all__ = ["LIFESPANS", "MIDDLEWARE", "ROUTERS", "create_app"]

ROUTERS: tuple[APIRouter, ...] = (
    entrance.router,
    people.router,
    sessions.router,
    shots.router,
    standing.router,
    requests.router,
    previews.router,
    protocols.router,
    workflows.router,
    folders.router,
    begin.router,
    channels.router,
    live.router,
    machine.router,
    settings.router,
    exposures.router,
    pictures.router,
    classes.router,
    volumes.router,
    alerts.router,
    whole.router,
    record.router,
    lineage.router,
    branches.router,
    files.router,
    facility.router,
)
"""Every topic below ``/api``; the front end's own addresses come after them."""

ROOT_ROUTERS: tuple[APIRouter, ...] = (metrics.router, people.share_router)
"""What is not below ``/api``: figures for a monitoring system, shared pages."""

LIFESPANS: tuple[Callable[[Server], AbstractAsyncContextManager[None]], ...] = (
    keep_log,
    keep_asking,
)
"""What runs beside the answers while the server does, such as watching for events."""

MIDDLEWARE: tuple[
    Callable[[Request, Callable[[Request], Awaitable[Response]]], Awaitable[Response]], ...
] = ()
"""What every answer goes through, the first of them outermost."""

_REFUSALS = {status: {"model": ErrorAnswer} for status in (400, 401, 403, 404, 409, 422, 429)}


def create_app(server: Server, static: Path = front.STATIC) -> FastAPI:
    """The application of one server.

    Parameters
    ----------
    server
        What its routes share; closed when the application ends.
    static
        Folder with the front end.
    """
    app = FastAPI(
        title="icestream",
        summary="See, curate and steer cryo-EM sessions while they are acquired.",
        version=__version__,
        docs_url=None,  # these pages load their scripts from another host
        redoc_url=None,
        lifespan=_lifespan,
        generate_unique_id_function=_operation,
        responses={status: dict(said) for status, said in _REFUSALS.items()},
    )
    app.state.server = server
    app.state.static = static
    answer_errors(app)
    for middleware in reversed(MIDDLEWARE):
        app.middleware("http")(middleware)
    app.add_middleware(Again)
    app.add_middleware(RequestTimes, server=server)
    app.add_middleware(Gate, server=server)  # the outermost: nothing is asked before it
    for router in ROUTERS:
        app.include_router(router, prefix="/api")
    for router in (*ROOT_ROUTERS, front.router):
        app.include_router(router)
    return app


def _operation(route: APIRoute) -> str:
    """The name of an operation in the document, and so in clients: that of the function."""
    return route.name


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    server: Server = app.state.server
    async with AsyncExitStack() as around:
        around.callback(server.close)
        for lifespan in LIFESPANS:
            await around.enter_async_context(lifespan(server))
        yield
