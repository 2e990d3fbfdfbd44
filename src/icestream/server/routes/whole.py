"""A session as a whole: its map, what happened when, limits of its own, what its steps tell."""

import time
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from icestream.model import quality_of
from icestream.report.agreement import Agreements, StepAgreement
from icestream.report.clock import AcquisitionClock
from icestream.report.control import control_of
from icestream.report.live import is_finished, shown_decisions
from icestream.report.telling import Telling
from icestream.report.timeline import alert_bars, change_marks
from icestream.report.trends import in_page_order
from icestream.report.views.grid_map import GridMap, grid_map
from icestream.server.context import Server, ThisServer
from icestream.server.drawing import Gallery, ThisGallery
from icestream.server.followed import followed_of
from icestream.server.sessions import BranchBeside

__all__ = ["ControlLimits", "SessionTimeline", "router"]

router = APIRouter(tags=["session as a whole"])

_PATIENCE = 3.0
"""Seconds in which what consensus steps said is read; the rest comes with the next question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlLimits:
    """The session's own limits of a quality, in the unit of screens."""

    center: float | None
    low: float | None
    """Null where no value can be so low."""
    high: float | None
    outside: int
    """Exposures beyond them."""
    count: int
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTimeline:
    """What happened when, in the time of the acquisition."""

    now: float
    written: float
    """The same moment by this machine's clock."""
    tempo: dict[str, Any] | None
    """How many were taken and settled in each span of time."""
    alerts: list[dict[str, Any]]
    """As bars from their begin to their end, in lanes in which none covers another."""
    marks: list[dict[str, Any]]
    """What people and the session changed."""


@router.get("/sessions/{id}/squares", response_model=GridMap)
def squares(
    gallery: ThisGallery,
    server: ThisServer,
    branch: BranchBeside,
    quality: Annotated[
        str | None, Query(max_length=200, description="What colours the map; the first.")
    ] = None,
    square: Annotated[
        str | None, Query(max_length=400, description="Whose exposures are wanted.")
    ] = None,
) -> Response:
    """Grid squares with counts and medians, and where their exposures lie.

    Exposures are sent where they are at most 3000 or those of one square are asked for.
    """

    def draw() -> GridMap:
        with followed_of(server).reading(gallery.entry, branch) as follower:
            return grid_map(follower.table, quality, square)

    return gallery.answer(("squares", branch, quality, square), draw)


@router.get("/sessions/{id}/timeline")
def timeline(gallery: ThisGallery, server: ThisServer, branch: BranchBeside) -> SessionTimeline:
    """Alerts from begin to end, what people changed, and how many exposures came and were done.

    Of a branch that is not adopted: those of its own exposures, and what was changed of it or of
    the session as a whole.
    """
    return gallery.once(("timeline", branch), lambda: _timeline(gallery, server, branch))


def _timeline(gallery: Gallery, server: Server, branch: str | None) -> SessionTimeline:
    with followed_of(server).reading(gallery.entry, branch) as follower:
        ended = follower.session.changed if is_finished(follower) else time.time()
        clock = AcquisitionClock.of(follower.table)
        now = clock.now(ended)
        return SessionTimeline(
            now=now,
            written=ended,
            tempo=follower.tempo.document(follower.table.time, clock),
            alerts=alert_bars(follower.all_alerts(), follower.table.place_of, now, clock),
            marks=change_marks(shown_decisions(follower), ended, clock),
        )


@router.get("/sessions/{id}/control")
def control(
    gallery: ThisGallery, server: ThisServer, branch: BranchBeside
) -> dict[str, ControlLimits]:
    """Beyond what each quality of this session is not like the rest of it.

    Median ± 3 robust standard deviations, told for each side by itself; a quality of which too few
    values are known is left out.
    """
    return gallery.once(("control", branch), lambda: _control(gallery, server, branch))


def _control(gallery: Gallery, server: Server, branch: str | None) -> dict[str, ControlLimits]:
    limits: dict[str, ControlLimits] = {}
    with followed_of(server).reading(gallery.entry, branch) as follower:
        for name in in_page_order(follower.table.qualities):
            found = control_of(follower.table.qualities[name].values)
            if found is not None:
                limits[name] = ControlLimits(**found.document(quality_of(name).scale))
    return limits


@router.get("/sessions/{id}/agreement")
def agreement(
    gallery: ThisGallery, server: ThisServer, branch: BranchBeside
) -> list[StepAgreement]:
    """Programs side by side: the members of each consensus, and how they agree.

    Who was outvoted how often and what pickers share; what each costs, and how often it failed; of
    simulated sessions, beside which the truth lies, how near each comes to it.

    Of a long session that was not asked about before, what was read in three seconds is told, and
    more the next time.
    """
    titles = gallery.shelf.step_titles(gallery.store, branch)
    followed = followed_of(server)
    with followed.reading(gallery.entry, branch) as follower:
        kept = followed.beside(follower)
        agreements: Agreements = kept.setdefault("agreements", Agreements())
        said = agreements.update(follower, titles, _PATIENCE)
        if said is not None:
            kept["agreed"] = said
        agreed: list[StepAgreement] = kept.get("agreed", [])
        return agreed


@router.get("/sessions/{id}/told")
def told(gallery: ThisGallery, server: ThisServer, branch: BranchBeside) -> list[dict[str, Any]]:
    """What each step tells of its newest results: a sentence and plots, as its author wrote them.

    What goes wrong in a plugin is shown as its ``problems``.
    """
    shelf = gallery.shelf
    titles, followed = shelf.step_titles(gallery.store, branch), followed_of(server)
    with followed.reading(gallery.entry, branch) as follower:
        kept = followed.beside(follower)
        telling: Telling = kept.setdefault("telling", Telling(shelf.registry))
        said = telling.update(follower, titles)
        if said is not None:
            kept["told"] = said
        return list(kept.get("told", []))
