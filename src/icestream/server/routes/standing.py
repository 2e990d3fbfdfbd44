"""Where a session stands now: what its first screen shows, and asks for every few seconds."""

import time
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from icestream.model import Taken
from icestream.report.follow import Follower
from icestream.report.live import live_document
from icestream.report.views.pictures import pictures_of_result
from icestream.server.context import ThisServer
from icestream.server.drawing import Gallery, ThisGallery
from icestream.server.followed import SessionFollowers, followed_of
from icestream.server.live_nodes import node_loads
from icestream.server.live_view import LiveView, NewestExposure
from icestream.server.result_links import picture_links
from icestream.server.sessions import BranchBeside
from icestream.server.shown_states import STATE_WORDS
from icestream.store import queries
from icestream.store.exposure_pages import exposure_page
from icestream.store.exposure_queries import ExposureQuery, ExposureWindow
from icestream.store.follow import newest_event
from icestream.store.newest import newest_taken
from icestream.store.records import StandingRecord
from icestream.store.standing import reruns

__all__ = ["router"]

router = APIRouter(tags=["sessions"])

_TICK = 2.0
"""Seconds after which rates and ages are told anew, though nothing has happened."""
_SETTLED = ("done", "rejected", "failed")


@router.get("/sessions/{id}/live", response_model=LiveView)
def show_live(gallery: ThisGallery, server: ThisServer, branch: BranchBeside) -> Response:
    """Where the session stands: counts, rates, verdicts, steps, alerts, the newest exposure.

    Of a branch that is not adopted it is not known how fast it is processed, nor what is to come.
    """
    followed, tick = followed_of(server), int(time.time() // _TICK)
    return gallery.answer(("live", branch), lambda: _view(gallery, followed, branch), tick=tick)


def _view(gallery: Gallery, followed: SessionFollowers, branch: str | None) -> LiveView:
    store = gallery.store
    last = newest_event(store)  # before all else: what comes meanwhile is told again
    titles = gallery.shelf.step_titles(store, branch)
    standing = reruns(store).standing if branch is None else None
    limits = gallery.limits(branch)
    taken, _newest = newest_taken(store)
    with followed.reading(gallery.entry, branch) as follower:
        document = live_document(follower, titles, limits, taken or Taken("movie", "movies"))
        _forget_news(follower)
        settled = _newest_settled(follower)
    asked = ExposureQuery(states=_SETTLED), ExposureWindow(descending=True, limit=1)
    if branch is not None:
        asked = ExposureQuery(branch=branch), ExposureWindow(around=settled, limit=1)
    newest = None if settled is None else _exposure(gallery, asked, standing)
    document["machine"] += node_loads(store.folder)
    return LiveView(**document, last_event=last, newest=newest)


def _forget_news(follower: Follower) -> None:
    """What a report draws anew is not drawn here, and would be remembered for ever."""
    follower.touched.clear()
    follower.table.take_news()
    follower.table.take_changed()


def _newest_settled(follower: Follower) -> str | None:
    """Name of the exposure that came last of those that are processed."""
    table = follower.table
    orders = range(len(table) - 1, -1, -1)
    return next((table.names[order] for order in orders if table.state[order] != ord("p")), None)


def _exposure(
    gallery: Gallery, asked: tuple[ExposureQuery, ExposureWindow], standing: StandingRecord | None
) -> NewestExposure | None:
    """The exposure that is asked for, with its pictures."""
    for row in exposure_page(gallery.store, *asked).rows:
        results: dict[str, Any] = {}
        branch = asked[0].branch
        for part in (standing, branch) if standing is not None else (branch,):
            results |= queries.results_of(gallery.store, row.name, branch=part)
        pictures = tuple(
            link
            for record in results.values()
            for link in picture_links(
                gallery.entry,
                pictures_of_result(gallery.store, record, gallery.known),
                record.id,
            )
        )
        return NewestExposure(
            name=row.name,
            number=row.number,
            state=STATE_WORDS[row.state],
            found=row.found,
            time=row.time,
            pictures=pictures,
            qualities=dict(row.qualities),
        )
    return None
