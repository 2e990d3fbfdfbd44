"""Pictures of results, drawn at the size, contrast and low-pass that are asked for."""

from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from icestream.report.views.grey import Look
from icestream.report.views.images import draw_picture, open_large
from icestream.report.views.pictures import ShownPicture, picture_at, pictures_of_result
from icestream.report.views.tiles import Pyramid, cut_tile, level_bytes
from icestream.server.drawing import (
    Gallery,
    IfNoneMatch,
    ThisGallery,
    answer_picture,
    file_mark,
)
from icestream.server.result_links import (
    RESULT,
    PictureLink,
    Port,
    ResultNumber,
    picture_links,
)
from icestream.store.results import result

__all__ = ["ShownResult", "router"]

router = APIRouter(tags=["pictures"])

Index = Annotated[int, Path(ge=0, lt=1000, description="Of the picture, among those of its port.")]
Size = Annotated[int, Query(ge=16, le=2048, description="Most pixels along the longer side.")]
Contrast = Annotated[
    float | None,
    Query(
        ge=0.1,
        le=100,
        description="What lies so many standard deviations from the mean is black or white.",
    ),
]
Lowpass = Annotated[
    float | None, Query(ge=0, le=10_000, description="Å: finer detail is removed. 0: none is.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownResult:
    """One result, and its pictures."""

    id: int
    step: str
    revision: int
    subject: str
    about: str
    exposure: str
    batch: int
    finished: float
    seconds: float
    passed: bool
    host: str
    types: dict[str, str]
    pictures: tuple[PictureLink, ...]


@router.get(RESULT)
def show_result(gallery: ThisGallery, number: ResultNumber) -> ShownResult:
    """One result of a session, current or not, with the pictures that it has."""
    record = result(gallery.store, number)
    pictures = pictures_of_result(gallery.store, record, gallery.known)
    return ShownResult(
        id=record.id,
        step=record.step,
        revision=record.revision,
        subject=record.subject,
        about=record.about,
        exposure=record.exposure,
        batch=record.batch,
        finished=record.finished,
        seconds=record.seconds,
        passed=record.passed,
        host=record.host,
        types=dict(record.types),
        pictures=tuple(picture_links(gallery.entry, pictures, number)),
    )


@dataclass(frozen=True, slots=True)
class _Source:
    """A picture that was asked for, its file, and all that it is known by."""

    picture: ShownPicture
    path: FilePath
    key: tuple[object, ...]
    gallery: Gallery


def _asked(gallery: ThisGallery, number: ResultNumber, port: Port, index: Index) -> _Source:
    record = result(gallery.store, number)
    picture = picture_at(gallery.store, record, port, index, gallery.known)
    path = gallery.readable(picture.path)
    key = (gallery.entry.id, number, port, index, *file_mark(path))
    return _Source(picture, path, key, gallery)


AskedPicture = Annotated[_Source, Depends(_asked)]


@dataclass(frozen=True, slots=True)
class _AskedLook:
    """How it is to be shown, as far as that was said."""

    contrast: Contrast = None
    lowpass: Lowpass = None

    def look(self) -> Look | None:
        """None where nothing was said."""
        if self.contrast is None and self.lowpass is None:
            return None
        plain = Look()
        return Look(
            contrast=plain.contrast if self.contrast is None else self.contrast,
            lowpass=plain.lowpass if self.lowpass is None else self.lowpass,
        )


AskedLook = Annotated[_AskedLook, Depends()]


@router.get(f"{RESULT}/pictures/{{port}}/{{index}}.png", response_class=Response)
def picture(
    source: AskedPicture,
    look: AskedLook,
    size: Size = 1024,
    known: IfNoneMatch = None,
) -> Response:
    """A picture of a result as PNG; a drawing in SVG as it is.

    Without `contrast` and `lowpass` what is a picture already is not changed, and an image of the
    microscope is shown with three standard deviations. The address of one result's picture always
    answers the same, and browsers keep it.
    """
    wanted, one = look.look(), source.picture
    drawing = source.path.suffix.lower() == ".svg"
    return answer_picture(
        source.gallery,
        known,
        (*source.key, size, wanted),
        ".svg" if drawing else ".png",
        lambda: draw_picture(source.path, size, wanted, one.width),
    )


@router.get(f"{RESULT}/pictures/{{port}}/{{index}}.dzi", response_class=Response)
def tile_source(source: AskedPicture) -> Response:
    """How an image is cut into tiles, for viewers that know Deep Zoom (such as OpenSeadragon).

    What stands behind the question mark holds for the tiles, too.
    """
    shape = source.picture.shape or open_large(source.path).shape
    return Response(Pyramid(shape).document(), media_type="application/xml")


@router.get(
    f"{RESULT}/pictures/{{port}}/{{index}}_files/{{level}}/{{tile}}.png", response_class=Response
)
def tile_of_picture(
    source: AskedPicture,
    look: AskedLook,
    level: Annotated[int, Path(ge=0, le=40, description="0: one pixel; the last: all of them.")],
    tile: Annotated[str, Path(pattern=r"^\d{1,6}_\d{1,6}$", description="Column and row, from 0.")],
    known: IfNoneMatch = None,
) -> Response:
    """One tile of 512 pixels of an image; each level is drawn once, and cut when asked for."""
    column, row = (int(part) for part in tile.split("_"))
    wanted = look.look() or Look()
    key = (*source.key, "tiles", wanted, level)

    def draw() -> bytes:
        large = open_large(source.path, source.picture.width)
        return level_bytes(large, wanted, level)

    Pyramid(source.picture.shape or open_large(source.path).shape).check(level, column, row)
    greys = source.gallery.shelf.cache.get("/".join(map(str, key)), ".npy", draw)
    return answer_picture(
        source.gallery, known, (*key, tile), ".png", lambda: cut_tile(greys, column, row)
    )
