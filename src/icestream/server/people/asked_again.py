"""Asking a directory again about those who are in: their groups change while they stay."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from starlette.concurrency import run_in_threadpool

from icestream.login import LoginUnavailable
from icestream.server.context import Server
from icestream.server.people.gate import visitors_of
from icestream.server.people.visitors import Visitors

__all__ = ["keep_asking"]

EVERY = 600.0
"""Seconds between two times: so long somebody who left a group still sees what it shows."""

_log = structlog.get_logger(__name__)


@asynccontextmanager
async def keep_asking(server: Server) -> AsyncIterator[None]:
    """Ask again and again while the server runs; not at all where there is no directory."""
    visitors = visitors_of(server)
    if not visitors.by_directory:
        yield
        return
    asking = asyncio.create_task(_ask(visitors))
    try:
        yield
    finally:
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking


async def _ask(visitors: Visitors) -> None:
    while True:
        await asyncio.sleep(EVERY)
        try:
            await run_in_threadpool(visitors.ask_again)
        except LoginUnavailable as error:
            _log.warning(f"whether people are still in their groups is not known: {error}")
        except Exception as error:  # the next time it may be otherwise
            _log.error(f"people could not be asked about again: {error!r}")
