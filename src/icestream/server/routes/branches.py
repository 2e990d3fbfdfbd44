"""Branches: what each is and holds, and two of them side by side."""

from dataclasses import dataclass, fields
from typing import Annotated

from fastapi import APIRouter, Query

from icestream.engine.graph.differences import differences
from icestream.engine.record.listing import ListedBranch, list_branches
from icestream.engine.record.workflows import session_workflow
from icestream.report.comparison import compare as compare_branches
from icestream.report.difference_words import difference_lines
from icestream.report.views.comparing import (
    ComparisonView,
    PicturePair,
    comparison_view,
    picture_pairs,
)
from icestream.report.views.pictures import ShownPicture
from icestream.server.drawing import Gallery, ThisGallery
from icestream.server.result_links import picture_links
from icestream.server.sessions import known_branch
from icestream.store import queries
from icestream.store.records import BranchRecord

__all__ = ["ComparedBranches", "ComparedPicture", "ShownBranch", "router"]

router = APIRouter(tags=["branches"])


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownBranch:
    """A branch, how far it is and what it holds."""

    record: BranchRecord
    differences: tuple[str, ...]
    """What is otherwise than in the adopted one, in words."""
    tasks: int
    """Tasks of the steps that it does not share with the adopted one."""
    ended: int
    """Those that need nothing more."""
    failed: int
    bytes: int | None
    """That only it holds; null of the adopted one."""
    exposures: int
    """That it is for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedPicture:
    """One picture as both branches have it."""

    step: str
    exposure: str
    """Empty: of many."""
    why: str
    """Why this exposure is shown."""
    title: str
    old: str | None
    """Where it is; null where this branch has none."""
    new: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedBranches(ComparisonView):
    """What two branches made, with pictures of some exposures."""

    pictures: tuple[ComparedPicture, ...]


@router.get("/sessions/{id}/branches")
def branches(gallery: ThisGallery) -> list[ShownBranch]:
    """All branches of a session, the oldest first, with the bytes that only each of them holds."""
    store = gallery.store
    total = sum(queries.count_exposures(store).values())
    return [_shown(gallery, one, total) for one in list_branches(store, gallery.shelf.registry)]


def _shown(gallery: Gallery, one: ListedBranch, total: int) -> ShownBranch:
    registry = gallery.shelf.registry
    lines: tuple[str, ...] = ()
    if not one.record.adopted:
        workflow = session_workflow(gallery.store, one.record.name)
        lines = tuple(difference_lines(one.differences, workflow, registry))
    return ShownBranch(
        record=one.record,
        differences=lines,
        tasks=one.tasks,
        ended=one.ended,
        failed=one.failed,
        bytes=one.bytes,
        exposures=total if one.record.sample is None else one.record.sample,
    )


@router.get("/sessions/{id}/compare")
def compare(
    gallery: ThisGallery,
    b: Annotated[str, Query(max_length=200, description="Name of the newer branch.")],
    a: Annotated[
        str | None, Query(max_length=200, description="The older one; the adopted by default.")
    ] = None,
    step: Annotated[
        list[str] | None, Query(description="Only these steps; may be given several times.")
    ] = None,
) -> ComparedBranches:
    """Two branches side by side: what is better, worse, lost and gained, and by how much.

    Compared are the exposures that both have, one by one. What is `claimed` differs by more than
    chance; values are as they are stored, with unit and scale of the screen.
    """
    store, registry = gallery.store, gallery.shelf.registry
    known_branch(store, a)
    known_branch(store, b)
    found = compare_branches(store, a, b, step)
    before, after = (session_workflow(store, name) for name in (found.old, found.new))
    changes = tuple(difference_lines(differences(before, after, registry), after, registry))
    view = comparison_view(found, changes)
    told = {field.name: getattr(view, field.name) for field in fields(view)}
    pairs = picture_pairs(store, found, gallery.known)
    return ComparedBranches(**told, pictures=tuple(_picture(gallery, pair) for pair in pairs))


def _picture(gallery: Gallery, pair: PicturePair) -> ComparedPicture:
    return ComparedPicture(
        step=pair.step,
        exposure=pair.exposure,
        why=pair.why,
        title=pair.title,
        old=_url(gallery, pair.old),
        new=_url(gallery, pair.new),
    )


def _url(gallery: Gallery, found: tuple[int, ShownPicture] | None) -> str | None:
    if found is None:
        return None
    number, picture = found
    return picture_links(gallery.entry, [picture], number)[0].url
