"""2D classes: all updates, each class with why it is taken or left out, and its particles."""

from dataclasses import dataclass, fields
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from icestream.model import Classes
from icestream.report.views.averages import (
    SPRITE_TILE,
    average_png,
    averages_sheet,
    sheet_columns,
)
from icestream.report.views.classes import (
    ChosenUpdate,
    ClassesView,
    ClassRow,
    chosen_update,
    classes_in,
    classes_view,
    place_of,
    places_in_order,
)
from icestream.report.views.members import (
    MOST_MEMBERS,
    ClassMembers,
    MemberPage,
    members_of,
    members_sprite,
)
from icestream.server.drawing import (
    Gallery,
    IfNoneMatch,
    ThisGallery,
    answer_picture,
    file_mark,
)
from icestream.server.errors import Refused
from icestream.server.result_links import RESULT, Port, ResultNumber
from icestream.server.sessions import AskedBranch
from icestream.store.results import result

__all__ = ["ShownClass", "ShownClasses", "ShownMembers", "Sprite", "router"]

router = APIRouter(tags=["classes"])

Step = Annotated[str | None, Query(description="The last that makes classes by default.")]
Update = Annotated[int | None, Query(ge=1, description="Number of the update; the newest.")]
ClassNumber = Annotated[int, Path(ge=1, lt=1 << 31, description="Of the class.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownClass(ClassRow):
    """A class, and its picture."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sprite:
    """All averages on one sheet, in the order of the classes, row by row."""

    url: str
    columns: int
    rows: int
    tile: int
    """Pixels along a side of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownClasses(ClassesView):
    """Classes, and their pictures."""

    classes: tuple[ShownClass, ...]
    sprite: Sprite


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMembers(ClassMembers):
    """Particles of a class, and their pictures."""

    sprite: str | None


@router.get("/sessions/{id}/classes", response_model=ShownClasses)
def classes(
    gallery: ThisGallery,
    branch: AskedBranch,
    step: Step = None,
    at: Update = None,
) -> Response:
    """The 2D classes as of an update, the most populated first, and all updates that there are."""
    return gallery.answer(("classes", branch, step, at), lambda: _shown(gallery, branch, step, at))


def _shown(gallery: Gallery, branch: str | None, step: str | None, at: int | None) -> ShownClasses:
    registry, known = gallery.shelf.registry, gallery.known
    view = classes_view(gallery.store, registry, known, step=step, update=at, branch=branch)
    base = f"{gallery.base}/results/{view.result}/classes/{view.port}"
    columns = sheet_columns(len(view.classes))
    shown = tuple(
        ShownClass(**_fields(row), url=f"{base}/{row.number}.png") for row in view.classes
    )
    sprite = Sprite(
        url=f"{base}.png",
        columns=columns,
        rows=-(-len(shown) // columns),
        tile=SPRITE_TILE,
    )
    return ShownClasses(**(_fields(view) | {"classes": shown}), sprite=sprite)


def _fields(one: Any) -> dict[str, Any]:
    return {field.name: getattr(one, field.name) for field in fields(one)}


@router.get(f"{RESULT}/classes/{{port}}.png", response_class=Response)
def class_sheet(
    gallery: ThisGallery,
    number: ResultNumber,
    port: Port,
    known: IfNoneMatch = None,
) -> Response:
    """All averages of a result on one sheet, the most populated class first."""
    found = _classes_at(gallery, number, port)
    path = gallery.readable(found.averages)
    key = (gallery.entry.id, number, port, "sheet", *file_mark(path))
    order = places_in_order(found)
    return answer_picture(gallery, known, key, ".png", lambda: averages_sheet(path, order))


@router.get(f"{RESULT}/classes/{{port}}/{{class_number}}.png", response_class=Response)
def class_average(
    gallery: ThisGallery,
    number: ResultNumber,
    port: Port,
    class_number: ClassNumber,
    size: Annotated[int, Query(ge=16, le=1024, description="Pixels along a side.")] = 256,
    known: IfNoneMatch = None,
) -> Response:
    """The average of one class."""
    found = _classes_at(gallery, number, port)
    path, place = gallery.readable(found.averages), place_of(found, class_number)
    key = (gallery.entry.id, number, port, "average", place, size, *file_mark(path))
    return answer_picture(gallery, known, key, ".png", lambda: average_png(path, place, size))


def _classes_at(gallery: Gallery, number: int, port: str) -> Classes:
    there, found = classes_in(gallery.store, result(gallery.store, number), gallery.known)
    if port != there:
        raise Refused(
            404, f"result {number} has no classes at port {port}", f"it has them at {there}"
        )
    return found


@dataclass(frozen=True, slots=True)
class _Asked:
    """The update and the particles that were asked for, and the query that asks for the same."""

    update: ChosenUpdate
    page: MemberPage
    query: str


def _members_asked(
    gallery: ThisGallery,
    branch: AskedBranch,
    step: Step = None,
    at: Update = None,
    limit: Annotated[int, Query(ge=1, le=MOST_MEMBERS, description="Particles at most.")] = 100,
    after: Annotated[int, Query(ge=0, lt=1 << 31, description="So many are left out.")] = 0,
) -> _Asked:
    found = chosen_update(gallery.store, gallery.known, step=step, update=at, branch=branch)
    said = {
        "step": found.record.step,
        "at": found.classes.iteration,
        "branch": branch,
        "limit": limit,
        "after": after,
    }
    query = urlencode({name: value for name, value in said.items() if value is not None})
    return _Asked(found, MemberPage(limit=limit, after=after), query)


AskedMembers = Annotated[_Asked, Depends(_members_asked)]


@router.get("/sessions/{id}/classes/{class_number}/members")
def class_members(
    gallery: ThisGallery,
    asked: AskedMembers,
    class_number: ClassNumber,
) -> ShownMembers:
    """The particles of a class, the most likely first: where each was picked.

    Those whose images are still there (`there`) are shown on a sheet, in their order.
    """
    gallery.readable(asked.update.classes.assignments)
    found = members_of(gallery.store, gallery.known, asked.update, class_number, asked.page)
    base = f"{gallery.base}/classes/{class_number}/members.png"
    sprite = f"{base}?{asked.query}" if found.columns else None
    return ShownMembers(**_fields(found), sprite=sprite)


@router.get("/sessions/{id}/classes/{class_number}/members.png", response_class=Response)
def class_members_sheet(
    gallery: ThisGallery,
    asked: AskedMembers,
    class_number: ClassNumber,
    lowpass: Annotated[float, Query(ge=0, le=1000, description="Å; 0: none.")] = 0.0,
    known: IfNoneMatch = None,
) -> Response:
    """Images of the particles of a class whose stacks are there, on one sheet of 96 px each."""
    table, update = gallery.readable(asked.update.classes.assignments), asked.update
    page, types = asked.page, gallery.known
    of = (gallery.entry.id, update.record.id, "members", class_number)
    return answer_picture(
        gallery,
        known,
        (*of, page, lowpass, *file_mark(table)),
        ".png",
        lambda: members_sprite(gallery.store, types, update, class_number, page, lowpass),
    )
