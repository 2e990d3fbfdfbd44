"""What a connection listens to, and what it is told next."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from icestream.server.catalogue import Entry, why_unreadable
from icestream.server.live.overview import SessionsOverview
from icestream.server.live.ring import EventBatch, Ring
from icestream.server.live.tail import AWAY, Tail

__all__ = ["MOST_BEHIND", "News", "SessionTopic", "SessionsTopic", "Topic"]

MOST_BEHIND = 5000
"""Events that somebody who comes back is told; who has missed more loads everything anew."""
_PAGE = 500
"""Events of one message, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What is said at once about a topic."""

    seq: int = 0
    """The place from which to go on."""
    batch: EventBatch | None = None
    """What has happened; None where something else is said."""
    counted: str = ""
    """Where the session stands, as members of a JSON object; empty: as it was said before."""
    reset: bool = False
    """Some of what happened is not told: everything is to be loaded anew."""
    problem: str = ""
    """Why there is nothing to be told now; it is tried again."""


class Topic(Protocol):
    """Something that is listened to."""

    @property
    def listeners(self) -> set[asyncio.Event]:
        """Those who are woken when there may be news."""

    async def news(self) -> News | None:
        """What comes next; None: nothing now."""


class SessionTopic:
    """Events of one session, for one connection.

    Parameters
    ----------
    tail
        Reads them.
    since
        Number of the last event that is known; None: begin with what happens next.
    alerts
        Only those about alerts.
    whole
        Everything that happened since, however much; else `MOST_BEHIND` events at most.
    """

    def __init__(
        self,
        tail: Tail,
        since: int | None,
        *,
        alerts: bool = False,
        whole: bool = False,
    ) -> None:
        self._tail = tail
        self._place = since
        self._alerts = alerts
        self._whole = whole
        self._known = False
        """Whether the place is one that its tail has told."""
        self._renewed = tail.renewed
        self._counted = -1
        self._problem = ""

    @property
    def listeners(self) -> set[asyncio.Event]:
        """Those of the session's tail."""
        return self._tail.listeners

    async def news(self) -> News | None:
        """Events after the last that were told, in order, and where the session stands."""
        tail, ring = self._tail, self._tail.ring
        if tail.problem:
            return self._told_problem(tail.problem)
        if ring is None:
            return None
        self._problem = ""
        if self._place is None:
            self._place = ring.last
        try:
            lost = await self._is_lost(self._place, ring)
        except AWAY as error:
            return self._told_problem(why_unreadable(error))
        if lost:
            self._renewed, self._place = tail.renewed, ring.last
            return News(seq=ring.last, reset=True)
        if self._place < ring.start:
            return await self._before(self._place, ring)
        batch = ring.after(self._place, _PAGE)
        self._place = batch.seq
        if self._alerts:
            batch = batch.alerts
        greets, same = self._counted < 0, self._counted == tail.counted.version
        self._counted = tail.counted.version
        counted = "" if same or self._alerts else tail.counted.text
        if not (batch.events or counted or greets):
            return None
        return News(seq=batch.seq, batch=batch, counted=counted)

    async def _is_lost(self, place: int, ring: Ring) -> bool:
        """Whether a place is one of another session's store, or too far behind."""
        if self._renewed != self._tail.renewed:
            return True
        # What was just loaded may be newer than what has been read on: the store is asked.
        ahead = place > ring.last and not self._known
        if ahead and place > await asyncio.to_thread(self._tail.newest):
            return True
        self._known = True
        return not self._whole and ring.last - place > MOST_BEHIND

    async def _before(self, place: int, ring: Ring) -> News | None:
        """Events that are not kept in memory any more, or were not yet."""
        tail, alerts = self._tail, self._alerts
        try:
            found = await asyncio.to_thread(tail.page, place, _PAGE, alerts=alerts)
        except AWAY as error:
            return self._told_problem(why_unreadable(error))
        if tail.ring is not ring:
            return None
        reached = found[-1].seq if found else ring.start
        self._place = reached if len(found) == _PAGE else max(reached, ring.start)
        return News(seq=self._place, batch=EventBatch(self._place, tuple(found)))

    def _told_problem(self, problem: str) -> News | None:
        if problem == self._problem:
            return None
        self._problem = problem
        return News(problem=problem)


class SessionsTopic:
    """Summaries of all sessions that a person may see, for one connection.

    Parameters
    ----------
    overview
        Makes them.
    since
        Number of the last change that is known; None: begin with what changes next.
    may_see
        Whether the person may see a session.
    nameless
        Not to be told who the people of a session are: who comes by a shared link is a stranger.
    """

    def __init__(
        self,
        overview: SessionsOverview,
        since: int | None,
        may_see: Callable[[Entry], bool],
        *,
        nameless: bool = False,
    ) -> None:
        self._overview = overview
        self._place = overview.last if since is None else since
        self._may_see = may_see
        self._nameless = nameless
        self._greeted = False

    @property
    def listeners(self) -> set[asyncio.Event]:
        """Those of the overview."""
        return self._overview.listeners

    async def news(self) -> News | None:
        """Sessions that are other than they were told last."""
        overview = self._overview
        greets, self._greeted = not self._greeted, True
        if not overview.first <= self._place <= overview.last:
            self._place = overview.last
            return News(seq=overview.last, reset=True)
        changed = overview.after(self._place)
        self._place = overview.last
        seen = tuple(one.told for one in changed if self._may_see(one.entry))
        if self._nameless:
            seen = tuple(replace(one, text=_without_people(one.text)) for one in seen)
        if not seen and not greets:
            return None
        return News(seq=overview.last, batch=EventBatch(overview.last, seen))


def _without_people(text: str) -> str:
    summary = json.loads(text)
    if "people" in summary:
        summary["people"] = []
    return json.dumps(summary)
