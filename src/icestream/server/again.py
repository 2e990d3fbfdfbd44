"""Answers of the last seconds, given again before anything is looked at: many tabs ask the same.

Who asks says by ``Cache-Control: max-age=S`` that an answer of the last S seconds will do. What is
given again has been made for somebody who may see the session, for those who may see it, too.
"""

import re
import threading
import time
from collections import OrderedDict
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from icestream.login import Role
from icestream.server.people.come import Coming

__all__ = ["OLDEST", "Again", "KeptAnswer", "age_of"]

OLDEST = 30.0
"""Seconds that an answer may be old at most: programs wish for more than they know."""
_MOST = 64
"""Answers that are kept; they are of hundreds of kilobytes at most."""
_KEEP = "icestream.keep"
"""Member of a request's scope: what keeps its answer."""


def age_of(cache_control: str) -> float:
    """Seconds that an answer may be old, by a header of HTTP (RFC 9111, section 5.2.1)."""
    said = cache_control.lower()
    found = re.search(r"(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])", said, re.ASCII)
    return 0.0 if found is None or "no-cache" in said else min(OLDEST, float(found[1]))


class KeptAnswer(Response):
    """JSON that may be given again to all who may see a session.

    Parameters
    ----------
    content
        The JSON.
    session
        By which people of the session are kept.
    began
        When it was begun to be worked out, by the monotonic clock.
    status
        Of HTTP; 404 says that there is nothing yet.
    """

    media_type = "application/json"

    def __init__(self, content: bytes, session: str, began: float, status: int = 200) -> None:
        super().__init__(content, status)
        self.session = session
        self.began = began

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, and have it kept."""
        if keep := scope.get(_KEEP):
            keep(self, scope)
        await super().__call__(scope, receive, send)


class Again:
    """Gives answers again; what is asked of it has passed the gate.

    Parameters
    ----------
    app
        What answers else.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._turn = threading.Lock()
        self._kept: OrderedDict[tuple[str, bytes], tuple[KeptAnswer, Any]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request by what is kept, or hand it on and keep its answer."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        place = scope["path"], scope["query_string"]
        age = age_of(Headers(scope=scope).get("cache-control", ""))
        found = self._kept.get(place) if age > 0.0 else None
        if found is not None:
            answer, scope["route"] = found
            if time.monotonic() - answer.began <= age and _may_see(scope, answer.session):
                await answer(scope, receive, send)
                return
        scope[_KEEP] = lambda answer, inner: self._keep(place, answer, inner.get("route"))
        await self._app(scope, receive, send)

    def _keep(self, place: tuple[str, bytes], answer: KeptAnswer, route: object) -> None:
        with self._turn:
            self._kept[place] = answer, route
            self._kept.move_to_end(place)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)


def _may_see(scope: Scope, session: str) -> bool:
    coming: Coming | None = scope.get("state", {}).get("coming")
    if coming is None:
        return False
    return coming.person.role.covers(Role.VIEWER) and coming.person.sees(session)
