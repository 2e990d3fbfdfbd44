"""What is to be read of a session afterwards: trends, groups, decisions, facts, publishing."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from icestream.report.decisions import decision_log
from icestream.report.details import Facts, Session, add_facts
from icestream.report.follow import Follower
from icestream.report.snapshots import facts_of_result
from icestream.report.table import plotted_qualities
from icestream.report.together import Together, group_key, shifts_of
from icestream.report.views.pictures import pictures_of_result
from icestream.server.access import Viewer
from icestream.server.context import ThisServer
from icestream.server.drawing import Gallery, ThisGallery
from icestream.server.followed import followed_of
from icestream.server.result_links import PictureLink, picture_links
from icestream.server.sessions import BranchBeside, ThisSession
from icestream.store.items import items_of
from icestream.store.published import published, published_words

__all__ = ["router"]

router = APIRouter(tags=["session as a whole"])

_LONGEST = 15.0
"""Seconds for which what tells of all exposures is given again at most, while they come."""
_FACTS_FROM = 32
"""Exposures that are asked about the acquisition, evenly spread; up to twice as many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquisitionFact:
    """Something that the movies say of how they were taken."""

    label: str
    value: str
    note: str | None
    """Other values that were found under the same label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenResult:
    """The newest result of a step on many exposures that no other screen shows."""

    step: str
    title: str
    time: float
    part: str
    """``gains``, or ``others``: what plugins make, say."""
    facts: tuple[tuple[str, str], ...]
    """Label and value."""
    pictures: tuple[PictureLink, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedReport:
    """What became of bringing the live report to a web server."""

    words: str
    failing: bool


@router.get("/sessions/{id}/trends")
def trends(gallery: ThisGallery, server: ThisServer, branch: BranchBeside) -> Response:
    """Each quality over the session in at most 480 runs, with its histogram and control limits.

    In the units of screens; ``first`` of a run counts from 0 in order of arrival.
    """

    def draw() -> dict[str, Any]:
        limits = gallery.limits(branch)
        with followed_of(server).reading(gallery.entry, branch) as follower:
            return follower.table.trend_document(plotted_qualities(follower.table), 0, limits)

    return gallery.answer(("trends", branch), draw, longest=_LONGEST)


@router.get("/sessions/{id}/groups")
def groups(gallery: ThisGallery, server: ThisServer, branch: BranchBeside) -> Response:
    """Exposure groups with counts and medians in the units of screens, and beam shifts."""

    def draw() -> dict[str, Any]:
        with followed_of(server).reading(gallery.entry, branch) as follower:
            table = follower.table
            together = Together(table)
            for order in range(len(table)):
                together.put(order, group_key(table, order))
            return {"groups": together.document(), "shifts": shifts_of(table)}

    return gallery.answer(("groups", branch), draw, longest=_LONGEST)


@router.get("/sessions/{id}/decisions")
def decisions(gallery: ThisGallery, server: ThisServer) -> Response:
    """What people and the session decided, the newest first; verdicts in a row are one group."""

    def draw() -> dict[str, Any]:
        with followed_of(server).reading(gallery.entry) as follower:
            return decision_log(follower.history)

    return gallery.answer(("decisions",), draw)


@router.get("/sessions/{id}/seen")
def seen(gallery: ThisGallery, server: ThisServer, branch: BranchBeside) -> tuple[SeenResult, ...]:
    """Pictures and facts of results that no other screen shows: a gain, what a plugin made."""

    def look() -> tuple[SeenResult, ...]:
        with followed_of(server).reading(gallery.entry, branch) as follower:
            return tuple(_seen(gallery, follower, branch))

    return gallery.once(("seen", branch), look, longest=_LONGEST)


def _seen(gallery: Gallery, follower: Follower, branch: str | None) -> Iterator[SeenResult]:
    titles = gallery.shelf.step_titles(gallery.store, branch)
    for step, record in follower.snapshots.items():
        told = facts_of_result(items_of(gallery.store, record, gallery.known))
        if told is None:
            continue
        part, facts = told
        marked = pictures_of_result(gallery.store, record, gallery.known)
        pictures = picture_links(
            gallery.entry, [one for one in marked if one.role != "image"], record.id
        )
        if facts or pictures:
            yield SeenResult(
                step=step,
                title=titles.get(step, step),
                time=record.finished,
                part=part,
                facts=tuple(facts),
                pictures=tuple(pictures),
            )


@router.get("/sessions/{id}/acquisition")
def acquisition(gallery: ThisGallery, server: ThisServer) -> tuple[AcquisitionFact, ...]:
    """What the movies say of how they were taken, told from some of them and the newest."""
    followed = followed_of(server)

    def look() -> tuple[AcquisitionFact, ...]:
        with followed.reading(gallery.entry) as follower:
            kept = followed.beside(follower)
            facts: Facts = kept.setdefault("facts", Facts())
            asked: set[int] = kept.setdefault("facts from", set())
            session = Session(
                gallery.store,
                follower.workflow.steps,
                {},
                gallery.known,
                follower.again.standing,
            )
            for order in sorted(_spread(len(follower.table)) - asked):
                add_facts(session, follower.table.names[order], facts)
                asked.add(order)
            groups = set(follower.table.where.group) - {0}
            return tuple(
                AcquisitionFact(label=str(one["label"]), value=str(one["value"]), note=one["note"])
                for one in facts.shown(len(groups))
            )

    return gallery.once(("acquisition",), look, longest=_LONGEST)


def _spread(total: int) -> set[int]:
    """Orders, evenly spread: those of a longer session are among those of a shorter one."""
    stride = 1
    while total > 2 * _FACTS_FROM * stride:
        stride *= 2
    return {*range(0, total, stride), *range(max(0, total - 1), total)}


@router.get("/sessions/{id}/published")
def show_published(_: Viewer, entry: ThisSession) -> PublishedReport | None:
    """Whether the live report got to where it is published; null where nobody asked for that."""
    state = published(entry.folder)
    if state is None:
        return None
    return PublishedReport(words=published_words(state), failing=state.failing is not None)
