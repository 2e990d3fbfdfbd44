"""Where results and their pictures are, as routes and the documents that they give say it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Path

from icestream.report.views.pictures import ShownPicture
from icestream.server.catalogue import Entry

__all__ = ["RESULT", "PictureLink", "Port", "ResultNumber", "picture_links"]

RESULT = "/sessions/{id}/results/{result}"
"""Where one result is."""

ResultNumber = Annotated[int, Path(alias="result", ge=1, lt=1 << 63, description="Of the result.")]
Port = Annotated[str, Path(max_length=200, description="Output port of the step.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureLink:
    """A picture of a result, and where it is."""

    port: str
    index: int
    title: str
    description: str
    """What there is to see, for those who cannot see it."""
    role: str
    """What is drawn on it: ``micrograph``, ``spectrum``, ``classes`` (all averages on one sheet),
    ``image`` (an image at its full size)."""
    width: float
    """Å from its left edge to its right one; 0 where that is not known."""
    shape: tuple[int, int] | None
    """(y, x) pixels, where it is known without looking."""
    url: str
    tiles: str | None
    """The description of its tiles (Deep Zoom), of a large image."""


def picture_links(entry: Entry, pictures: Sequence[ShownPicture], number: int) -> list[PictureLink]:
    """Where the pictures of a result are."""
    result_at = f"/api/sessions/{entry.id}/results/{number}"
    base = f"{result_at}/pictures"
    return [
        PictureLink(
            port=one.port,
            index=one.index,
            title=one.title,
            description=one.description,
            role=one.role,
            width=one.width,
            shape=one.shape,
            url=f"{result_at}/classes/{one.port}.png"
            if one.role == "classes"
            else f"{base}/{one.port}/{one.index}.png",
            tiles=f"{base}/{one.port}/{one.index}.dzi" if one.role == "image" else None,
        )
        for one in pictures
    ]
