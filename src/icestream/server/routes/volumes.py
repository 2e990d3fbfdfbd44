"""Maps: sections, a small cube of bytes for the browser to draw, curves and all that is known."""

import json
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from icestream.model import Volume, type_name
from icestream.report.views.volumes import (
    Axis,
    Correlation,
    VolumePart,
    VolumeView,
    cube_of_map,
    part_of,
    section_png,
    volume_view,
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
from icestream.store import queries
from icestream.store.items import UnknownItem, items_of
from icestream.store.open import Store
from icestream.store.records import ResultRecord
from icestream.store.results import result

__all__ = ["ShownVolume", "VolumeUpdate", "router"]

router = APIRouter(tags=["volumes"])

_MOST_UPDATES = 1000

Part = Annotated[VolumePart, Query(description="The map, its other hand, or one of its halves.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeUpdate:
    """One snapshot of a map."""

    update: int
    """Number of the snapshot, from 1."""
    result: int
    finished: float
    particles: int
    """0 where there was no map."""
    resolution: float | None
    """Å; None where it cannot be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownVolume:
    """A map as of an update, and where its parts are."""

    step: str
    title: str
    result: int
    port: str
    finished: float
    updates: tuple[VolumeUpdate, ...]
    """All that there are, the oldest first."""
    volume: VolumeView
    sections: str | None
    """Of the map; add ``?axis=``, ``&at=`` and ``&part=``."""
    cube: str | None
    picture: str | None
    """Sections and projections in one picture."""


@router.get("/sessions/{id}/volumes", response_model=ShownVolume)
def volumes(
    gallery: ThisGallery,
    branch: AskedBranch,
    step: Annotated[str | None, Query(description="The last that makes a map by default.")] = None,
    at: Annotated[int | None, Query(ge=1, description="Number of the update; the newest.")] = None,
) -> Response:
    """The first 3D map of a session as of an update, with all that is known of it."""
    return gallery.answer(("volumes", branch, step, at), lambda: _shown(gallery, branch, step, at))


def _shown(gallery: Gallery, branch: str | None, step: str | None, at: int | None) -> ShownVolume:
    record, port, volume, updates = _chosen(gallery, branch, step, at)
    base = f"{gallery.base}/results/{record.id}"
    there = volume.map is not None
    return ShownVolume(
        step=record.step,
        title=gallery.shelf.step_titles(gallery.store, branch).get(record.step, record.step),
        result=record.id,
        port=port,
        finished=record.finished,
        updates=updates,
        volume=volume_view(volume),
        sections=f"{base}/sections/{port}.png" if there else None,
        cube=f"{base}/volume/{port}" if there else None,
        picture=f"{base}/pictures/{port}/0.png" if volume.picture is not None else None,
    )


def _chosen(
    gallery: Gallery, branch: str | None, step: str | None, at: int | None
) -> tuple[ResultRecord, str, Volume, tuple[VolumeUpdate, ...]]:
    records = _snapshots(gallery.store, branch, step)
    found = [(record, *_volume_in(gallery, record)) for record in records]
    if not found:
        raise Refused(404, "this session has no 3D map yet", "one is made of good 2D classes")
    updates = tuple(
        VolumeUpdate(
            update=volume.iteration,
            result=record.id,
            finished=record.finished,
            particles=volume.particles,
            resolution=volume.resolution if volume.resolution > 0 else None,
        )
        for record, _, volume in found
    )
    for record, port, volume in reversed(found):
        if at in (None, volume.iteration):
            return record, port, volume, updates
    there = ", ".join(str(update.update) for update in updates)
    raise Refused(404, f"there is no update {at} of the map", f"there are {there}")


def _snapshots(store: Store, branch: str | None, step: str | None) -> tuple[ResultRecord, ...]:
    """Results that hold maps: of a step, or of the last that has made some."""
    if step is not None:
        queries.step(store, step, branch=branch)  # says which there are
        names = [step]
    else:
        names = [one.name for one in reversed(queries.steps(store, branch=branch))]
    kind = type_name(Volume)
    for name in names:
        newest = queries.latest_results(store, name, limit=1, branch=branch)
        if newest and kind in newest[0].types.values():
            return queries.latest_results(store, name, limit=_MOST_UPDATES, branch=branch)
    return ()


def _volume_in(gallery: Gallery, record: ResultRecord) -> tuple[str, Volume]:
    """Port and map of a result."""
    items = items_of(gallery.store, record, gallery.known)
    for port, item in items.items():
        if isinstance(item, Volume):
            return port, item
    why = next((item.why for item in items.values() if isinstance(item, UnknownItem)), "")
    raise Refused(404, f"result {record.id} of {record.step} holds no map", why or None)


def _volume_at(gallery: Gallery, number: int, port: str) -> Volume:
    record = result(gallery.store, number)
    there, volume = _volume_in(gallery, record)
    if there != port:
        raise Refused(404, f"result {number} has no map at port {port}", f"it has one at {there}")
    return volume


@dataclass(frozen=True, slots=True)
class _AskedSection:
    """Which section of which part."""

    axis: Annotated[Axis, Query(description="Across which it lies.")] = "z"
    at: Annotated[int | None, Query(ge=0, description="From 0; the middle by default.")] = None
    part: Part = "map"


@router.get(f"{RESULT}/sections/{{port}}.png", response_class=Response)
def section(
    gallery: ThisGallery,
    number: ResultNumber,
    port: Port,
    asked: Annotated[_AskedSection, Depends()],
    known: IfNoneMatch = None,
) -> Response:
    """One section of a map, in the greys of the whole map, so that all sections fit together."""
    path = gallery.readable(part_of(_volume_at(gallery, number, port), asked.part))
    key = (gallery.entry.id, number, port, *file_mark(path), asked)
    return answer_picture(
        gallery, known, key, ".png", lambda: section_png(path, asked.axis, asked.at)
    )


@router.get(
    f"{RESULT}/volume/{{port}}",
    response_class=Response,
    responses={
        200: {
            "content": {"application/octet-stream": {}},
            "description": "Voxels (z, y, x), one byte each; the header X-Icestream-Volume is a "
            "JSON object with shape, low, high (densities of 0 and 255), voxel_size (Å), whole.",
        }
    },
)
def volume_cube(
    gallery: ThisGallery,
    number: ResultNumber,
    port: Port,
    part: Part = "map",
) -> Response:
    """A map of at most 128 voxels along a side as bytes; a larger one is averaged down."""
    volume = _volume_at(gallery, number, port)
    path = gallery.readable(part_of(volume, part))
    cube = cube_of_map(path, volume.pixel_size)
    headers = {
        "X-Icestream-Volume": json.dumps(cube.header()),
        "Cache-Control": "private, max-age=31536000, immutable",
    }
    return Response(cube.voxels, media_type="application/octet-stream", headers=headers)


@router.get(f"{RESULT}/fsc/{{port}}")
def correlation(
    gallery: ThisGallery,
    number: ResultNumber,
    port: Port,
) -> Correlation:
    """The Fourier shell correlation of the halves of a map."""
    view = volume_view(_volume_at(gallery, number, port))
    if view.fsc is None:
        raise Refused(404, f"result {number} has no correlation of halves", view.note or None)
    return view.fsc
