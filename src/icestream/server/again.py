"""Answers of the last seconds, given again before anything is looked at: many tabs ask the same.

Who asks says by ``Cache-Control: max-age=S`` that an answer of the last S seconds will do. What is
given again has been made for somebody who may see the session, for those who may see it, too.
"""

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from icestream.login import Role
from icestream.server.people.come import Coming

__all__ = ["OLDEST", "Again", "KeptAnswer", "age_of"]

OLDEST = 30.0
"""Seconds that an answer may be old at most: programs wish for more than they know."""
_MOST = 16 * 2**20
"""Bytes of all that is kept, at most."""
_LARGEST = 2**20
"""Bytes of one answer that is kept, at most."""
_KEEP = "icestream.keep"
"""Member of a request's scope: what keeps its answer."""


def age_of(cache_control: str) -> float:
    """Seconds that an answer may be old, by a header of HTTP (RFC 9111, section 5.2.1)."""
    said = cache_control.lower()
    found = re.search(r"(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])", said, re.ASCII)
    return 0.0 if found is None or "no-cache" in said else min(OLDEST, float(found[1]))


class KeptAnswer(Response):
    """What may be given again to all who may see a session.

    Parameters
    ----------
    content
        Its body.
    session
        By which people of the session are kept.
    began
        When it was begun to be worked out, by the monotonic clock.
    status
        Of HTTP; 404 says that there is nothing yet.
    headers
        Of what is sent; it is JSON unless they say something else.
    lasts
        Whether it never changes, so that nobody minds its age.
    """

    media_type = "application/json"

    def __init__(
        self,
        content: bytes,
        session: str,
        began: float,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        lasts: bool = False,
    ) -> None:
        super().__init__(content, status, headers)
        self.session = session
        self.began = began
        self.lasts = lasts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, and have it kept."""
        if keep := scope.get(_KEEP):
            keep(self, scope)
        await super().__call__(scope, receive, send)


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer, and the route that gave it."""

    answer: KeptAnswer
    route: object


_Place = tuple[str, bytes]
"""Path and query of a question."""


class Again:
    """Gives answers again; what is asked of it has passed the gate.

    Parameters
    ----------
    app
        What answers else.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: OrderedDict[_Place, _Kept] = OrderedDict()
        self._asked: dict[_Place, asyncio.Event] = {}
        """What is being answered; set when the answer begins."""
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request by what is kept, or hand it on and keep its answer."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        place, headers = (scope["path"], scope["query_string"]), Headers(scope=scope)
        if _may_wait(place, headers) and (asked := self._asked.get(place)) is not None:
            await asked.wait()
        kept = self._kept.get(place)
        if kept is not None and _will_do(kept.answer, headers) and _may_see(scope, kept.answer):
            scope["route"] = kept.route
            await kept.answer(scope, receive, send)
        else:
            await self._hand_on(place, scope, receive, send)

    async def _hand_on(self, place: _Place, scope: Scope, receive: Receive, send: Send) -> None:
        asked = self._asked[place] = asyncio.Event()

        async def answered(message: Message) -> None:
            asked.set()
            await send(message)

        scope[_KEEP] = lambda answer, inner: self._keep(place, _Kept(answer, inner.get("route")))
        try:
            await self._app(scope, receive, answered)
        finally:
            asked.set()
            if self._asked.get(place) is asked:
                del self._asked[place]

    def _keep(self, place: _Place, kept: _Kept) -> None:
        """Keep an answer; in the loop's thread, as all else here."""
        if len(kept.answer.body) > _LARGEST:
            return
        self._forget(place)
        self._kept[place] = kept
        self._bytes += len(kept.answer.body)
        while self._bytes > _MOST:
            self._forget(next(iter(self._kept)))

    def _forget(self, place: _Place) -> None:
        if (kept := self._kept.pop(place, None)) is not None:
            self._bytes -= len(kept.answer.body)


def _may_wait(place: _Place, headers: Headers) -> bool:
    """Whether what another asked for a moment ago may be the answer."""
    return place[0].endswith(".png") or age_of(headers.get("cache-control", "")) > 0.0


def _will_do(answer: KeptAnswer, headers: Headers) -> bool:
    """Whether an answer is new enough for who asks."""
    if "if-none-match" in headers:
        return False
    age = OLDEST if answer.lasts else age_of(headers.get("cache-control", ""))
    return age > 0.0 and time.monotonic() - answer.began <= age


def _may_see(scope: Scope, answer: KeptAnswer) -> bool:
    coming: Coming | None = scope.get("state", {}).get("coming")
    if coming is None:
        return False
    return coming.person.role.covers(Role.VIEWER) and coming.person.sees(answer.session)
