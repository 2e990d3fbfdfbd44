"""Which pictures a result has: those that its items mark, and the images themselves."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from icestream.model import Classes, Ctf, Micrograph
from icestream.report.views.images import is_plain
from icestream.store.items import Known, items_of, pictures_in
from icestream.store.open import Store
from icestream.store.records import ResultRecord

__all__ = ["ShownPicture", "picture_at", "pictures_of_result"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPicture:
    """A picture of a result, and what is known of it."""

    port: str
    index: int
    """From 0, among those of its port: it is asked for by this."""
    path: Path
    title: str
    description: str
    role: str = ""
    """What is drawn on it: ``micrograph``, ``spectrum``; of an image itself ``image``, of
    the averages of classes ``classes``."""
    width: float = 0.0
    """Å from its left edge to its right one; 0 where that is not known."""
    shape: tuple[int, int] | None = None
    """(y, x) pixels, of an image itself."""

    @property
    def is_image(self) -> bool:
        """Whether it holds numbers, and is given a contrast; else it is a picture already."""
        return not is_plain(self.path)


def pictures_of_result(
    store: Store, record: ResultRecord, known: Known
) -> tuple[ShownPicture, ...]:
    """The pictures of a result by port: what is marked first, then images at their full size."""
    items = items_of(store, record, known)
    found: list[ShownPicture] = []
    for port, item in items.items():
        marked = [
            ShownPicture(
                port=port,
                index=index,
                path=path,
                title=mark.title,
                description=mark.description or mark.title,
                role=_role(item, path),
                width=_width(item, path),
            )
            for index, (_, path, mark) in enumerate(pictures_in(store, record, {port: item}))
        ]
        found += marked
        if isinstance(item, Classes):
            found.append(
                ShownPicture(
                    port=port,
                    index=len(marked),
                    path=item.averages,
                    title="Classes",
                    description="Averages of all classes, the most populated first",
                    role="classes",
                )
            )
        for index, (path, title) in enumerate(_images(item), start=len(marked)):
            found.append(
                ShownPicture(
                    port=port,
                    index=index,
                    path=path,
                    title=title,
                    description=title,
                    role="image",
                    width=item.shape[1] * item.optics.pixel_size,
                    shape=item.shape,
                )
            )
    return tuple(found)


def picture_at(
    store: Store, record: ResultRecord, port: str, index: int, known: Known
) -> ShownPicture:
    """One picture of a result. LookupError says which there are."""
    pictures = pictures_of_result(store, record, known)
    for picture in pictures:
        if (picture.port, picture.index) == (port, index):
            return picture
    there = ", ".join(f"{each.port}/{each.index} ({each.title})" for each in pictures) or "none"
    raise LookupError(f"no picture {port}/{index} in result {record.id} of {record.step}: {there}")


def _images(item: Any) -> Iterator[tuple[Path, str]]:
    """Images of the microscope that an item holds, each with its title."""
    if isinstance(item, Micrograph):
        yield item.path, "Micrograph at its full size"
        if item.unweighted is not None:
            yield item.unweighted, "Without dose weighting, at its full size"


def _role(item: Any, path: Path) -> str:
    if isinstance(item, Micrograph) and path == item.thumbnail:
        return "micrograph"
    return "spectrum" if isinstance(item, Ctf) and path == item.spectrum else ""


def _width(item: Any, path: Path) -> float:
    """Å across the whole field of a micrograph, which its thumbnail shows, too."""
    if isinstance(item, Micrograph) and path == item.thumbnail:
        return item.shape[1] * item.optics.pixel_size
    return 0.0
